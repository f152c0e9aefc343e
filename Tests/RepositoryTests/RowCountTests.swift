import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import WALEvents

/// The rows that indexes count are those that PostgreSQL reported for the statements.
@Suite(.enabled(if: RecordedWAL.isAvailable), .serialized)
struct RowCountTests {
    /// What one transaction did to one table.
    private struct Fact: Hashable, CustomStringConvertible {
        let kind: String
        let table: String
        let rows: Int64
        let xid: UInt32

        var description: String { "\(kind) \(table) \(rows) by \(xid)" }
    }

    private static let tables = ["plain", "wide", "keyed", "parts_low", "parts_high", "copied", "untouched"]

    @Test func `transactions, relations and rows are as PostgreSQL reported them`() throws {
        let archived = try ArchivedWorkload(Self.workload)
        let reported = try Self.reported(archived.output)
        #expect(reported.count > 40)
        let indexes = try archived.indexes(.detail)
        #expect(indexes.count > 5)
        for (index, previous) in zip(indexes.dropFirst(), indexes) {
            #expect(index.identity.predecessorCRC32C == previous.identity.rawCRC32C)
        }
        let details = indexes.compactMap(\.detail)
        let counted = Self.facts(
            details.flatMap(\.changes), details.flatMap(\.ends), names: archived.tables(Self.tables))
        #expect(counted.subtracting(reported).isEmpty, "\(counted.subtracting(reported))")
        #expect(reported.subtracting(counted).isEmpty, "\(reported.subtracting(counted))")

        // Summaries alone tell the same of everything large.
        let large = reported.filter { $0.rows >= SegmentIndex.bulkRows }
        #expect(large.count > 8)
        let summarized = Self.facts(
            indexes.flatMap(\.changes), indexes.flatMap(\.ends), names: archived.tables(Self.tables))
        #expect(large.subtracting(summarized).isEmpty, "\(large.subtracting(summarized))")
        #expect(summarized.subtracting(reported).isEmpty, "\(summarized.subtracting(reported))")
    }

    @Test func `a spill of open transactions changes no count`() throws {
        let archived = try ArchivedWorkload(Self.workload)
        let names = archived.tables(Self.tables)
        var facts: [Set<Fact>] = []
        for limit in [SegmentIndexer.spillLimit, 3] {
            var predecessor: SegmentPredecessor?
            var changes: [TransactionChange] = []
            var ends: [IndexedTransactionEnd] = []
            for (name, bytes) in archived.segments {
                let index = try Self.index(name, bytes, after: predecessor, spillLimit: limit)
                predecessor = SegmentPredecessor(index)
                changes += index.detail?.changes ?? []
                ends += index.detail?.ends ?? []
            }
            facts.append(Self.facts(changes, ends, names: names))
        }
        #expect(facts[0] == facts[1])
        #expect(try facts[0] == Self.reported(archived.output))
    }

    /// What the index of a segment holds, made as an archive would.
    static func index(
        _ name: SegmentName, _ bytes: [UInt8], after predecessor: SegmentPredecessor?,
        spillLimit: Int = SegmentIndexer.spillLimit
    ) throws -> SegmentIndex {
        var indexer = SegmentIndexer(segment: name, after: predecessor, spillLimit: spillLimit)
        var decoder = WALDecoder(start: name.start, segmentSize: name.size)
        bytes.withUnsafeBytes { bytes in
            indexer.observe(bytes)
            _ = decoder.feed(bytes) { record in
                indexer.add(record)
                return true
            }
        }
        let tail = decoder.tailFragment.map {
            WALFragment(
                start: $0.start, length: $0.length, available: $0.available, bytes: decoder.tailBytes)
        }
        var (index, detail) = indexer.finish(
            identity: SegmentIndex.Identity(
                segment: name, rawBytes: UInt64(bytes.count), rawCRC32C: CRC32C.checksum(bytes),
                version: decoder.version), tail: tail)
        index.detail = try SegmentIndex.Detail(decoding: detail)
        return index
    }

    /// Lines as `R insert plain 250 753`, one a statement; those of one transaction and table are added up.
    private static func reported(_ output: String) throws -> Set<Fact> {
        var sums: [[String]: Int64] = [:]
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.first == "R", words.count == 5 else { continue }
            sums[[words[1], words[2], words[4]], default: 0] += try #require(Int64(words[3]))
        }
        return Set(
            try sums.filter { $0.value != 0 }.map { key, rows in
                Fact(kind: key[0], table: key[1], rows: rows, xid: try #require(UInt32(key[2])))
            })
    }

    /// What the transactions that committed did to the tables with a name.
    private static func facts(
        _ changes: [TransactionChange], _ ends: [IndexedTransactionEnd], names: [UInt32: String]
    ) -> Set<Fact> {
        var owners: [TransactionID: TransactionID] = [:]
        for end in ends where end.kind.isCommit {
            for xid in [end.xid] + end.subtransactions { owners[xid] = end.xid }
        }
        struct Key: Hashable {
            let xid: TransactionID
            let table: String
        }
        var sums: [Key: TransactionChange] = [:]
        for change in changes {
            guard let owner = owners[change.xid], let table = names[change.relation.number] else { continue }
            sums[
                Key(xid: owner, table: table),
                default: TransactionChange(xid: owner, relation: change.relation)
            ].add(change)
        }
        var facts: Set<Fact> = []
        for (key, sum) in sums {
            let counts = [
                ("insert", sum.inserted), ("update", sum.updated), ("delete", sum.deleted - sum.movedAway),
                ("move", sum.movedAway),
            ]
            for (kind, rows) in counts where rows != 0 {
                facts.insert(Fact(kind: kind, table: key.table, rows: rows, xid: key.xid.rawValue))
            }
        }
        return facts
    }

