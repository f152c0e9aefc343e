import PostgresFormat

/// The segments that hold a range of the log.
struct WALRange {
    let numbers: ClosedRange<UInt64>

    /// `to` is exclusive; an empty range still needs the segment of `from`.
    init(from: LSN, to: LSN, size: WALSegmentSize) {
        let first = from.rawValue / size.bytes
        numbers = first...max(first, to.rawValue > 0 ? (to.rawValue - 1) / size.bytes : first)
    }
}

/// How the planner asks the log: by summary first, opening a segment only where that does not decide.
extension RestorePlanner {
    /// The first commit or abort timed after `time`, in the order of the log.
    func firstOutside(after time: PostgresTimestamp, in log: TimelineLog) throws -> LogRecord? {
        for entry in log.entries {
            guard let newest = entry.maxStopTime, newest > time else { continue }
            var found: LogRecord?
            try source.records(startingIn: entry.segment.name) { record in
                if let end = record.transaction, end.kind.canStopRecovery, end.time > time {
                    found = record
                    return false
                }
                return true
            }
            if let found { return found }
        }
        return nil
    }

    /// The last commit, abort or prepare timed at or before `limit` that lies in the range.
    func lastInside(limit: PostgresTimestamp?, before: LSN, notBefore: LSN, in log: TimelineLog) throws
        -> TransactionEnd?
    {
        for entry in log.entries.reversed() {
            let name = entry.segment.name
            if name.start >= before { continue }
            if name.end <= notBefore { return nil }
            guard let last = entry.lastEnd else { continue }
            if last.start < before, last.start >= notBefore, limit.map({ last.time <= $0 }) ?? true {
                return last
            }
            var found: TransactionEnd?
            try source.records(startingIn: name) { record in
                if record.start >= before { return false }
                if let end = record.transaction, record.start >= notBefore,
                    limit.map({ end.time <= $0 }) ?? true
                {
                    found = end
                }
                return true
            }
            if let found { return found }
        }
        return nil
    }

    /// The first record in `[from, to)` that is one of `kinds`.
    func firstHazard(_ kinds: SegmentHazards, from: LSN, to: LSN, in log: TimelineLog) throws -> LogRecord? {
        try firstRecord(from: from, to: to, in: log, worthOpening: { !$0.hazards.isDisjoint(with: kinds) }) {
            !$0.hazards.isDisjoint(with: kinds)
        }
    }

    /// The position of the first PREPARE timed after `time` in `[from, to)`.
    func prepareAfter(_ time: PostgresTimestamp, from: LSN, to: LSN, in log: TimelineLog) throws -> LSN? {
        try firstRecord(from: from, to: to, in: log, worthOpening: { $0.hazards.contains(.prepare) }) {
            $0.transaction.map { $0.kind == .prepare && $0.time > time } ?? false
        }?.start
    }

    private func firstRecord(
        from: LSN, to: LSN, in log: TimelineLog, worthOpening: (TimelineLog.Entry) -> Bool,
        where matches: (LogRecord) -> Bool
    ) throws -> LogRecord? {
        for entry in log.entries where entry.segment.name.end > from && entry.segment.name.start < to {
            guard worthOpening(entry) else { continue }
            var found: LogRecord?
            try source.records(startingIn: entry.segment.name) { record in
                if record.start >= to { return false }
                if record.start >= from, matches(record) {
                    found = record
                    return false
                }
                return true
            }
            if let found { return found }
        }
        return nil
    }

    /// Refuses a range with a segment missing or damaged, and says what is reachable on both sides.
    func requireUnbroken(_ range: WALRange, in log: TimelineLog) throws {
        let damaged = inventory.damaged.first {
            $0.name.timeline == log.timeline && range.numbers.contains($0.name.number)
        }
        let broken = log.entries.first {
            range.numbers.contains($0.segment.name.number)
                && $0.segment.name.number < range.numbers.upperBound
                && !$0.segment.summary.isComplete
        }
        let gap = log.firstGap(from: range.numbers.lowerBound, through: range.numbers.upperBound)
        let first = [damaged?.name.number, broken?.segment.name.number, gap].compactMap { $0 }.min()
        guard let first else { return }
        let name = SegmentName(timeline: log.timeline, number: first, size: inventory.segmentSize)
        let before = log.entries.last { $0.segment.name.number < first && $0.maxStopTime != nil }?.maxStopTime
        let after = inventory.backups.filter { $0.damage == nil && $0.startLSN >= name.end }.map(\.stopTime)
            .min()
        if let damaged, damaged.name.number == first {
            throw Refusal.damagedSegment(
                name, reason: damaged.reason, lastBefore: before, reachableFrom: after)
        }
        if let broken, broken.segment.name.number == first {
            throw Refusal.damagedSegment(
                name, reason: broken.segment.summary.endDescription, lastBefore: before, reachableFrom: after)
        }
        throw Refusal.missingSegment(name, lastBefore: before, reachableFrom: after)
    }
}
