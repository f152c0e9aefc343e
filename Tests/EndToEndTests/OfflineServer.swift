import Notation
import Platform
import PostgresClient
import TestKit
import Testing

/// What is done to a source behind the product's back.
struct OfflineServer {
    let product: ProductUnderTest
    let server: ManagedServer

    /// Stops the server, does something, and starts it again.
    func whileStopped(_ body: () throws -> Void) throws {
        try product.json("stop", "-n", server.name)
        try body()
        try product.json("start", "-n", server.name)
    }

    /// Has the server run for a while with other settings, as `postgres` takes them.
    func whileRunning(_ settings: String, _ body: () throws -> Void) throws {
        try whileStopped {
            try tool(
                "pg_ctl",
                [
                    "-D", server.folder + "/conf", "-o", settings, "-w", "-l",
                    server.logDirectory + "/aside.log", "start",
                ])
            defer { ProductUnderTest.endPostmaster(server.dataDirectory) }
            try body()
            try tool("pg_ctl", ["-D", server.dataDirectory, "-w", "-m", "fast", "stop"])
        }
    }

    /// Ends the server at once, as a crash does.
    func crash() throws {
        ProductUnderTest.endPostmaster(server.dataDirectory)
    }

    /// Runs one of PostgreSQL's programs as the server's account, and answers what it printed.
    @discardableResult
    func tool(_ name: String, _ arguments: [String], mayFail: Bool = false) throws -> String {
        let command = Command(
            PostgresFixture.binDirectory + "/" + name, arguments,
            environment: ["TZ": "UTC", "PATH": "/usr/bin:/bin"], workingDirectory: "/", timeoutSeconds: 120)
        return mayFail
            ? try RunAs().run(command).standardOutput : try RunAs().runChecked(command).standardOutput
    }

    /// Writes a file as the server's account would have it.
    func write(_ bytes: [UInt8], to path: String) throws {
        try DurableFiles.write(bytes, to: path)
        try RunAs.handOver(path)
    }

    /// A statement that writes messages until about that many bytes of the segment are left. A message leaves
    /// room for the headers of the pages that it fills, or it would end in the next segment.
    static func padSegment(leaving room: Int) -> String {
        """
        DO $$
        DECLARE size bigint := pg_size_bytes(current_setting('wal_segment_size'));
          free bigint;
        BEGIN
          LOOP
            free := size - mod(pg_current_wal_insert_lsn() - '0/0', size) - \(room);
            EXIT WHEN free < 200;
            PERFORM pg_logical_emit_message(false, 'pad', repeat('x',
              least(free - 150 - (free / 8192 + 1) * 24, 500000)::int));
          END LOOP;
        END $$
        """
    }
}
