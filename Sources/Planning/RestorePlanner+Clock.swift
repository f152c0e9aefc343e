public import PostgresFormat

/// Commits timed at or before the target that stand behind the cut, since the source's clock had gone back.
struct Latecomers {
    var count = 0
    /// The last one in the WAL: a target there has them all inside.
    var last: TransactionEnd?
    var earliest: PostgresTimestamp?
    var latest: PostgresTimestamp?

    mutating func add(_ end: TransactionEnd) {
        count += 1
        last = end
        earliest = min(earliest ?? end.time, end.time)
        latest = max(latest ?? end.time, end.time)
    }
}

extension Hazard {
    /// Times in the WAL go backwards around the target.
    public static let timesGoBack = "times-go-back"
}

/// Times in the WAL need not rise: the clock of a server may be set back.
extension RestorePlanner {
    /// Whether the WAL goes on behind that time: whatever the clock says now, everything timed at or before
    /// it that comes first in the WAL is there.
    public func holdsEnd(after time: PostgresTimestamp) -> Bool {
        inventory.segments.contains { $0.summary.maxStopTime.map { $0 > time } ?? false }
    }

    /// What a person should know who thinks of a time and gets a place in the WAL; nil where times rise.
    func hazard(of limit: PostgresTimestamp, leavingOut outside: RecordFacts, in wal: TimelineWAL) throws
        -> Hazard?
    {
        let found = try latecomers(limit, behind: outside, in: wal)
        guard let last = found.last, let earliest = found.earliest, let latest = found.latest else {
            return nil
        }
        let one = found.count == 1
        let when = earliest == latest ? "at \(earliest)" : "between \(earliest) and \(latest)"
        return Hazard(
            code: Hazard.timesGoBack,
            message: "\(found.count) \(one ? "transaction" : "transactions") timed at or before the target "
                + "\(one ? "lies" : "lie") beyond the cut, committed \(when) by a clock that had gone back: "
                + "--lsn \(last.start) (or --xid \(last.xid)) includes \(one ? "it" : "them"), "
                + "with all that was committed in front of \(one ? "it" : "the last of them")")
    }

    private func latecomers(
        _ limit: PostgresTimestamp, behind outside: RecordFacts, in wal: TimelineWAL
    ) throws -> Latecomers {
        var found = Latecomers()
        for entry in wal.entries where entry.segment.name.end > outside.start {
            let summary = entry.segment.summary
            // A record that crosses into the next segment is not in the summary's own times.
            let times = [summary.minStopTime, entry.lastEnd?.time].compactMap { $0 }
            guard times.contains(where: { $0 <= limit }) else { continue }
            try source.records(startingIn: entry.segment.name) { record in
                guard record.start > outside.start, let end = record.transaction, end.time <= limit else {
                    return true
                }
                switch end.kind {
                case .commit, .commitPrepared: found.add(end)
                case .abort, .abortPrepared, .prepare: break
                }
                return true
            }
        }
        return found
    }
}
