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
        try seek(request.wanted, latest)
    }

    private func seek(_ wanted: UndoRequest.Wanted, _ latest: PreparedRestore) throws -> Sought {
        let held = latest.held
        switch wanted {
        case .transactions(let numbers):
            return try several(numbers.map { .transaction($0, exclusive: true) })
        case .event(let event): return try several([.event(event)])
        case .everyEvent(let event):
            let places = Set(try plane.eventBoundaries(event, of: plane.reader(of: source), held))
            return Sought(commits: try commits(at: places, in: held), deeds: ["each: \(event.words)"])
        case .window(let from, let to):
            let (begin, end) = (try end(of: from, latest), try end(of: to, latest))
            guard begin < end else { return Sought(commits: []) }
            return Sought(commits: try commits(in: held, from: begin, to: end))
        case .shown(let shown, let asked): return try seek(shown, of: asked, latest)
        }
    }

    /// What was shown and nothing else; what fits by now as well is told.
    private func seek(
        _ shown: CommittedTransactions, of asked: UndoRequest.Wanted, _ latest: PreparedRestore
    ) throws -> Sought {
        var sought = Sought(commits: [])
        let areSame: Bool
        switch try shown.kept() {
        case .each(let all):
            sought.commits = try commits(at: Set(all.map(\.commit)), in: latest.held)
            areSame = Set(sought.commits.map(\.committed)) == Set(all)
        case .many(let many):
            sought.commits = try commits(of: many, asked, latest)
            areSame = CommittedTransactions.Many(of: sought.commits) == many
        }
        guard areSame else {
            throw Problem(
                .resourceNotFound, "the transactions that the preview showed are not where they were",
                hint: "Make the preview again: the server's WAL is another one by now.")
        }
        let places = Set(sought.commits.map(\.lsn))
        sought.deeds = try deeds(of: sought.commits, asked)
        if let note = try newcomers(asked, besides: places, latest) { sought.notes.append(note) }
        return sought
    }

    /// What is there now where very many were shown: of a window whatever committed between the first and the
    /// last of them, else what of that is as it was asked for.
    private func commits(
        of many: CommittedTransactions.Many, _ asked: UndoRequest.Wanted, _ latest: PreparedRestore
    ) throws -> [BoundaryRecord] {
        if case .window = asked {
            return try commits(in: latest.held, from: many.first, to: many.last.advanced(by: 1))
        }
        return try seek(asked, latest).commits.filter { many.first <= $0.lsn && $0.lsn <= many.last }
    }

    private func deeds(of commits: [BoundaryRecord], _ asked: UndoRequest.Wanted) throws -> [String] {
        switch asked {
        case .transactions, .event:
            let targets = commits.map { RequestedTarget.position($0.lsn, exclusive: true) }
            return try several(targets).deeds
        case .everyEvent(let event): return ["each: \(event.words)"]
        case .window, .shown: return []
        }
    }

    /// Nil where nothing else is as it was asked for.
    private func newcomers(
        _ asked: UndoRequest.Wanted, besides places: Set<LSN>, _ latest: PreparedRestore
    ) throws -> String? {
        if case .transactions = asked { return nil }
        do {
            let others = try seek(asked, latest).commits.filter { !places.contains($0.lsn) }
            guard !others.isEmpty else { return nil }
            let numbers = others.prefix(20).map { String($0.xid) }.joined(separator: ", ")
            return "Committed since the preview, and not taken back: \(numbers)"
                + (others.count > 20 ? " and \(others.count - 20) more" : "")
                + ". Make a preview again to see what they did."
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500, problem.code != .canceled else { throw problem }
            return "What else is as it was asked for by now is not known: \(problem.message)."
        }
    }

    private func commits(at places: Set<LSN>, in held: HeldSource) throws -> [BoundaryRecord] {
        guard let first = places.min(), let last = places.max() else { return [] }
        // The last one itself is among them.
        return try commits(in: held, from: first, to: last.advanced(by: 1)).filter {
            places.contains($0.lsn)
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
