import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// How restore times are read, and which ones are refused.
    @Suite(.serialized)
    struct TargetTests {
        @Test func `times outside the window are refused with both bounds`() throws {
            try ProductUnderTest.use("bounds") { product in
                _ = try product.create("orders")
                let completed = try #require(try product.earliest("orders"))
                func asked(_ time: PostgresTimestamp) -> [String] {
                    [
                        "restore", "-n", "copy", "--source-server", "orders", "--restore-time",
                        time.description,
                    ]
                }
                try product.refuses(
                    asked(completed.advanced(byMicroseconds: -1)),
                    saying: "between the start and the end of base backup", "restorable from \(completed) to "
                )
                try product.refuses(
                    asked(completed.advanced(bySeconds: -3600)),
                    saying: "before the earliest restore point", "restorable from \(completed) to ")
                // The bound itself is promised, so it must work.
                let copy = try product.restore(
                    "copy", from: "orders", ["--restore-time", completed.description])
                #expect(try copy.server.superuser().value("SELECT pg_is_in_recovery()") == "f")
            }
        }

        @Test func `a time in the future is now, a time without a zone is UTC, and both are said`() throws {
            try ProductUnderTest.use("times") { product in
                let connection = try product.create("orders").connect()
                try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let before = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (2)")
                let future = try product.restore(
                    "future", from: "orders", ["--restore-time", "2999-01-01T00:00:00Z"])
                #expect(future.remarks.contains("is in the future: taken as now"))
                #expect(try future.server.superuser().value("SELECT count(*) FROM t") == "2")
                let bare = String(before.dropLast())
                let zoneless = try product.restore("zoneless", from: "orders", ["--restore-time", bare])
                #expect(zoneless.remarks.contains("names no time zone: taken as UTC"))
                #expect(zoneless.evidence["effectiveTimeUtc"]?.string == before)
                #expect(zoneless.evidence["requestedTime"]?.string == bare)
                #expect(try zoneless.server.superuser().value("SELECT count(*) FROM t") == "1")
                let offset = try product.run(
                    ["plan", "--source-server", "orders", "--restore-time", Self.inIndia(before)]
                ).value()
                #expect(offset["target"]?["timeUtc"]?.string == before)
            }
        }

        /// With the writer of WAL asleep for seconds, so that nothing else brings it to the disk.
        @Test(.timeLimit(.minutes(5)))
        func `the latest moment has a commit that nobody waited for`() throws {
            try ProductUnderTest.use("lazy") { product in
                let server = try product.create("orders")
                let owner = try server.superuser()
                try owner.execute("CREATE TABLE t (x int)")
                try owner.execute("ALTER SYSTEM SET wal_writer_delay = '2s'")
                try owner.execute("ALTER SYSTEM SET wal_writer_flush_after = '2GB'")
                #expect(try owner.value("SELECT pg_reload_conf()") == "t")
                let lazy = try server.superuser()
                try lazy.execute("SET synchronous_commit = off")
                for number in 1...3 {
                    try lazy.execute("INSERT INTO t VALUES (\(number))")
                    let written = try lazy.query(ServerQueries.endOfRecords).scalar.flatMap { LSN($0) }
                    let plan = try product.json("plan", "--source-server", "orders")
                    let end = try #require(plan["expectedEndLsn"]?.string.flatMap { LSN($0) }, "\(plan)")
                    #expect(end >= written ?? .max, "\(plan)")
                    try lazy.execute("INSERT INTO t VALUES (-\(number))")
                    let copy = try product.restore("copy\(number)", from: "orders")
                    #expect(try copy.server.superuser().value("SELECT count(*) FROM t") == "\(2 * number)")
                }
            }
        }

        /// The same instant with the offset of India.
        private static func inIndia(_ text: String) throws -> String {
            guard case .success(let parsed) = TimestampParser.parse(text) else {
                throw Problem(.system, text)
            }
            return parsed.instant.advanced(bySeconds: 19_800).description.replacing("Z", with: "+05:30")
        }

        @Test func `a malformed time is wrong use, and nothing is touched`() throws {
            try ProductUnderTest.use("malformed") { product in
                _ = try product.create("orders")
                for text in [
                    "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "12:60", "", "1234567890",
                    "2026-11-21T10:00:00.1234567Z", "2026-11-21T25:00:00Z", "2026-11-21T10:00:00+25:00",
                ] {
                    try product.refuses(
                        ["restore", "-n", "copy", "--source-server", "orders", "--restore-time", text],
                        status: 2, saying: "incorrect date format")
                }
            }
        }
    }
}
