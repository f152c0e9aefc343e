import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What a plan says about room, against what a copy takes.
    @Suite(.serialized)
    struct RestoreRoomTests {
        @Test(.timeLimit(.minutes(2)))
        func `a copy takes no more than its plan says, and not much less`() throws {
            try ProductUnderTest.use("room") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                // Pages that WAL holds without their empty middle, files that it does not hold at all, files
                // that go again, pages of which only their image says that they are new.
                try connection.execute("CREATE DATABASE copied STRATEGY file_copy")
                try connection.execute(
                    """
                    DO $$ BEGIN FOR i IN 1..300 LOOP
                        EXECUTE format('CREATE TABLE s%s (x int PRIMARY KEY, y text)', i);
                        EXECUTE format('INSERT INTO s%s VALUES (1)', i);
                    END LOOP; END $$
                    """)
                for _ in 0..<4 {
                    try connection.execute(
                        "CREATE TABLE gone AS SELECT repeat('x', 400) FROM generate_series(1, 20000)")
                    try connection.execute("DROP TABLE gone; SELECT pg_switch_wal()")
                }
                try connection.execute(
                    "CREATE TABLE t AS SELECT g AS x, repeat('x', 400) AS y FROM generate_series(1, 20000) g")
                try connection.execute("CREATE INDEX ON t (x)")

                let plan = try product.json("plan", "--source-server", "orders")
                let needed = try #require(plan["estimate"]?["neededBytes"]?.integer)
                let segments = try #require(plan["wal"]?["segmentCount"]?.integer)
                let copy = try product.restore("copy", from: "orders").server
                let data = try Self.bytes(copy.dataDirectory, "--exclude=pg_wal")
                // All that is staged lies there at once, with the segment that the copy goes on in.
                let used = data + (segments + 1) * 16 << 20
                #expect(used <= needed, "\(used) of \(needed): \(plan)")
                #expect(needed < used + used / 2, "\(used) of \(needed): \(plan)")
            }
        }

        /// On the disk.
        private static func bytes(_ path: String, _ options: String...) throws -> Int64 {
            // The copy runs: of a file that goes meanwhile, such as a session's for its cache, du complains.
            let answer = try RunAs().run(Command("du", ["-s", "--block-size=1"] + options + [path]))
            let number = answer.standardOutput.split(separator: "\t").first.map(String.init)
            return try #require(number.flatMap(Int64.init))
        }
    }
}
