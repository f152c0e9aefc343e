import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Positions, transactions and restore points as targets: every row counts.
    @Suite(.serialized)
    struct PlaceTargetTests {
        /// What happened, one row after the other.
        private struct Story {
            let source: ManagedServer
            /// Between the second and the third row.
            var moment = ""
            /// Where the WAL stood between the rows, and which transaction wrote the row behind it.
            var positions: [String] = []
            var transactions: [String] = []
        }

        /// Rows 1 to 4, each in a transaction of its own, with a restore point behind each.
        private static func tell(_ product: ProductUnderTest) throws -> Story {
            var story = Story(source: try product.create("orders"))
            let connection = try story.source.connect()
            try connection.execute("CREATE TABLE t (x int)")
            for row in 1...4 {
                if row == 3 { story.moment = try connection.moment() }
                story.positions.append(
                    try #require(try connection.value("SELECT pg_current_wal_insert_lsn()")))
                try connection.execute("BEGIN")
                story.transactions.append(try #require(try connection.value("SELECT pg_current_xact_id()")))
                try connection.execute("INSERT INTO t VALUES (\(row)); COMMIT")
                try product.json("restore-point", "create", "-s", "orders", "-n", "row \(row)")
            }
            return story
        }

        private static func rows(_ copy: RestoredServer) throws -> String? {
            try copy.server.superuser().value(
                "SELECT coalesce(string_agg(x::text, ',' ORDER BY x), '') FROM t")
        }

        @Test func `every kind of target gives exactly its rows`() throws {
            try ProductUnderTest.use("places") { product in
                let story = try Self.tell(product)
                let third = try #require(story.transactions.dropFirst(2).first)
                let place = try #require(story.positions.dropFirst(2).first)
                let cases: [(options: [String], rows: String, setting: String)] = [
                    (["--restore-time", story.moment], "1,2", "recovery_target_"),
                    (["--restore-point", "row 2"], "1,2", "recovery_target_name = 'row 2'"),
                    (["--xid", third], "1,2,3", "recovery_target_xid = '\(third)'"),
                    (
                        ["--xid", third, "--exclusive"], "1,2",
                        "recovery_target_xid = '\(third)', recovery_target_incl"
                    ),
                    // The first record there is the row itself, whose commit comes later.
                    (["--lsn", place], "1,2", "recovery_target_lsn = '\(place)'"),
                    (
                        ["--lsn", place, "--exclusive"], "1,2",
                        "recovery_target_lsn = '\(place)', recovery_target_incl"
                    ),
                    (["--lsn", place, "--target-mode", "lsn"], "1,2", "recovery_target_lsn = '\(place)'"),
                ]
                for (number, known) in cases.enumerated() {
                    let options = ["-n", "copy\(number)", "--source-server", "orders"] + known.options
                    let plan = try product.run(["plan"] + options).value()
                    let copy = try product.restore("copy\(number)", from: "orders", known.options)
                    #expect(try Self.rows(copy) == known.rows, "\(known.options)")
                    let handed = copy.evidence["handedToPostgres"]?.string ?? ""
                    #expect(handed.hasPrefix(known.setting), "\(handed)")
                    #expect(plan["expectedEndLsn"]?.string == copy.evidence["wal"]?["endLsn"]?.string)
                    #expect(plan["lastInside"]?["xid"] == copy.evidence["lastCommitInside"]?["xid"])
                    #expect(plan["firstOutside"]?["xid"] == copy.evidence["firstExcluded"]?["xid"])
                    try product.delete("copy\(number)")
                }
                let backups = try product.json("backup", "list", "-s", "orders").array ?? []
                let first = try #require(backups.first?["name"]?.string)
                let alone = try product.restore("alone", from: "orders", ["--backup", first])
                #expect(try alone.server.superuser().value("SELECT to_regclass('t')::text") == nil)
            }
        }

        @Test func `the commit's own position has the row, and the one in front of it has not`() throws {
            try ProductUnderTest.use("commits") { product in
                let story = try Self.tell(product)
                let third = try #require(story.transactions.dropFirst(2).first)
                let plan = try product.json("plan", "-s", "orders", "--xid", third)
                let commit = try #require(plan["lastInside"]?["lsn"]?.string)
                let with = try product.restore("with", from: "orders", ["--lsn", commit])
                #expect(try Self.rows(with) == "1,2,3")
                let without = try product.restore(
                    "without", from: "orders", ["--lsn", commit, "--exclusive"])
                #expect(try Self.rows(without) == "1,2")
                #expect(without.evidence["firstExcluded"]?["lsn"]?.string == commit)
                #expect(without.evidence["requestedTarget"]?.string == "just before position \(commit)")
            }
        }

        @Test func `what a transaction left out did at once is left out with it`() throws {
            try ProductUnderTest.use("leak") { product in
                let source = try product.create("orders")
                let connection = try source.connect()
                try connection.execute("CREATE SEQUENCE s; SELECT setval('s', 100)")
                try connection.execute("BEGIN; SELECT setval('s', 5000)")
                let xid = try #require(try connection.value("SELECT pg_current_xact_id()"))
                try connection.execute("COMMIT")
                let copy = try product.restore("copy", from: "orders", ["--xid", xid, "--exclusive"])
                #expect(copy.evidence["handedToPostgres"]?.string?.hasPrefix("recovery_target_lsn") == true)
                #expect(try copy.server.superuser().value("SELECT last_value FROM s") == "100")
                let after = try product.restore("after", from: "orders", ["--xid", xid])
                #expect(try after.server.superuser().value("SELECT last_value FROM s") == "5000")
            }
        }

        @Test func `a savepoint's number is refused with the transaction that it is a part of`() throws {
            try ProductUnderTest.use("savepoint") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x int)")
                func transaction(_ rows: Range<Int>, _ end: String) throws -> (whole: String, part: String) {
                    try connection.execute("BEGIN; INSERT INTO t VALUES (\(rows.lowerBound)); SAVEPOINT a")
                    try connection.execute("INSERT INTO t VALUES (\(rows.lowerBound + 1))")
                    let number = "SELECT xmin FROM t WHERE x = $1::int"
                    let xids = try rows.map { row in
                        try #require(try connection.query(number, ["\(row)"]).scalar)
                    }
                    try connection.execute(end)
                    return (xids[0], xids[1])
                }
                let first = try transaction(1..<3, "COMMIT")
                let second = try transaction(3..<5, "RELEASE SAVEPOINT a; ROLLBACK")
                let third = try transaction(5..<7, "ROLLBACK TO a; COMMIT")
                try connection.execute("INSERT INTO t VALUES (9)")
                func expect(_ known: (whole: String, part: String), _ kind: String) throws {
                    let plan = try product.json("plan", "-s", "orders", "--xid", known.whole)
                    let end = try #require(plan["lastInside"])
                    #expect(end["kind"]?.string == kind)
                    let lsn = try #require(end["lsn"]?.string)
                    let time = try #require(end["timeUtc"]?.string)
                    let answer = try product.run(["plan", "-s", "orders", "--xid", known.part])
                    #expect(answer.exitStatus == 1)
                    for words in [
                        "transaction \(known.part) is a part of transaction \(known.whole)",
                        "\(kind) of \(known.whole) at \(time) (\(lsn))", "--xid \(known.whole).",
                        "Nearest before it: pitr plan -s orders --xid \(known.whole) --exclusive",
                    ] { #expect(answer.errors.contains(words), "\(words): \(answer)") }
                }
                // From the WAL that is not archived, and then from the index.
                try expect(first, "commit")
                try expect(second, "abort")
                let fork = ForkedSource(product: product, server: source)
                let name = try fork.archive()
                try connection.execute("INSERT INTO t SELECT generate_series(1, 1000)")
                let between = try fork.archive()
                try connection.execute("INSERT INTO t VALUES (10)")
                try expect(first, "commit")
                try expect(second, "abort")
                // A part that was rolled back alone has an end of its own.
                let plan = try product.json("plan", "-s", "orders", "--xid", third.part)
                #expect(plan["lastInside"]?["xid"]?.integer.map { "\($0)" } == third.part)
                try Self.expectIndexTells(product, source, first.whole, segment: name, between: between)
            }
        }

        /// WAL that need not be opened may be damaged, and nobody sees it.
        private static func expectIndexTells(
            _ product: ProductUnderTest, _ source: ManagedServer, _ xid: String, segment: String,
            between: String
        ) throws {
            let fork = ForkedSource(product: product, server: source)
            try source.superuser().execute("INSERT INTO t SELECT generate_series(1, 1000)")
            try fork.archive()
            let path = fork.archived(between)
            let intact = try DurableFiles.read(path)
            let file = try OpenFile(updating: path)
            try file.write([intact[intact.count / 2] ^ 0x10], at: UInt64(intact.count / 2))
            let plan = try product.json("plan", "-s", "orders", "--xid", xid)
            #expect(plan["wal"]?["lastSegment"]?.string == segment)
            // Without its index it has to be read.
            try DurableFiles.removeFile(String(path.dropLast(4)) + ".index")
            try product.refuses(
                ["plan", "-s", "orders", "--xid", xid], saying: "\(between) is damaged")
        }

        @Test func `places that are not there are refused with what is known`() throws {
            try ProductUnderTest.use("unknown") { product in
                let source = try product.create("orders")
                try source.connect().execute("CREATE TABLE t (x int)")
                func asked(_ options: String...) -> [String] {
                    ["restore", "-n", "copy", "--source-server", "orders"] + options
                }
                try product.refuses(
                    asked("--restore-point", "none"), status: 3, saying: "'none'", "there are none")
                for name in ["once", "twice", "twice"] {
                    try product.json("restore-point", "create", "-s", "orders", "-n", name)
                }
                try product.refuses(
                    asked("--restore-point", "Once"), status: 3, saying: "'once' at ", "'twice' at ")
                try product.refuses(
                    asked("--restore-point", "twice"), saying: "2 restore points", "--lsn 0/", "or --lsn 0/")
                try product.refuses(asked("--xid", "4000000000"), status: 3, saying: "transaction 4000000000")
                try product.refuses(
                    asked("--lsn", "F/0"), saying: "no record starts at or after position F/0")
                try product.refuses(asked("--lsn", "0/28"), saying: "before all available WAL")
                try product.refuses(
                    asked("--xid", "800", "--lsn", "0/28"), status: 2, saying: "--lsn or --xid")
                try product.refuses(
                    asked("--restore-time", "now", "--restore-point", "x"), status: 2, saying: "either")
                try product.refuses(asked("--xid", "2"), status: 2, saying: "invalid for '--xid")
                try product.refuses(asked("--exclusive"), status: 2, saying: "--exclusive goes with")
            }
        }
    }
}
