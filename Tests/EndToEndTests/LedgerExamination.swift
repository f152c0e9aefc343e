import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing
import TestValues

/// A written ledger, its oracle, and the questions that are put to the product about it.
struct LedgerExamination {
    let product: ProductUnderTest
    let source: LedgerSource
    let oracle: LedgerOracle
    let rows: [LedgerWorkload.Row]
    let backups: [(name: String, stop: LSN, completed: PostgresTimestamp)]

    /// A moment to restore to; nil is the latest.
    struct Target {
        var time: PostgresTimestamp?
        var kind: String
    }

    init(_ product: ProductUnderTest, _ source: LedgerSource) throws {
        self.product = product
        self.source = source
        let listed = try product.json("backup", "list", "-s", source.name).array ?? []
        var starts: [LSN] = []
        backups = try listed.map { backup in
            let plan = try product.json(
                "plan", "--source-server", source.name, "--backup", try #require(backup["name"]?.string))
            starts.append(try #require(plan["baseBackup"]?["startLsn"]?.string.flatMap { LSN($0) }))
            return (
                try #require(plan["baseBackup"]?["name"]?.string),
                try #require(plan["baseBackup"].lsn("stopLsn")),
                try #require(plan["baseBackup"].time("completedTimeUtc"))
            )
        }
        oracle = try LedgerOracle.read(product, source, from: try #require(starts.min()))
        let inversions = zip(oracle.records, oracle.records.dropFirst()).count { $0.time > $1.time }
        TestLog.say(
            "ledger: \(oracle.records.count) records, \(inversions) of them earlier than the one before")
        rows = try #require(try LedgerWorkload.rows(source.connect()))
    }

    private var earliest: PostgresTimestamp {
        backups.map(\.completed).min() ?? PostgresTimestamp(microseconds: 0)
    }

    /// Exact instants, their neighbours, the longest silences, both sides of the backups, and the end.
    func targets(_ random: inout SeededRandom) -> [Target] {
        let commits = oracle.records.filter { $0.time > earliest && $0.kind.canStop }
        var targets: [Target] = []
        for _ in 0..<5 {
            guard let record = commits.randomElement(using: &random) else { continue }
            targets.append(Target(time: record.time, kind: "exactly a \(record.kind.rawValue)"))
        }
        for (delta, words) in [(Int64(-1), "a microsecond before"), (1, "a microsecond after")] {
            for _ in 0..<4 {
                guard let record = commits.randomElement(using: &random) else { continue }
                targets.append(
                    Target(
                        time: record.time.advanced(byMicroseconds: delta),
                        kind: "\(words) a \(record.kind.rawValue)"))
            }
        }
        let times = commits.map(\.time).sorted()
        let silences = zip(times, times.dropFirst()).sorted {
            $0.1.microseconds - $0.0.microseconds > $1.1.microseconds - $1.0.microseconds
        }
        for (start, end) in silences.prefix(3) {
            targets.append(
                Target(
                    time: start.advanced(byMicroseconds: (end.microseconds - start.microseconds) / 2),
                    kind: "in a silence"))
        }
        for backup in backups {
            targets.append(Target(time: backup.completed, kind: "when \(backup.name) ended"))
            targets.append(
                Target(time: backup.completed.advanced(byMicroseconds: 1), kind: "just after \(backup.name)"))
        }
        targets.append(Target(time: nil, kind: "the latest moment"))
        return targets.filter { $0.time.map { $0 >= earliest } ?? true }
    }

    /// Compares what the planner says about many moments with the oracle.
    func planEverywhere(_ count: Int, _ random: inout SeededRandom) throws {
        let records = oracle.records.filter { $0.time > earliest.advanced(byMicroseconds: 1) }
        for _ in 0..<count {
            guard let record = records.randomElement(using: &random) else { continue }
            let time = record.time.advanced(byMicroseconds: Int64.random(in: -1...1, using: &random))
            let plan = try product.json(
                "plan", "--source-server", source.name, "--restore-time", time.description)
            try compare(plan, with: time)
        }
    }

    private func compare(_ plan: JSONValue, with time: PostgresTimestamp) throws {
        let stop = try #require(plan["baseBackup"].lsn("stopLsn"))
        let cut = oracle.cut(at: time, after: stop)
        #expect(Boundary(plan["lastInside"]) == cut.lastInside.map(Boundary.init), "last inside at \(time)")
        #expect(
            Boundary(plan["firstOutside"]) == cut.firstOutside.map(Boundary.init), "first outside at \(time)")
        let usable = backups.filter { backup in cut.firstOutside.map { $0.lsn >= backup.stop } ?? true }
        #expect(
            plan["baseBackup"]?["name"]?.string == usable.max { $0.stop < $1.stop }?.name,
            "backup for \(time)")
    }

    /// Restores, compares row for row, deletes the copy.
    func restore(_ target: Target) throws {
        let when = "\(target.kind)\(target.time.map { ", \($0)" } ?? "")"
        let copy = try product.restore(
            "copy", from: source.name, target.time.map { ["--restore-time", $0.description] } ?? [])
        let connection = try copy.server.superuser()
        let cut = oracle.cut(at: target.time, after: .zero)
        let expected = rows.filter { cut.committed.contains($0.xid) }
        let found = try LedgerWorkload.rows(connection) ?? []
        #expect(found.count == expected.count, "rows \(when)")
        #expect(found == expected, "\(when): first difference \(Self.difference(found, expected))")
        if try connection.query("SELECT to_regclass('counter')::text").scalar != nil {
            #expect(try LedgerWorkload.tornWriters(connection) == [], "\(when)")
        }
        #expect(try connection.query("SELECT pg_is_in_recovery()").scalar == "f")
        connection.close()
        TestLog.say(
            "ledger: \(found.count) of \(rows.count) rows \(when): \(copy.evidence["handedToPostgres"]?.string ?? "")"
        )
        try product.delete("copy")
    }

    private static func difference(_ found: [LedgerWorkload.Row], _ expected: [LedgerWorkload.Row]) -> String
    {
        let extra = Set(found).subtracting(expected).first.map { "not expected: \($0.text)" }
        let missing = Set(expected).subtracting(found).first.map { "missing: \($0.text)" }
        return extra ?? missing ?? "none"
    }
}

/// A record at the edge, as the product prints it and as the oracle knows it.
struct Boundary: Equatable {
    let kind: String?
    let lsn: LSN?
    let xid: UInt32?
    let time: PostgresTimestamp?

    init(_ record: LedgerOracle.Record) {
        kind = record.kind.rawValue
        lsn = record.lsn
        xid = record.xid
        time = record.time
    }

    /// Nil for JSON's null.
    init?(_ document: JSONValue?) {
        guard let document, !document.isNull else { return nil }
        kind = document["kind"]?.string
        lsn = document["lsn"]?.string.flatMap { LSN($0) }
        xid = document["xid"]?.integer.flatMap { UInt32(exactly: $0) }
        time = JSONValue?.some(document).time("timeUtc")
    }
}

extension JSONValue? {
    func lsn(_ name: String) -> LSN? { self?[name]?.string.flatMap { LSN($0) } }

    func time(_ name: String) -> PostgresTimestamp? {
        guard let text = self?[name]?.string, case .success(let parsed) = TimestampParser.parse(text) else {
            return nil
        }
        return parsed.instant
    }
}
