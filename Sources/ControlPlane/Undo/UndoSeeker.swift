import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import ServiceModel
import WALEvents

/// Finds the records that end the transactions which are to be taken back.
struct UndoSeeker {
    struct Sought {
        /// In the order of WAL, each once.
        var commits: [BoundaryRecord]
        /// What the transactions did, where that is known.
        var deeds: [String] = []
        /// How what was asked for was understood.
        var notes: [String] = []
    }

    private let plane: ControlPlane
    private let request: UndoRequest
    private let source: ServerRow

    init(_ plane: ControlPlane, _ request: UndoRequest, _ source: ServerRow) {
        self.plane = plane
        self.request = request
        self.source = source
    }

    func prepare(_ target: RequestedTarget) throws -> PreparedRestore {
        var asked = RestoreRequest(
            resourceGroup: request.resourceGroup, sourceServer: request.sourceServer, target: target)
        asked.timeline = request.timeline
        return try plane.prepare(asked, source: source, checkName: false)
    }

    /// - Parameter latest: what now is, with the source's WAL up to there.
    func seek(_ latest: PreparedRestore) throws -> Sought {
        let held = latest.held
        switch request.wanted {
        case .transactions(let numbers):
            return try several(numbers.map { .transaction($0, exclusive: true) })
        case .event(let event): return try several([.event(event)])
        case .everyEvent(let event):
            let places = Set(try plane.eventBoundaries(event, of: plane.reader(of: source), held))
            guard let first = places.min(), let last = places.max() else { return Sought(commits: []) }
            // The last one itself is among them.
            let commits = try commits(in: held, from: first, to: last.advanced(by: 1))
            return Sought(
                commits: commits.filter { places.contains($0.lsn) }, deeds: ["each: \(event.words)"])
        case .window(let from, let to):
            let (begin, end) = (try end(of: from, latest), try end(of: to, latest))
            guard begin < end else { return Sought(commits: []) }
            return Sought(commits: try commits(in: held, from: begin, to: end))
        }
    }

    /// Up to where a restore to that time replays; what is still to come, or committed since, is behind now.
    private func end(of time: RequestedTime, _ latest: PreparedRestore) throws -> LSN {
        let limit = latest.planned.plan.expectedEnd
        let planner = RestorePlanner(inventory: latest.held.inventory, source: latest.held.wal)
        guard planner.holdsEnd(after: time.instant) else { return limit }
        let prepared = try prepare(.time(time))
        defer { prepared.release() }
        return min(prepared.planned.plan.expectedEnd, limit)
    }

    private func several(_ targets: [RequestedTarget]) throws -> Sought {
        var sought = Sought(commits: [])
        for target in targets {
            let prepared = try prepare(target)
            defer { prepared.release() }
            let commit = try Self.commit(of: prepared.planned.plan, target)
            guard !sought.commits.contains(where: { $0.lsn == commit.lsn }) else { continue }
            sought.commits.append(commit)
            for note in prepared.planned.notes where !sought.notes.contains(note) {
                sought.notes.append(note)
            }
            let deeds = prepared.planned.firstOutsideDid
            sought.deeds += targets.count == 1 ? deeds : deeds.map { "\(commit.xid): \($0)" }
        }
        sought.commits.sort { $0.lsn < $1.lsn }
        return sought
    }

    private func commits(in held: HeldSource, from begin: LSN, to end: LSN) throws -> [BoundaryRecord] {
        var commits: [BoundaryRecord] = []
        try held.records(from: begin, to: end) { (record) throws(Problem) in
            try plane.cancellation.check()
            guard let end = record.transactionDetails?.end, end.kind.isCommit, end.xid.isNormal else {
                return true
            }
            commits.append(
                BoundaryRecord(
                    kind: end.kind == .commit ? .commit : .commitPrepared, lsn: end.start, endLSN: end.end,
                    xid: end.xid.rawValue, time: end.time))
            return true
        }
        return commits
    }

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
}
