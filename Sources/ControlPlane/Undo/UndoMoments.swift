import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import Repair
import Repository
import ServiceModel

/// The three moments of an undo: just before the transaction's commit, just after it, and now.
struct UndoMoments {
    let before: PreparedRestore
    let after: PreparedRestore
    let now: PreparedRestore
    let commit: BoundaryRecord
    private let deeds: [String]

    var all: [PreparedRestore] { [before, after, now] }

    init(_ plane: ControlPlane, _ request: UndoRequest, _ source: ServerRow) throws {
        func prepare(_ target: RequestedTarget) throws -> PreparedRestore {
            try Self.prepare(target, plane, request, source)
        }
        var made: [PreparedRestore] = []
        do {
            made.append(try prepare(request.target))
            let commit = try Self.commit(of: made[0].planned.plan, request.target)
            made.append(try prepare(.position(commit.lsn, exclusive: false)))
            made.append(try prepare(.latest(asOf: nil)))
            (before, after, now) = (made[0], made[1], made[2])
            self.commit = commit
            deeds = made[0].planned.firstOutsideDid
        } catch {
            made.forEach { $0.release() }
            throw error
        }
    }

    static func prepare(
        _ target: RequestedTarget, _ plane: ControlPlane, _ request: UndoRequest, _ source: ServerRow
    ) throws -> PreparedRestore {
        var asked = RestoreRequest(
            resourceGroup: request.resourceGroup, sourceServer: request.sourceServer, target: target)
        asked.timeline = request.timeline
        return try plane.prepare(asked, source: source, checkName: false)
    }

    func release() { all.forEach { $0.release() } }

    /// The record that ends the transaction which is meant.
    private static func commit(of plan: RestorePlan, _ target: RequestedTarget) throws(Problem)
        -> BoundaryRecord
    {
        guard let outside = plan.firstOutside,
            outside.lsn == plan.expectedEnd || outside.lsn >= plan.expectedEnd
        else {
            throw Problem(.usage, "no transaction ends there", hint: "Name one with --xid or --event.")
        }
        if case .transaction(let number, _) = target, number.id.rawValue != outside.xid {
            throw Problem(.resourceNotFound, "transaction \(number) does not end where it was found")
        }
        switch outside.kind {
        case .commit, .commitPrepared: return outside
        case .abort, .abortPrepared, .prepare:
            throw Problem(
                .usage, "transaction \(outside.xid) was rolled back, so there is nothing to take back")
        }
    }

    /// Everything the transaction did to rows, with what was done to them since.
    func footprint(_ cancellation: CancellationFlag) throws -> TransactionFootprint {
        let held = now.held
        var details: TransactionDetails?
        try held.records(from: commit.lsn, to: commit.endLSN) { (record) throws(Problem) in
            details = record.transactionDetails
            return false
        }
        guard let details else {
            throw Problem(.walMissing, "the WAL that is held has no end of transaction \(commit.xid)")
        }
        var collector = FootprintCollector(Set([details.end.xid] + details.subtransactions))
        let begin = try held.begin(of: details.end.xid, endingAt: commit.lsn)
        try held.records(from: begin, to: commit.lsn) { (record) throws(Problem) in
            try cancellation.check()
            collector.add(record)
            return true
        }
        try Self.check(collector.unreadable)
        var later = LaterWrites(collector.footprint(details))
        try held.records(from: commit.endLSN, to: now.planned.plan.expectedEnd) { (record) throws(Problem) in
            try cancellation.check()
            later.add(record)
            return true
        }
        try Self.check(later.unreadable)
        return later.finished()
    }

    private static func check(_ unreadable: LSN?) throws(Problem) {
        guard let unreadable else { return }
        throw Problem(
            .walDamaged, "the WAL record at \(unreadable) does not say which row it changed",
            hint: "'pitr wal show --lsn \(unreadable)..' prints it.")
    }

    func plan(database: String, end: LSN) -> UndoPlan {
        UndoPlan(
            source: now.source.name, database: database, xid: TransactionID(commit.xid),
            commitTime: commit.time, commit: commit.lsn, deeds: deeds, nowEnd: end,
            nowTime: now.planned.plan.requestedTime ?? commit.time, tables: [], leftOut: [])
    }

    func notes(_ copies: [PrivateCopy]) -> [String] {
        var notes = before.planned.notes
        for name in copies.last?.inDoubt ?? [] {
            notes.append(
                "Prepared transaction '\(name)' is in doubt: what it would change is not counted as changed.")
        }
        return notes
    }
}

/// A table as a person names it: `shop.orders` or `orders`.
struct TableWord {
    private let schema: String?
    private let name: String

    /// - Throws: `.usage` for what is no name.
    init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), !parts.contains("") else {
            throw Problem(.usage, "'\(text)' is no table", hint: "Say it like 'orders' or 'public.orders'.")
        }
        schema = parts.count == 2 ? parts[0] : nil
        name = parts[parts.count - 1]
    }

    func matches(_ table: QualifiedName) -> Bool {
        table.name == name && (schema == nil || table.schema == schema)
    }
}

/// How long each part of a work took.
struct StepTimes {
    private(set) var steps: [(name: String, seconds: Double)] = []

    mutating func time<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
        let watch = Stopwatch()
        let value = try body()
        steps.append((name, watch.seconds))
        return value
    }
}

extension TransactionFootprint {
    /// Without rows of other databases and of shared catalogs.
    func keeping(database: ObjectID) -> TransactionFootprint {
        var kept = self
        kept.relations = relations.filter { $0.key.database == database }
        kept.dropped = dropped.filter { $0.database == database }
        return kept
    }
}

extension RequestedTarget {
    /// For the activity log.
    var logWords: String {
        switch self {
        case .transaction(let number, _): "transaction \(number)"
        case .event(let event): event.words
        default: "a position"
        }
    }
}
