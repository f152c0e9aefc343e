import PostgresFormat

/// Where a target that names a record, and no time, divides the WAL.
struct Cut {
    /// The record that the target names.
    let record: RecordFacts
    /// Whether the record is the last one inside; else it is the first one left out.
    let isInside: Bool
    /// Whether every record in front counts as inside; else only those up to the last one that ended a
    /// transaction, and what takes effect by itself behind that is left out.
    let isByRecord: Bool
    /// What would have PostgreSQL stop there.
    let setting: RecoverySetting
    /// Why it stops there with that.
    let reason: String
    /// Records at which it would stop as well, between a backup and the cut.
    var alike: [LSN] = []
    /// What they are.
    var alikeWords = ""

    /// The first position that is not inside.
    var limit: LSN { isInside ? record.end : record.start }

    /// Whether recovery from a backup is consistent by the time it gets here.
    func isReachable(from backup: InventoryBackup) -> Bool { limit >= backup.stopLSN }
}

/// Finds the cut in the WAL of one timeline.
extension RestorePlanner {
    func cut(of target: RecoveryTarget, in wal: TimelineWAL) throws -> Cut {
        switch target {
        case .position(let lsn, let exclusive): try cut(of: lsn, exclusive: exclusive, in: wal)
        case .transaction(let number, let exclusive): try cut(of: number, exclusive: exclusive, in: wal)
        case .restorePoint(let name): try cut(ofRestorePoint: name, in: wal)
        case .event(let lsn, let description): try cut(before: lsn, description, in: wal)
        case .latest, .time, .backup: throw Refusal.timeNotExact(reason: "it is no position in the WAL")
        }
    }

    // MARK: A position

    private func cut(of lsn: LSN, exclusive: Bool, in wal: TimelineWAL) throws -> Cut {
        let damaged = inventory.damaged.first { damaged in
            damaged.position.map { endBefore($0) <= lsn && lsn <= $0 } ?? false
        }
        if exclusive, let damaged, let last = try lastRecord(before: damaged.begin, in: wal) {
            return Cut(
                record: last, isInside: true, isByRecord: true, setting: .lsn(last.start),
                reason: "the start of the last record in front of it, because the one there is damaged")
        }
        if let record = try firstRecord(atOrAfter: lsn, in: wal) {
            return Cut(
                record: record, isInside: !exclusive, isByRecord: true,
                setting: exclusive ? .beforeLSN(lsn) : .lsn(lsn),
                reason: "it stops \(exclusive ? "before" : "after") the first record that starts "
                    + "at or after that position, the one at \(record.start)")
        }
        if let damaged = inventory.lastDamage { throw refusal(damaged, in: wal) }
        let last = try lastRecord(before: .max, in: wal)
        let end = last?.end ?? .zero
        guard exclusive, let last, lsn <= end || endBefore(lsn) == end else {
            throw Refusal.cut(.positionTooLate(lsn, end: end, exclusive: exclusive))
        }
        return Cut(
            record: last, isInside: true, isByRecord: true, setting: .lsn(last.start),
            reason: "the start of the last record in front of it, because the available WAL ends there")
    }

    /// The record that begins exactly at a position that an event named.
    private func cut(before lsn: LSN, _ description: String, in wal: TimelineWAL) throws -> Cut {
        guard let record = try firstRecord(atOrAfter: lsn, in: wal), record.start == lsn else {
            throw Refusal.cut(.eventGone(description: description, lsn))
        }
        return Cut(
            record: record, isInside: false, isByRecord: false, setting: .beforeLSN(lsn),
            reason: record.transaction == nil
                ? "it stops right before the record that did it, which needs no commit"
                : "it stops right before the record that made it final")
    }

    /// The first record that starts at or after a position. Nil at the end of the WAL; a hole before it is
    /// refused.
    private func firstRecord(atOrAfter lsn: LSN, in wal: TimelineWAL) throws -> RecordFacts? {
        guard let first = wal.entries.first?.segment.name, let last = wal.entries.last?.segment.name else {
            throw Refusal.cut(.positionTooEarly(lsn, earliest: earliestPosition))
        }
        let number = lsn.rawValue / inventory.segmentSize.bytes
        if number < first.number { throw Refusal.cut(.positionTooEarly(lsn, earliest: earliestPosition)) }
        if number > last.number { return nil }
        var next = number
        while next <= last.number {
            guard let index = wal.index(of: next) else { throw missing(next, in: wal) }
            var found: RecordFacts?
            try source.records(startingIn: wal.entries[index].segment.name) { record in
                if record.start < lsn { return true }
                found = record
                return false
            }
            if let found { return found }
            if let damaged = inventory.damaged.first(where: { $0.name.number == next }) {
                throw refusal(damaged, in: wal)
            }
            next += 1
        }
        return nil
    }

    private func missing(_ number: UInt64, in wal: TimelineWAL) -> Refusal {
        let name = SegmentName(timeline: wal.timeline, number: number, size: inventory.segmentSize)
        let damage = inventory.damaged.first { $0.name == name }?.reason
        return refusal(Fault(segment: name, reason: damage), in: wal)
    }

    /// Where the oldest backup that can be used becomes consistent.
    private var earliestPosition: LSN {
        inventory.backups.filter { $0.damage == nil }.map(\.stopLSN).min() ?? .zero
    }

    func lastRecord(before lsn: LSN, in wal: TimelineWAL) throws -> RecordFacts? {
        for entry in wal.entries.reversed() where entry.segment.name.start < lsn {
            var found: RecordFacts?
            try source.records(startingIn: entry.segment.name) { record in
                if record.start >= lsn { return false }
                found = record
                return true
            }
            if let found { return found }
        }
        return nil
    }

    // MARK: A restore point

    private func cut(ofRestorePoint name: String, in wal: TimelineWAL) throws -> Cut {
        let known = try restorePoints(in: wal)
        let matching = known.filter { $0.restorePoint?.name == name }
        guard let record = matching.first else {
            if let damaged = inventory.lastDamage { throw refusal(damaged, in: wal) }
            throw Refusal.cut(.unknownRestorePoint(name, known: known.compactMap(NamedPoint.init)))
        }
        guard matching.count == 1 else {
            throw Refusal.cut(
                .ambiguousRestorePoint(name, candidates: matching.compactMap(NamedPoint.init)))
        }
        let canHold = RecoverySetting.canHold(name)
        return Cut(
            record: record, isInside: true, isByRecord: true,
            setting: canHold ? .name(name) : .lsn(record.start),
            reason: canHold
                ? "it stops right after the record of that restore point, at \(record.start)"
                : "the start of the restore point's record: its name cannot stand in a configuration file")
    }

    private func restorePoints(in wal: TimelineWAL) throws -> [RecordFacts] {
        var found: [RecordFacts] = []
        for entry in wal.entries where entry.hazards.contains(.restorePoint) {
            try source.records(startingIn: entry.segment.name) { record in
                if record.restorePoint != nil { found.append(record) }
                return true
            }
        }
        return found
    }
}

extension NamedPoint {
    init?(_ record: RecordFacts) {
        guard let point = record.restorePoint else { return nil }
        self.init(name: point.name, lsn: record.start, time: point.time)
    }
}
