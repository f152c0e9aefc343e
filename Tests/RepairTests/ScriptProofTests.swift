import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

@testable import Repair
import ServiceModel

/// The proof of a script, against scripts that were spoiled.
@Suite(.serialized)
struct ScriptProofTests {
    @Test(.timeLimit(.minutes(5)))
    func `a script that does anything but what was planned is found out`() throws {
        let server = try PostgresFixture(settings: ["autovacuum": "off"])
        let connection = try Connection(
            ConnectionParameters(
                host: server.socketDirectory, port: server.port, user: PostgresFixture.superuser))
        try connection.execute(CanonicalText.settings(local: false))
        try connection.execute("CREATE TABLE public.other (id int PRIMARY KEY, v text)")
        try connection.execute("INSERT INTO public.other VALUES (1, 'a')")
        try connection.execute("CREATE SEQUENCE public.numbers")
        let spoils: [(name: String, change: (String) -> String)] = [
            ("another value", { $0.replacing("'old 2'", with: "'odd 2'") }),
            ("a row more", { $0 + "; UPDATE public.t SET v = 'y' WHERE id = 9" }),
            ("a row less", { $0 + "; UPDATE public.t SET v = 'x' WHERE id = 1" }),
            ("another table", { $0 + "; UPDATE public.other SET v = 'b'" }),
            ("a sequence", { $0 + "; SELECT nextval('public.numbers')" }),
            ("a table made", { $0 + "; CREATE TABLE public.made (x int)" }),
            ("rights", { $0 + "; GRANT SELECT ON public.other TO PUBLIC" }),
            ("the guards of UPDATE gone", { Self.unguarded($0, at: "UPDATE ") }),
            ("the guards of DELETE gone", { Self.unguarded($0, at: "DELETE ") }),
            (
                "the guard of INSERT gone",
                { $0.replacing(/\n\ +WHERE\ NOT\ EXISTS\ [^\n]*/, with: "") }
            ),
            ("a guard that always holds", { $0.replacing("= p.expected", with: "IS NOT NULL") }),
            (
                "another row removed",
                { $0.replacing("'5'::integer, '(5,new)'", with: "'6'::integer, '(6,x)'") }
            ),
            ("another row put back", { $0.replacing("gone", with: "odd") }),
            ("two transactions", { $0 + "; COMMIT; BEGIN; UPDATE public.t SET v = 'z' WHERE id = 9" }),
        ]
        try expectNothing(of: try differences(connection, server, { $0 }))
        for spoil in spoils {
            let found = try differences(connection, server, spoil.change)
            #expect(!found.isEmpty, "\(spoil.name)")
        }
        var statements: [String] = []
        _ = try differences(connection, server) { text in
            statements.append(text)
            return text
        }
        // Behind each by itself the whole script came, for either run.
        statements.removeLast(2)
        let mutants = statements.map { ($0, "") } + statements.flatMap(Self.mutants)
        #expect(mutants.count == 3 + 13, "\(mutants)")
        for (text, mutant) in mutants {
            let found = try differences(connection, server) { $0.replacing(text, with: mutant) }
            #expect(!found.isEmpty, "\(text) became \(mutant)")
        }
    }

