import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension Connection {
    /// The server's clock, as a restore time.
    func now() throws -> String {
        try #require(
            try query(
                "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
            ).scalar)
    }

    /// A moment that lies after everything committed so far and before everything committed later.
    func moment() throws -> String {
        try execute("SELECT pg_sleep(0.01)")
        let time = try now()
        try execute("SELECT pg_sleep(0.01)")
        return time
    }

    func value(_ sql: String) throws -> String? { try query(sql).scalar }
}

extension ProductUnderTest {
    /// Requires that the command is refused with that exit status and those words, and that it leaves
    /// nothing.
    func refuses(
        _ arguments: [String], status: Int32 = 1, saying words: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let names = try serverNames()
        let folders = try serverFolders()
        let answer = try run(arguments)
        #expect(answer.exitStatus == status, "\(answer)", sourceLocation: sourceLocation)
        for word in words {
            #expect(
                answer.errors.contains(word), "\(word) is missing: \(answer)", sourceLocation: sourceLocation)
        }
        #expect(try serverNames() == names, "the list of servers changed", sourceLocation: sourceLocation)
        #expect(try serverFolders() == folders, "a folder was left behind", sourceLocation: sourceLocation)
        let leftovers = try DurableFiles.listIfPresent(home + "/operations").filter { $0.hasPrefix("tail") }
        #expect(leftovers == [], "\(answer)", sourceLocation: sourceLocation)
    }
}
