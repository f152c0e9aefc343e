import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import Repair
import Repository
import ServiceModel
import WALEvents

/// The three moments of an undo: just before the first transaction's commit, just after the last one's, and
/// now.
struct UndoMoments {
    let before: PreparedRestore
    let after: PreparedRestore
    let now: PreparedRestore
    /// The records that end the transactions which are taken back, in order.
    let commits: [BoundaryRecord]
    private let deeds: [String]
    private let understood: [String]

    var all: [PreparedRestore] { [before, after, now] }

    init(_ plane: ControlPlane, _ request: UndoRequest, _ source: ServerRow) throws {
        let seeker = UndoSeeker(plane, request, source)
        var made: [PreparedRestore] = []
        do {
            var latest = try seeker.prepare(.latest(asOf: nil))
            made.append(latest)
            let sought = try seeker.seek(latest)
            commits = sought.commits
            // Each is looked for by itself, so one may be found that was not there when now was read.
            if let last = commits.last, latest.planned.plan.expectedEnd < last.endLSN {
                made.removeLast().release()
                latest = try seeker.prepare(.latest(asOf: nil))
                made.append(latest)
                guard latest.planned.plan.expectedEnd >= last.endLSN else {
                    throw Problem(
                        .walMissing,
                        "the WAL of server '\(source.name)' ends in front of transaction \(last.xid)",
                        detail: "it was read up to \(latest.planned.plan.expectedEnd) just now; the "
                            + "transaction was found at \(last.lsn) a moment before",
                        hint: "Give the command again.")
                }
            }
            deeds = sought.deeds
            understood = sought.notes
            guard let first = commits.first, let last = commits.last else {
                throw Problem(
                    .resourceNotFound, "no transaction committed then",
                    hint: "'pitr timeline -s \(source.name)' shows what happened, and when.")
            }
            now = latest
            before = try seeker.prepare(.position(first.lsn, exclusive: true))
            made.append(before)
            after = try seeker.prepare(.position(last.lsn, exclusive: false))
        } catch {
            made.forEach { $0.release() }
            throw error
        }
    }

    var found: CommittedTransactions { CommittedTransactions(of: commits) }

    func release() { all.forEach { $0.release() } }

    /// Everything the transactions did to rows, with what was done to them since.
    func footprint(_ cancellation: CancellationFlag) throws -> TransactionFootprint {
        let held = now.held
        guard let first = commits.first, let last = commits.last else { return TransactionFootprint() }
        let wanted = Set(commits.map(\.lsn))
        var own: Set<TransactionID> = []
        try held.records(from: first.lsn, to: last.endLSN) { (record) throws(Problem) in
            try cancellation.check()
            guard wanted.contains(record.start), let end = record.transactionDetails else { return true }
            own.formUnion([end.end.xid] + end.subtransactions)
            return true
        }
        guard commits.allSatisfy({ own.contains(TransactionID($0.xid)) }) else {
            throw Problem(.walMissing, "the available WAL has no end of transaction \(first.xid)")
        }
        let begin = try begin(in: held, first)
        var taken = TakenRows(own: own)
        var others = OthersWork(own: own, since: first.lsn)
        if commits.count > 1 {
            try held.records(from: begin, to: last.lsn) { (record) throws(Problem) in
                try cancellation.check()
                taken.add(record)
                others.add(record)
                return true
            }
        }
        var follower = RowFollower(own, taken: taken)
        try held.records(from: begin, to: now.planned.plan.expectedEnd) { (record) throws(Problem) in
            try cancellation.check()
            follower.add(record)
            return true
        }
        if let unreadable = follower.unreadable {
            // Its checksum is right: nothing of the WAL is damaged.
            throw Problem(
                .operationNotSupported,
                "the WAL record at \(unreadable) is of a form that pitr does not know",
                detail: "it is whole, and which row it changed cannot be told",
                hint: "'pitr wal show --lsn \(unreadable)..' prints it. A restore replays it all the same.")
        }
        var footprint = follower.finished()
        footprint.others = others
        return footprint
    }

    /// Where the first record of any of them may be: numbers are given out in order.
    private func begin(in held: HeldSource, _ first: BoundaryRecord) throws -> LSN {
        let oldest = commits.reduce(first) { oldest, other in
            TransactionID(other.xid).precedes(TransactionID(oldest.xid)) ? other : oldest
        }
        return min(try held.begin(of: TransactionID(oldest.xid), endingAt: oldest.lsn), first.lsn)
    }

    /// - Parameter footprint: of one database.
    func plan(database: UndoDatabase, end: LSN, _ footprint: TransactionFootprint) -> UndoPlan {
        var working: Set<LSN> = []
        for (file, tracks) in footprint.relations where !footprint.isOfCatalog(file) {
            for track in tracks { working.formUnion(track.steps.filter(\.isOwn).map(\.commit)) }
        }
        let told = commits.count == 1 ? commits : commits.filter { working.contains($0.lsn) }
        return UndoPlan(
            source: now.source.name, database: database.name,
            transactions: told.map {
                .init(xid: TransactionID($0.xid), commitTime: $0.time, commit: $0.lsn)
            }, deeds: deeds, nowEnd: end,
            nowTime: now.planned.plan.requestedTime ?? commits.last?.time
                ?? PostgresTimestamp(microseconds: 0),
            tables: [], leftOut: database.leftOut)
    }

    func notes(_ copies: [PrivateCopy]) -> [String] {
        var notes = understood
        for name in copies.last?.inDoubt ?? [] {
            notes.append(
                "Prepared transaction '\(name)' is in doubt: what it would change is not counted as changed.")
        }
        return notes
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