    // MARK: The workload

    /// A transaction of statements, each with what it is to be reported as.
    private static func transaction(
        _ statements: [(kind: String, table: String, sql: String)], end: String = "COMMIT"
    ) -> String {
        let reports = end == "COMMIT" || end.hasPrefix("PREPARE")
        let body = statements.map { statement in
            let report = reports && statement.kind != "-"
            return statement.sql + ";"
                + (report ? "\n\\echo R \(statement.kind) \(statement.table) :ROW_COUNT :xid" : "")
        }
        return "BEGIN;\nSELECT pg_current_xact_id() AS xid \\gset\n" + body.joined(separator: "\n")
            + "\n\(end);"
    }

    private static let workload: String = {
        var script = [
            """
            CREATE TABLE plain (x int, y text);
            CREATE TABLE wide (x int, y text);
            ALTER TABLE wide ALTER y SET STORAGE EXTERNAL;
            CREATE TABLE keyed (x int PRIMARY KEY, n int NOT NULL DEFAULT 0);
            CREATE TABLE parts (x int, y text) PARTITION BY RANGE (x);
            CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (1000);
            CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (1000) TO (100000);
            CREATE TABLE copied (x int, y text);
            CREATE TABLE untouched (x int);
            """,
            transaction([
                (
                    "insert", "plain",
                    "INSERT INTO plain SELECT g, repeat('a', 90) FROM generate_series(1, 9000) g"
                ),
                (
                    "insert", "wide",
                    "INSERT INTO wide SELECT g, repeat('b', 9000) FROM generate_series(1, 120) g"
                ),
            ]),
            transaction([
                ("update", "plain", "UPDATE plain SET y = repeat('c', 95) WHERE x <= 2750"),
                ("delete", "plain", "DELETE FROM plain WHERE x > 8000"),
            ]),
            transaction([("delete", "plain", "DELETE FROM plain WHERE x < 100")], end: "ROLLBACK"),
            transaction([
                ("insert", "keyed", "INSERT INTO keyed SELECT g FROM generate_series(1, 300) g"),
                (
                    "insert", "keyed",
                    "INSERT INTO keyed SELECT g FROM generate_series(200, 450) g ON CONFLICT DO NOTHING"
                ),
            ]),
            // What meets a conflict is updated; ROW_COUNT tells both together.
            transaction([
                (
                    "insert", "keyed",
                    "INSERT INTO keyed SELECT g FROM generate_series(451, 460) g ON CONFLICT (x) DO UPDATE SET n = 1"
                ),
                (
                    "update", "keyed",
                    "INSERT INTO keyed SELECT g FROM generate_series(1, 40) g ON CONFLICT (x) DO UPDATE SET n = 2"
                ),
            ]),
            transaction([
                ("insert", "parts_low", "INSERT INTO parts SELECT g, 'p' FROM generate_series(1, 500) g"),
                ("move", "parts_low", "UPDATE parts SET x = x + 1000 WHERE x <= 130"),
            ]) + "\n\\echo R insert parts_high 130 :xid",
            transaction([
                (
                    "insert", "copied",
                    "COPY copied FROM PROGRAM 'seq 1 3000 | sed \"s/$/\\tcopied row/\"'"
                ),
                ("delete", "copied", "DELETE FROM copied WHERE x % 7 = 0"),
            ]),
            // Subtransactions: kept, rolled back, and many small ones that are much together.
            transaction([
                ("insert", "plain", "INSERT INTO plain VALUES (1, 'top')"),
                ("-", "", "SAVEPOINT a"),
                ("insert", "plain", "INSERT INTO plain SELECT g, 'sub' FROM generate_series(1, 70) g"),
                ("-", "", "SAVEPOINT b"),
                ("-", "plain", "DELETE FROM plain"),
                ("-", "", "ROLLBACK TO b"),
                ("update", "keyed", "UPDATE keyed SET n = n + 1 WHERE x <= 33"),
                ("-", "", "RELEASE a"),
            ]),
            transaction([
                (
                    "-", "",
                    """
                    DO $$ BEGIN FOR i IN 1..150 LOOP
                        BEGIN INSERT INTO plain VALUES (i, 'loop'); EXCEPTION WHEN division_by_zero THEN NULL; END;
                    END LOOP; END $$
                    """
                )
            ]) + "\n\\echo R insert plain 150 :xid",
            transaction(
                [("insert", "plain", "INSERT INTO plain SELECT g, 'prep' FROM generate_series(1, 110) g")],
                end: "PREPARE TRANSACTION 'one'"),
            transaction(
                [("-", "plain", "INSERT INTO plain SELECT g, 'prep' FROM generate_series(1, 111) g")],
                end: "PREPARE TRANSACTION 'two'"),
        ]
        // Fills segments, so that transactions lie in two or more.
        for round in 1...12 {
            script.append(
                transaction([
                    (
                        "insert", "wide",
                        "INSERT INTO wide SELECT g, repeat('d', 5000) FROM generate_series(1, \(20 + round)) g"
                    ),
                    ("update", "keyed", "UPDATE keyed SET n = \(round) WHERE x <= \(round * 3)"),
                    (
                        "insert", "plain",
                        "INSERT INTO plain SELECT g, repeat('e', 150) FROM generate_series(1, \(900 + round)) g"
                    ),
                ]))
        }
        script.append("COMMIT PREPARED 'one';\nROLLBACK PREPARED 'two';")
        script.append(
            transaction([
                ("delete", "plain", "DELETE FROM plain WHERE x < 4000"),
                ("delete", "wide", "DELETE FROM wide WHERE x < 20"),
                ("delete", "keyed", "DELETE FROM keyed"),
            ]))
        return script.joined(separator: "\n")
    }()
}
