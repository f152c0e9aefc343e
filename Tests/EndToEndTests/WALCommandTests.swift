import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// `wal show`, `wal stats` and `wal verify` on a real archive, with `pg_waldump` as the oracle.
    @Suite(.serialized)
    struct WALCommandTests {
        @Test func `what is shown and counted of a segment is what pg_waldump reads in it`() throws {
            try ProductUnderTest.use("waltools") { product in
                let source = try product.create("orders")
                let name = try Self.work(on: source)
                let file = try Self.unpack(name, of: source, product)

                let oracle = try Self.waldump([file])
                let records = try product.json("wal", "show", "-s", "orders", name).array ?? []
                #expect(records.count == oracle.count && records.count > 500)
                for (record, line) in zip(records, oracle) {
                    let start = record["lsn"]?.string.flatMap { LSN($0) }
                    let manager = record["manager"]?.string ?? ""
                    let number = record["xid"]?.integer ?? 0
                    #expect(
                        start != nil && start == line.start && manager == line.manager && number == line.xid
                            && record["length"]?.integer == line.length, "\(record.printed()), \(line)")
                }
                try Self.checkNames(records, name, source, product)
                let few = try product.json("wal", "show", "-s", "orders", name, "--limit", "7").array
                #expect(few == Array(records.prefix(7)))
                // From the record at the first position up to the one in front of the last.
                let ends = try [5, 20].map { try #require(records[$0]["lsn"]?.string) }
                let between = try product.json(
                    "wal", "show", "-s", "orders", ends.joined(separator: ".."))
                #expect(between.array == Array(records[5..<20]))

                for options in [[], ["--per-record"]] {
                    let counted = try Self.statistics([file], perRecord: !options.isEmpty)
                    for place in [["-s", "orders", name], [file]] {
                        let answer = try product.run(["wal", "stats"] + place + options).value()
                        #expect(try Self.amounts(answer) == counted, "\(place) \(options)")
                    }
                }
            }
        }

        @Test func `the whole archive is verified, and what is wrong in it is named`() throws {
            try ProductUnderTest.use("walverify") { product in
                let source = try product.create("orders")
                let name = try Self.work(on: source)
                let other = try Self.work(on: source)
                let sound = try product.json("wal", "verify", "-s", "orders")
                #expect(sound["isWhole"] == true, "\(sound.printed())")
                #expect(sound["findings"]?.array == [])
                let segments = sound["segments"]?.array?.compactMap { $0["name"]?.string } ?? []
                #expect(segments.contains(name) && segments.contains(other))

                let path = source.repository + "/wal/00000001/" + name + ".zst"
                let intact = try DurableFiles.read(path)
                let file = try OpenFile(updating: path)
                try file.write([intact[intact.count / 2] ^ 0x10], at: UInt64(intact.count / 2))
                let damaged = try product.run(["wal", "verify", "-s", "orders"])
                #expect(damaged.exitStatus == 1 && damaged.errors.contains("WALDamaged"), "\(damaged)")
                #expect(damaged.errors.contains(name), "\(damaged)")
                try file.write([intact[intact.count / 2]], at: UInt64(intact.count / 2))
                #expect(try product.json("wal", "verify", "-s", "orders")["isWhole"] == true)

                try DurableFiles.rename(path, to: path + ".aside")
                let missing = try product.run(["wal", "verify", "-s", "orders"])
                #expect(missing.exitStatus == 1, "\(missing)")
                #expect(missing.errors.contains("\(name) is missing"), "\(missing)")
                // The server handed it over long ago: it is not asked for what it may have of it.
                try product.refuses(
                    ["wal", "show", "-s", "orders", name], saying: "segment \(name) is not in the archive")
            }
        }

        @Test func `a first segment that a backup needs is missed, one that no backup needs is not`() throws {
            try ProductUnderTest.use("walfirst") { product in
                let source = try product.create("orders")
                _ = try Self.work(on: source)
                let backups = source.repository + "/backups/"
                let oldest = try #require(try DurableFiles.list(backups).first)
                let begin = try Self.start(ofBackup: backups + oldest)
                let first = SegmentName(timeline: TimelineID(1), containing: begin, size: .standard)
                let sound = try product.json("wal", "verify", "-s", "orders")
                #expect(sound["isWhole"] == true)
                #expect(sound["neededFrom"]?["lsn"]?.string == begin.description)
                #expect(sound["neededFrom"]?["segment"]?.string == first.fileName)
                #expect(sound["neededFrom"]?["backup"]?.string == oldest)

                let path = source.repository + "/wal/00000001/" + first.fileName + ".zst"
                try DurableFiles.rename(path, to: product.scratch.file("aside"))
                let missing = try product.run(["wal", "verify", "-s", "orders"])
                #expect(missing.exitStatus == 1, "\(missing)")
                #expect(missing.errors.contains("\(first) is missing"), "\(missing)")
                #expect(missing.errors.contains("backup '\(oldest)' begins there"), "\(missing)")

                // As expiry leaves it: neither the backup nor the WAL that it needs.
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                try DurableFiles.removeTree(backups + oldest)
                let expired = try product.json("wal", "verify", "-s", "orders")
                #expect(expired["isWhole"] == true, "\(expired.printed())")
                #expect(expired["neededFrom"]?["backup"] == "second")
            }
        }

        /// Every record of the table says its name, under the one it had there; PostgreSQL tells its file.
        private static func checkNames(
            _ records: [JSONValue], _ segment: String, _ source: ManagedServer, _ product: ProductUnderTest
        ) throws {
            let connection = try source.superuser()
            let file = try #require(try connection.value("SELECT pg_relation_filepath('t')"))
            let number = try #require(file.split(separator: "/").last)
            let of = records.filter { $0["text"]?.string?.contains("/\(number) page") == true }
            #expect(of.count > 500 && of.allSatisfy { $0["relation"] == "public.t" }, "\(number)")
            #expect(of.allSatisfy { $0["database"] == "postgres" })
            let index = records.filter { $0["manager"] == "Btree" && $0["operation"] == "INSERT_LEAF" }
            #expect(index.contains { $0["relation"] == "public.t_pkey" })
            #expect(records.contains { $0["relation"] == "pg_catalog.pg_class" })
            #expect(records.first { $0["manager"] == "Transaction" }?["relation"] == .null)
            try connection.execute("CREATE TABLE gone (id int PRIMARY KEY)")
            let dropped = try #require(try connection.value("SELECT pg_current_wal_insert_lsn()"))
            try connection.execute("BEGIN; DROP TABLE gone; COMMIT; ALTER TABLE t RENAME TO \"New\"")
            try connection.execute("DELETE FROM \"New\" WHERE id = 2")
            let again = try product.json("wal", "show", "-s", "orders", segment).array ?? []
            #expect(again.contains { $0["relation"] == "public.t" })
            #expect(!again.contains { $0["relation"] == "public.\"New\"" })
            let renamed = try #require(records.last?["lsn"]?.string) + ".."
            let later = try product.json("wal", "show", "-s", "orders", renamed).array ?? []
            #expect(later.contains { $0["relation"] == "pg_catalog.pg_class" })
            #expect(later.last { $0["operation"] == "DELETE" }?["relation"] == "public.\"New\"")

            let drop = try product.json("wal", "show", "-s", "orders", dropped + "..").array ?? []
            let commit = try #require(drop.first { $0["operation"] == "COMMIT" })
            #expect(commit["text"]?.string?.contains("files removed") == true, "\(commit.printed())")
            #expect(
                commit["relations"]?.array?.compactMap { $0["name"]?.string }.sorted() == [
                    "public.gone", "public.gone_pkey",
                ], "\(commit.printed())")
        }

        /// Where PostgreSQL says that replay of a backup has to begin.
        private static func start(ofBackup folder: String) throws -> LSN {
            let manifest = try JSONValue.parse(try DurableFiles.read(folder + "/backup_manifest"))
            let range = try #require(manifest["WAL-Ranges"]?.array?.first)
            return try #require(range["Start-LSN"]?.string.flatMap { LSN($0) })
        }

        @Test func `the last records written are shown from the server, and of a stopped one from its files`()
            throws
        {
            try ProductUnderTest.use("waltail") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x text)")
                try connection.execute("ALTER TABLE t ALTER x SET STORAGE EXTERNAL")
                try connection.execute("SELECT pg_switch_wal()")
                let position = "SELECT pg_current_wal_insert_lsn()"
                let atEnd = "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"
                // Until records cross into the next segment.
                let first = try #require(try connection.value(atEnd))
                var begin = ""
                var before = ""
                while try connection.value(atEnd) == first {
                    begin = before.isEmpty ? try #require(try connection.value(position)) : before
                    before = try #require(try connection.value(position))
                    try connection.execute(
                        "INSERT INTO t SELECT repeat(md5(g::text), 60) FROM generate_series(1, 300) g")
                }
                let last = try #require(try connection.value(atEnd))
                try connection.execute("DELETE FROM t WHERE ctid < '(3,0)'")
                let end = try #require(try connection.value(position))
                let archived = source.repository + "/wal/00000001/"
                let isThere = ProductUnderTest.eventually {
                    DurableFiles.status(archived + first + ".zst") != nil
                }
                try #require(isThere)
                #expect(DurableFiles.status(archived + last + ".zst") == nil)

                let range = begin + ".." + end
                let live = ["-p", source.dataDirectory + "/pg_wal", "-s", begin, "-e", end]
                let oracle = try Self.waldump(live)
                let shown = try product.json("wal", "show", "-s", "orders", range).array ?? []
                #expect(shown.count == oracle.count && oracle.count > 300)
                Self.expect(shown, toBe: oracle)
                let final = try #require(shown.last?["lsn"]?.string.flatMap { LSN($0) })
                #expect(final > Self.start(of: last))
                let counted = try product.json("wal", "stats", "-s", "orders", range)
                #expect(try Self.amounts(counted) == Self.statistics(live, perRecord: false))
                let segment = try product.run(["wal", "show", "-s", "orders", last])
                #expect(segment.errors.contains("the WAL ends at"), "\(segment)")
                #expect(try segment.value().array?.last?["lsn"] != nil)
                #expect(try connection.value("SELECT count(*) FROM pg_replication_slots") == "0")
                #expect(DurableFiles.status(archived + last + ".zst") == nil)
                try product.refuses(
                    ["wal", "show", "-s", "orders", "F/0..F/1000"],
                    saying: "there is no WAL at F/0")
                connection.close()

                try product.json("stop", "-n", "orders")
                let stopped = try product.json("wal", "show", "-s", "orders", end + "..").array ?? []
                #expect(stopped.last?["operation"] == "CHECKPOINT_SHUTDOWN", "\(stopped.count)")
                let left = try DurableFiles.list(product.home + "/operations")
                #expect(!left.contains { $0.hasPrefix("tail.") })
            }
        }

        @Test func `what is counted in several segments is what pg_waldump counts in them`() throws {
            try ProductUnderTest.use("walpieces") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                let begin = try #require(try connection.value("SELECT pg_current_wal_insert_lsn()"))
                try connection.execute(
                    """
                    CREATE TABLE t (x text);
                    ALTER TABLE t ALTER x SET STORAGE EXTERNAL;
                    INSERT INTO t SELECT repeat(md5(g::text), 250) FROM generate_series(1, 12000) g
                    """)
                let end = try #require(try connection.value("SELECT pg_current_wal_insert_lsn()"))
                let live = ["-p", source.dataDirectory + "/pg_wal", "-s", begin, "-e", end]
                let oracle = try Self.statistics(live, perRecord: true)
                let name = try #require(try connection.value("SELECT pg_walfile_name(pg_switch_wal())"))
                let path = source.repository + "/wal/00000001/" + name + ".zst"
                let isThere = ProductUnderTest.eventually { DurableFiles.status(path) != nil }
                try #require(isThere)
                let counted = try product.json(
                    "wal", "stats", "-s", "orders", begin + ".." + end, "--per-record")
                #expect(try Self.amounts(counted) == oracle)
                let span = try #require(LSN(end)).distance(from: try #require(LSN(begin)))
                #expect(span > 5 * 16 << 20)
            }
        }

        // MARK: WAL

        private static func start(of name: String) -> LSN {
            SegmentName(fileName: name, size: .standard)?.start ?? .max
        }

        /// Fills a segment with a bit of everything, and answers its name once it is archived.
        private static func work(on source: ManagedServer) throws -> String {
            let connection = try source.superuser()
            try connection.execute("SELECT pg_switch_wal()")
            try connection.execute("CREATE TABLE IF NOT EXISTS t (id serial PRIMARY KEY, words text)")
            try connection.execute(
                "INSERT INTO t (words) SELECT repeat(md5(g::text), 9) FROM generate_series(1, 900) g")
            try connection.execute("UPDATE t SET words = 'short' WHERE id % 3 = 0")
            try connection.execute("BEGIN; DELETE FROM t WHERE id % 5 = 0; ROLLBACK")
            try connection.execute("CHECKPOINT")
            try connection.execute("DELETE FROM t WHERE id % 7 = 0")
            let name = try #require(
                try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))
            try connection.execute("SELECT pg_switch_wal()")
            let path = source.repository + "/wal/00000001/" + name + ".zst"
            let isThere = ProductUnderTest.eventually { DurableFiles.status(path) != nil }
            try #require(isThere)
            return name
        }

        /// The segment as PostgreSQL wrote it, under its own name, for everybody to read.
        private static func unpack(
            _ name: String, of source: ManagedServer, _ product: ProductUnderTest
        ) throws -> String {
            let target = product.scratch.file(name)
            let packed = source.repository + "/wal/00000001/" + name + ".zst"
            try RunAs().runChecked(Command("zstd", ["-dq", packed, "-o", target]))
            return target
        }

        // MARK: The oracle

        private struct Line {
            var manager: String
            var length: Int64
            var xid: Int64
            var start: LSN?
        }

        private static func run(_ arguments: [String]) throws -> [Substring] {
            let program = PostgresFixture.binDirectory + "/pg_waldump"
            return try RunAs().runChecked(Command(program, arguments)).standardOutput
                .split(separator: "\n")
        }

        private static func expect(_ shown: [JSONValue], toBe oracle: [Line]) {
            for (record, line) in zip(shown, oracle) {
                #expect(
                    record["lsn"]?.string == line.start?.description
                        && record["xid"]?.integer ?? 0 == line.xid
                        && record["length"]?.integer == line.length, "\(record.printed()), \(line)")
            }
        }

        /// `rmgr: Heap  len (rec/tot):  54/  54, tx:  733, lsn: 0/03000028, prev …`
        private static func waldump(_ arguments: [String]) throws -> [Line] {
            let pattern = /rmgr: (\S+) +len .rec.tot.: +\d+\/ *(\d+), tx: +(\d+), lsn: ([0-9A-F\/]+),/
            return try run(arguments).compactMap { line in
                guard let match = line.prefixMatch(of: pattern) else { return nil }
                return Line(
                    manager: String(match.1), length: Int64(match.2) ?? -1, xid: Int64(match.3) ?? -1,
                    start: LSN(String(match.4)))
            }
        }

        /// Number, record bytes and image bytes, by what it is that was counted.
        private static func statistics(_ place: [String], perRecord: Bool) throws -> [String: [Int64]] {
            var found: [String: [Int64]] = [:]
            for line in try run([perRecord ? "--stats=record" : "--stats"] + place) {
                let pattern = /(\S+) +(\d+) +\( *[\d.]+\) +(\d+) +\( *[\d.]+\) +(\d+) +\( *[\d.]+\) +.*/
                guard let match = line.wholeMatch(of: pattern), match.2 != "0" else { continue }
                found[String(match.1)] = [match.2, match.3, match.4].map { Int64($0) ?? -1 }
            }
            return found
        }

        private static func amounts(_ answer: JSONValue) throws -> [String: [Int64]] {
            var found: [String: [Int64]] = [:]
            for row in answer["rows"]?.array ?? [] {
                let amounts = ["count", "recordBytes", "imageBytes"].map { row[$0]?.integer ?? -1 }
                if let type = row["type"]?.string, amounts[0] != 0 { found[type] = amounts }
            }
            return found
        }
    }
}
