import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// A database whose DROP DATABASE began and did not get to its end.
    @Suite(.serialized)
    struct InvalidDatabaseTests {
        @Test func `a database whose DROP was interrupted is named, with the way to before it`() throws {
            try ProductUnderTest.use("interrupted") { product in
                let source = try product.create("orders")
                try product.json("db", "create", "-s", "orders", "-n", "shop")
                try source.connect(database: "shop").execute(
                    "CREATE TABLE t AS SELECT generate_series(1, 10) AS i")
                let connection = try source.superuser()
                let early = try connection.moment()
                try Self.interruptDrop(of: "shop", on: source)
                try connection.execute("CREATE TABLE later ()")

                let first = try Self.plan(product, ["--restore-time", early])
                #expect(first.invalid == [] && first.words == nil)
                let latest = try Self.plan(product, [])
                #expect(latest.invalid == ["shop"])
                #expect(latest.words?.hasPrefix("database \"shop\" is invalid at the target: ") == true)
                #expect(latest.words?.contains("in the copy is DROP DATABASE \"shop\"; ") == true)
                let options = try latest.wayBefore
                #expect(options.first == "--lsn" && options.last == "--exclusive")
                #expect(try Self.plan(product, options).invalid == [])

                let copy = try product.restore("copy", from: "orders")
                #expect(copy.evidence["invalidDatabases"]?.array?.compactMap(\.string) == ["shop"])
                #expect(throws: Problem.self) { try copy.server.superuser(database: "shop") }
                try copy.server.superuser().execute("DROP DATABASE shop")
                let before = try product.restore("before", from: "orders", options)
                #expect(before.evidence["invalidDatabases"]?.array?.count == 0)
                #expect(
                    try before.server.superuser(database: "shop").value("SELECT count(*) FROM t") == "10")

                // The mark is older than the backup now, and still found.
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                let again = try Self.plan(product, [])
                #expect(again.backup == "second" && again.invalid == ["shop"])
                #expect(try again.wayBefore == options)

                try connection.execute("DROP DATABASE shop")
                #expect(try Self.plan(product, []).invalid == [])
                // In front of that one's commit the database is still there, without its files.
                let events = try product.json("timeline", "-s", "orders", "--events")["events"]?.array
                let drop = try #require(
                    events?.first { $0["event"] == "DROP DATABASE shop" }?["lsn"]?.string, "\(events ?? [])"
                )
                let between = try Self.plan(product, ["--lsn", drop])
                #expect(between.invalid == ["shop"])
                #expect(try between.wayBefore == options)
            }
        }

        @Test func `a mark that no DROP made leads nowhere`() throws {
            try ProductUnderTest.use("marked") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute("CREATE DATABASE \"Odd one\"")
                try connection.execute(
                    "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'Odd one'")
                for backup in ["second", "third"] {
                    let plan = try Self.plan(product, [])
                    #expect(plan.invalid == ["Odd one"])
                    let end = "; the available WAL does not tell when that DROP began"
                    #expect(plan.words?.hasSuffix(end) == true, "\(plan.words ?? "")")
                    try product.json("backup", "create", "-s", "orders", "-n", backup)
                }
            }
        }

        // MARK: Tools

        /// Has a DROP DATABASE wait, after it has marked the database, for something that it does not get.
        private static func interruptDrop(of database: String, on source: ManagedServer) throws {
            let obstacle = try source.superuser()
            try obstacle.execute("BEGIN; LOCK pg_tablespace")
            let dropping = try source.superuser()
            try dropping.execute("SET lock_timeout = '200ms'")
            #expect(throws: Problem.self) { try dropping.execute("DROP DATABASE \(database)") }
            try obstacle.execute("ROLLBACK")
            #expect(
                try obstacle.value("SELECT datconnlimit FROM pg_database WHERE datname = '\(database)'")
                    == "-2")
        }

        private struct Plan {
            let invalid: [String]?
            let words: String?
            let backup: String?

            /// The options of the command that leads to the state before the DROP.
            var wayBefore: [String] {
                get throws {
                    let command = try #require(words?.split(separator: "'").last.map(String.init))
                    let start = "pitr plan -s orders "
                    #expect(command.hasPrefix(start), "\(words ?? "")")
                    return command.dropFirst(start.count).split(separator: " ").map(String.init)
                }
            }
        }

        private static func plan(_ product: ProductUnderTest, _ target: [String]) throws -> Plan {
            let plan = try product.run(["plan", "-s", "orders"] + target).value()
            let found = plan["hazards"]?.array?.filter { $0["code"] == "invalid-database" } ?? []
            #expect(found.count <= 1)
            return Plan(
                invalid: plan["invalidDatabases"]?.array?.compactMap(\.string),
                words: found.first?["message"]?.string, backup: plan["baseBackup"]?["name"]?.string)
        }
    }
}