    /// Each row of values in a statement, and what becomes of it when one of them is another one; the first
    /// one only counts the rows.
    private static func mutants(_ statement: String) -> [(String, String)] {
        statement.split(separator: "\n").filter { $0.hasPrefix("    ('") }.flatMap { line in
            line.matches(of: /'[^']*'/).dropFirst().map { value in
                let text = value.output.dropFirst().dropLast()
                var mutant = line
                mutant.replaceSubrange(
                    value.range, with: Int(text).map { "'\($0 + 1)'" } ?? "'\(text)x'")
                return (String(line), String(mutant))
            }
        }
    }

    /// Without what has each row be as it was, in statements of one kind.
    private static func unguarded(_ script: String, at word: String) -> String {
        script.split(separator: "\n", omittingEmptySubsequences: false).reduce(into: (text: "", kind: "")) {
            for kind in ["UPDATE ", "DELETE ", "INSERT "] where $1.contains(kind) { $0.kind = kind }
            let guarded = /\ AND\ ROW\([^)]*\)::pg_catalog.text\ =\ p.expected/
            $0.text += ($0.kind == word ? $1.replacing(guarded, with: "") : $1) + "\n"
        }.text
    }

    private func expectNothing(of differences: [String]) throws { #expect(differences == []) }

    /// Runs a script that takes back an update of two rows and a deletion, changed in some way.
    private func differences(
        _ connection: Connection, _ server: PostgresFixture, _ change: (String) -> String
    ) throws -> [String] {
        try connection.execute("DROP TABLE IF EXISTS public.t")
        try connection.execute("CREATE TABLE public.t (id int PRIMARY KEY, v text)")
        try connection.execute("INSERT INTO public.t SELECT g, 'x' FROM generate_series(1, 9) g")
        try connection.execute("UPDATE public.t SET v = 'new' WHERE id = 5")
        let number = try connection.query("SELECT 'public.t'::regclass::oid::text").scalar ?? ""
        let shape = try TableReader(connection).shape(of: ObjectID(UInt32(number) ?? 0))
        guard let shape, let key = shape.key else { throw Problem(.system, "no shape") }
        let found = try RowReader(connection).rows(of: shape, by: key, [["1"], ["2"], ["5"], ["20"]])
        let ids: [String] = ["1", "2"]
        var rows = ids.enumerated().map { (place: Int, id: String) in
            JudgedRow(
                change: .update, before: [Cell(id), Cell("old \(id)")], after: [Cell(id), "x"],
                now: [Cell(id), "x"],
                address: found[place]?.address, verdict: .restorable, damaged: [1])
        }
        rows.append(
            JudgedRow(
                change: .delete, before: ["20", "gone"], after: nil, now: nil, verdict: .absentNow,
                damaged: [0, 1]))
        rows.append(
            JudgedRow(
                change: .insert, before: nil, after: ["5", "new"], now: ["5", "new"],
                address: found[2]?.address, verdict: .unchangedSince, damaged: [0, 1]))
        let plan = UndoPlan(
            source: "s", database: "postgres", transactions: [], deeds: [], nowEnd: .zero,
            nowTime: PostgresTimestamp(microseconds: 0), tables: [.init(shape: shape, rows: rows)],
            leftOut: [])
        let script = RepairScript(plan, .stop)
        try connection.execute("BEGIN")
        let unguarded = try GuardTrial(connection).differences(script.guardedTexts.map(change))
        try connection.execute("ROLLBACK")
        let begin = try position(connection)
        do {
            try connection.execute(
                "BEGIN; " + change(script.statementTexts.joined(separator: "\n")) + "; COMMIT")
        } catch {
            try connection.execute("ROLLBACK")
            return unguarded + ["it fails"]
        }
        let end = try position(connection)
        _ = try connection.query("SELECT pg_switch_wal()")
        let work = try ScriptProof.work { (visit) throws(Problem) in
            try records(server, from: begin, to: end, visit)
        }
        let differences = try unguarded + ScriptProof(connection, script.tables).differences(work)
        do {
            try connection.execute(
                "BEGIN; " + change(script.statementTexts.joined(separator: "\n")) + "; COMMIT")
        } catch {
            try connection.execute("ROLLBACK")
            return differences + ["the second run fails"]
        }
        return differences
    }

    private func position(_ connection: Connection) throws -> LSN {
        try connection.query("SELECT pg_current_wal_insert_lsn()::text").scalar.flatMap(LSN.init) ?? .zero
    }

    private func records(
        _ server: PostgresFixture, from begin: LSN, to end: LSN, _ visit: (borrowing WALRecord) -> Void
    ) throws(Problem) {
        var name = SegmentName(timeline: TimelineID(1), containing: begin, size: .standard)
        var decoder = WALDecoder(start: name.start, segmentSize: .standard)
        while name.start < end {
            try OpenFile(reading: server.dataDirectory + "/pg_wal/\(name)").forEachChunk { bytes, _ in
                decoder.feed(bytes) { record in
                    if record.start >= begin, record.start < end { visit(record) }
                    return record.start < end
                } == nil
            }
            name = name.next
        }
    }
}
