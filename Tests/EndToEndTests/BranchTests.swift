import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Sources whose WAL branches, and copies of copies.
    @Suite(.serialized)
    struct BranchTests {
        private static func rows(_ copy: RestoredServer) throws -> String? {
            try copy.server.superuser().value("SELECT string_agg(x::text, ',' ORDER BY x) FROM t")
        }

        @Test func `a moment is reached whose segment is archived only under a later timeline`() throws {
            try ProductUnderTest.use("laterline") { product in
                let source = try product.create("orders")
                let fork = ForkedSource(product: product, server: source)
                var connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let one = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (2)")
                let two = try connection.moment()
                let older = try #require(
                    try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))
                connection.close()
                try fork.promote()
                connection = try source.superuser()
                try connection.execute("INSERT INTO t VALUES (3)")
                let three = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (4)")
                let newer = try fork.archive()
                #expect(newer.hasPrefix("00000002"))
                #expect(DurableFiles.status(fork.archived("00000002" + older.dropFirst(8))) != nil)
                _ = try DurableFiles.removeFile(fork.archived(older + ".partial"))
                #expect(DurableFiles.status(fork.archived(older)) == nil)

                let plan = try product.json(
                    "plan", "--source-server", "orders", "--restore-time", one, "--target-mode", "lsn")
                #expect(plan["timeline"]?["followed"] == 2 && plan["timeline"]?["reason"] == "current")
                #expect(plan["wal"]?["timeline"] == 1)
                let first = try product.restore(
                    "first", from: "orders", ["--restore-time", one, "--target-mode", "lsn"])
                #expect(try Self.rows(first) == "1")
                #expect(first.evidence["timelineBefore"] == 1 && first.evidence["timelineAfter"] == 3)
                let second = try product.restore("second", from: "orders", ["--restore-time", two])
                #expect(try Self.rows(second) == "1,2")
                let third = try product.restore("third", from: "orders", ["--restore-time", three])
                #expect(try Self.rows(third) == "1,2,3")
                #expect(third.evidence["timelineBefore"] == 2)
                let latest = try product.restore("latest", from: "orders")
                #expect(try Self.rows(latest) == "1,2,3,4")
            }
        }

        @Test func `of two futures the source's own is followed, or the one that is asked for`() throws {
            try ProductUnderTest.use("futures") { product in
                let source = try product.create("orders")
                let fork = ForkedSource(product: product, server: source)
                try source.superuser().execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let past = try source.superuser().moment()
                try fork.branch()
                try source.superuser().execute("INSERT INTO t VALUES (20)")
                let newest = try fork.archive()
                try fork.exchange()
                try source.superuser().execute("INSERT INTO t VALUES (10)")
                try product.json("backup", "create", "-s", "orders", "-n", "late")
                try source.superuser().execute("INSERT INTO t VALUES (11)")
                try fork.archive()
                try fork.exchange()

                let plan = try product.json("plan", "--source-server", "orders")
                #expect(plan["timeline"]?["followed"] == 2)
                let late = plan["rejectedBackups"]?.array?.first { $0["name"] == "late" }
                #expect(late?["reason"]?.string?.contains("timeline 2 left timeline 1 at") == true)
                let own = try product.restore("own", from: "orders")
                #expect(try Self.rows(own) == "1,20")
                let other = try product.restore("other", from: "orders", ["--timeline", "1"])
                #expect(try Self.rows(other) == "1,10,11")
                #expect(other.evidence["timelineBefore"] == 1 && other.evidence["timelineAfter"] == 3)
                #expect(other.evidence["baseBackup"] == "late")
                let backup = try product.restore("backup", from: "orders", ["--backup", "late"])
                #expect(try Self.rows(backup) == "1,10")
                try Self.expectShown(product, onNewest: newest)
                let asked = ["restore", "-n", "copy", "--source-server", "orders"]
                try product.refuses(
                    asked + ["--backup", "late", "--timeline", "2"],
                    saying: "along timeline 2", "before this backup ended")
                try product.refuses(
                    asked + ["--timeline", "9"], status: 3, saying: "there is no timeline 9", "known: 1, 2")
                try Self.expectHistoryFirst(product, fork, past: past)
            }
        }

        @Test func `what happened is told along the timeline that is followed, whatever was left`() throws {
            try ProductUnderTest.use("leftline") { product in
                let source = try product.create("orders")
                let fork = ForkedSource(product: product, server: source)
                try source.superuser().execute("CREATE TABLE shared (x int)")
                try fork.branch()
                try source.superuser().execute("CREATE TABLE followed (x int)")
                try fork.archive()
                try fork.exchange()
                // The newest backup is one of the timeline that is left, as is the newest history.
                try source.superuser().execute("CREATE TABLE abandoned (x int)")
                try product.json("backup", "create", "-s", "orders", "-n", "late")
                try fork.archive()
                try fork.exchange()
                try fork.push(history: WALText.history(source, of: 2), of: 9)
                let events = try product.json("timeline", "-s", "orders")["events"]?.array ?? []
                let made = events.compactMap { $0["event"]?.string }.filter { $0.hasPrefix("CREATE TABLE") }
                #expect(made == ["CREATE TABLE postgres.shared", "CREATE TABLE postgres.followed"])
                let plan = try product.json(
                    "plan", "-s", "orders", "--before", "create table followed")
                #expect(plan["timeline"]?["followed"] == 2)
                try product.refuses(
                    ["plan", "-s", "orders", "--before", "create table abandoned"], status: 3,
                    saying: "nothing that fits")
            }
        }

        /// Positions that two timelines have are read on the newest one, unless another is asked for.
        private static func expectShown(_ product: ProductUnderTest, onNewest name: String) throws {
            let segment = try #require(SegmentName(fileName: name, size: .standard))
            func shown(_ options: String...) throws -> [JSONValue] {
                try product.run(["wal", "show", "-s", "orders"] + options).value().array ?? []
            }
            let other = "00000001" + name.dropFirst(8)
            let range = "\(segment.start)..\(segment.end)"
            let (second, first) = (try shown(name), try shown(other))
            #expect(!second.isEmpty && !first.isEmpty && second != first)
            #expect(try shown(range) == second)
            #expect(try shown(range, "--timeline", "1") == first)
        }

        /// The history of a timeline arrives before any of its WAL, or the WAL is lost.
        private static func expectHistoryFirst(
            _ product: ProductUnderTest, _ fork: ForkedSource, past: String
        ) throws {
            let position = try #require(
                try fork.server.superuser().value("SELECT pg_current_wal_flush_lsn()::text"))
            let history = try WALText.history(fork.server, of: 2)
            try fork.push(history: history + "2\t\(position)\tno recovery target specified\n", of: 7)
            try fork.push(history: history + "2\t\(position)\tno recovery target specified\n", of: 7)
            let plan = try product.json("plan", "--source-server", "orders")
            #expect(plan["timeline"]?["followed"] == 2)
            try product.refuses(
                ["restore", "-n", "copy", "--source-server", "orders", "--timeline", "7"],
                saying: "the WAL of timeline 7 is missing", "it began at \(position)")
            let copy = try product.restore(
                "seven", from: "orders", ["--timeline", "7", "--restore-time", past])
            #expect(try rows(copy) == "1")
            #expect(copy.evidence["timelineAfter"] == 3)
        }

        @Test func `a copy of a copy of a copy knows its ancestry`() throws {
            try ProductUnderTest.use("ancestry") { product in
                var source = try product.create("orders")
                try source.superuser().execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                var earlier = ""
                for (number, name) in [(2, "first"), (3, "second"), (4, "third")] {
                    source = try product.restore(name, from: source.name).server
                    try product.waitForFirstBackup(of: name)
                    try source.superuser().execute("INSERT INTO t VALUES (\(number))")
                    earlier = try source.superuser().moment()
                }
                try source.superuser().execute("INSERT INTO t VALUES (5)")
                let plan = try product.json("plan", "--source-server", "third")
                #expect(plan["timeline"]?["followed"] == 4)
                let path = plan["timeline"]?["path"]?.array?.compactMap { $0["timeline"]?.integer }
                #expect(path == [1, 2, 3, 4])
                let fourth = try product.restore("fourth", from: "third", ["--restore-time", earlier])
                #expect(try Self.rows(fourth) == "1,2,3,4")
                #expect(fourth.evidence["timelineAfter"] == 5)
                #expect(try product.restore("fifth", from: "first").evidence["timelineAfter"] == 3)
            }
        }
    }
}

/// Files of a server's own log directory.
private enum WALText {
    static func history(_ server: ManagedServer, of timeline: UInt32) throws -> String {
        let path = "\(server.dataDirectory)/pg_wal/\(TimelineID(timeline).fileName).history"
        return String(decoding: try DurableFiles.read(path), as: UTF8.self)
    }
}
