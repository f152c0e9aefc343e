import PostgresFormat

/// The segments that hold a range of the WAL.
struct WALRange {
    let numbers: ClosedRange<UInt64>
    /// The first byte behind the range.
    let to: LSN

    /// `to` is exclusive; an empty range still needs the segment of `from`.
    init(from: LSN, to: LSN, size: WALSegmentSize) {
        let first = from.rawValue / size.bytes
        self.to = to
        numbers = first...max(first, to.rawValue > 0 ? (to.rawValue - 1) / size.bytes : first)
    }

    /// Where the first of the segments begins.
    func first(_ size: WALSegmentSize) -> LSN { LSN(numbers.lowerBound * size.bytes) }
    /// Where the last of them ends.
    func end(_ size: WALSegmentSize) -> LSN { LSN((numbers.upperBound + 1) * size.bytes) }
}

/// How the planner asks the WAL: by summary first, opening a segment only where that does not decide.
extension RestorePlanner {
    /// The first commit or abort timed after `time`, in WAL order.
    func firstOutside(after time: PostgresTimestamp, in wal: TimelineWAL) throws -> RecordFacts? {
        for entry in wal.entries {
            guard let newest = entry.maxStopTime, newest > time else { continue }
            var found: RecordFacts?
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
    func lastInside(limit: PostgresTimestamp?, before: LSN, notBefore: LSN, in wal: TimelineWAL) throws
        -> TransactionEnd?
    {
        for entry in wal.entries.reversed() {
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
    func firstHazard(_ kinds: SegmentHazards, from: LSN, to: LSN, in wal: TimelineWAL) throws -> RecordFacts?
    {
        try firstRecord(from: from, to: to, in: wal, worthOpening: { !$0.hazards.isDisjoint(with: kinds) }) {
            !$0.hazards.isDisjoint(with: kinds)
        }
    }

    /// All records in `[from, to)` that are one of `kinds`.
    func allHazards(_ kinds: SegmentHazards, from: LSN, to: LSN, in wal: TimelineWAL) throws -> [RecordFacts]
    {
        var found: [RecordFacts] = []
        _ = try firstRecord(
            from: from, to: to, in: wal, worthOpening: { !$0.hazards.isDisjoint(with: kinds) }
        ) { record in
            if !record.hazards.isDisjoint(with: kinds) { found.append(record) }
            return false
        }
        return found
    }

    /// The position of the first PREPARE timed after `time` in `[from, to)`.
    func prepareAfter(_ time: PostgresTimestamp, from: LSN, to: LSN, in wal: TimelineWAL) throws -> LSN? {
        try firstRecord(from: from, to: to, in: wal, worthOpening: { $0.hazards.contains(.prepare) }) {
            $0.transaction.map { $0.kind == .prepare && $0.time > time } ?? false
        }?.start
    }

    private func firstRecord(
        from: LSN, to: LSN, in wal: TimelineWAL, worthOpening: (TimelineWAL.Entry) -> Bool,
        where matches: (RecordFacts) -> Bool
    ) throws -> RecordFacts? {
        for entry in wal.entries where entry.segment.name.end > from && entry.segment.name.start < to {
            guard worthOpening(entry) else { continue }
            var found: RecordFacts?
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
    func requireUnbroken(_ range: WALRange, in wal: TimelineWAL) throws {
        guard let fault = firstFault(in: range, of: wal) else { return }
        throw refusal(fault, in: wal)
    }

    /// A segment that cannot be used; without a reason it is missing.
    struct Fault {
        let segment: SegmentName
        let reason: String?
        /// Up to where it can be used all the same.
        var position: LSN?
    }

    private func firstFault(in range: WALRange, of wal: TimelineWAL) -> Fault? {
        let damaged = inventory.damaged.filter {
            range.numbers.contains($0.name.number) && $0.position.map { $0 < range.to } ?? true
        }.min { $0.begin < $1.begin }
        let broken = wal.entries.first {
            range.numbers.contains($0.segment.name.number)
                && $0.segment.name.number < range.numbers.upperBound
                && !$0.isComplete
        }
        let gap = wal.firstGap(from: range.numbers.lowerBound, through: range.numbers.upperBound)
        let first = [damaged?.name.number, broken?.segment.name.number, gap].compactMap { $0 }.min()
        guard let first else { return nil }
        if let damaged, damaged.name.number == first {
            return Fault(damaged)
        }
        let wanted = inventory.path.segment(first, inventory.segmentSize)
        // What an older timeline has of a segment is whole, and yet not the segment that is wanted.
        if let broken, broken.segment.name == wanted {
            return Fault(segment: wanted, reason: broken.segment.summary.endDescription)
        }
        return Fault(segment: wanted, reason: nil)
    }

    func refusal(_ damaged: DamagedSegment, in wal: TimelineWAL) -> Refusal {
        refusal(Fault(damaged), in: wal)
    }

    func refusal(_ fault: Fault, in wal: TimelineWAL) -> Refusal {
        let (before, after) = reachable(around: fault.segment, in: wal)
        guard let reason = fault.reason else {
            return .missingSegment(fault.segment, lastBefore: before, reachableFrom: after)
        }
        return .damagedSegment(fault.segment, reason: reason, lastBefore: before, reachableFrom: after)
    }

    /// Before which instant a backup and the WAL in front of a segment reach, and from which one on a backup
    /// behind it can be used.
    private func reachable(around segment: SegmentName, in wal: TimelineWAL)
        -> (before: PostgresTimestamp?, after: PostgresTimestamp?)
    {
        let sound = inventory.backups.filter { backup in
            backup.damage == nil
                && firstFault(in: range(backup.startLSN, backup.stopLSN), of: wal) == nil
        }
        let begin = inventory.damaged.first { $0.name == segment }?.begin ?? segment.start
        let before = sound.filter { $0.stopLSN <= begin }.compactMap { reach(of: $0, in: wal) }.max()
        let after = sound.filter { $0.startLSN >= segment.end }.filter { backup in
            firstFault(in: range(backup.startLSN, endOfWAL(wal)), of: wal) == nil
                || reach(of: backup, in: wal) != nil
        }.map(\.stopTime).min()
        return (before, after)
    }

    /// Every instant from a backup's end to before this one can be reached: a later commit or abort follows
    /// in the unbroken WAL behind it. Nil when there is no such instant.
    private func reach(of backup: InventoryBackup, in wal: TimelineWAL) -> PostgresTimestamp? {
        let fault = firstFault(in: range(backup.startLSN, endOfWAL(wal)), of: wal)
        let newest = wal.entries.filter { entry in
            entry.segment.name.end > backup.stopLSN && fault.map { $0.leaves(entry.segment.name) } ?? true
        }.compactMap(\.maxStopTime).max()
        return newest.flatMap { $0 > backup.stopTime ? $0 : nil }
    }

    private func endOfWAL(_ wal: TimelineWAL) -> LSN {
        wal.entries.last?.segment.name.end ?? .zero
    }

    private func range(_ from: LSN, _ to: LSN) -> WALRange {
        WALRange(from: from, to: to, size: inventory.segmentSize)
    }

    /// Refuses when the last segment of a range that was found unbroken cannot be read up to `lsn`.
    func requireReadable(through lsn: LSN, in wal: TimelineWAL) throws {
        guard let index = wal.index(of: (lsn.rawValue - 1) / inventory.segmentSize.bytes),
            case .endsAt(let end, _) = wal.entries[index].segment.summary.outcome, end < lsn
        else { return }
        throw refusal(
            Fault(
                segment: wal.entries[index].segment.name,
                reason: wal.entries[index].segment.summary.endDescription), in: wal)
    }

    /// Whether no commit timed after `time` can lie unseen before a backup that ended after it.
    ///
    /// A hole in the WAL may hide the very record that ends the state at `time`; a backup behind the hole
    /// would then bring in what was committed later. One that had ended by `time` cannot, nor can what came
    /// before that.
    func isWALKnown(before backup: InventoryBackup, since time: PostgresTimestamp, in wal: TimelineWAL)
        -> Bool
    {
        let older = inventory.backups.filter {
            $0.startLSN < backup.startLSN && $0.stopTime <= time && $0.startLSN > .zero
        }.map(\.startLSN).max()
        guard let from = older ?? wal.entries.first?.segment.name.start, from < backup.startLSN else {
            return true
        }
        return firstFault(in: range(from, backup.startLSN), of: wal) == nil
    }
}

extension RestorePlanner.Fault {
    init(_ damaged: DamagedSegment) {
        self.init(segment: damaged.name, reason: damaged.reason, position: damaged.position)
    }

    /// Whether what is held of a segment lies before the fault. Of the segment itself only that part is held.
    func leaves(_ name: SegmentName) -> Bool { name < segment || position != nil && name == segment }
}
