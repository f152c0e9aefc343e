import PostgresFormat

/// Plans for targets that are a position in the WAL: a position, a transaction, a restore point, an event.
extension RestorePlanner {
    func planPlace(_ target: RecoveryTarget, mode: TargetMode) throws -> RestorePlan {
        if mode == .time {
            throw Refusal.timeNotExact(reason: "\(target.words) is a position in the WAL, not a time")
        }
        var rejected: [RejectedBackup] = []
        var firstFailure: Refusal?
        var byTimeline: [TimelineID: (TimelineWAL, Cut?)] = [:]
        var end = LSN.zero
        for backup in inventory.preferredFirst {
            if let damage = backup.damage {
                rejected.append(RejectedBackup(name: backup.name, damage: damage))
                continue
            }
            do {
                if byTimeline[backup.timeline] == nil {
                    let wal = TimelineWAL(timeline: inventory.path.timeline, segments: inventory.segments)
                    byTimeline[backup.timeline] = (wal, nil)
                    byTimeline[backup.timeline] = (wal, try cut(of: target, in: wal))
                }
                guard let (wal, found) = byTimeline[backup.timeline], let cut = found else { continue }
                end = cut.limit
                guard cut.isReachable(from: backup) else {
                    rejected.append(
                        RejectedBackup(
                            name: backup.name,
                            reason: "ends at \(backup.stopLSN), after the target (\(cut.limit))"))
                    continue
                }
                return try planPlace(
                    target, cut, mode: mode, backup: backup, wal: wal,
                    rejected: rejected + others(than: backup, rejected))
            } catch let refusal as Refusal {
                switch refusal {
                case .cut: break
                case .missingSegment, .damagedSegment, .minimalLogging:
                    rejected.append(RejectedBackup(name: backup.name, reason: refusal.message))
                default: throw refusal
                }
                firstFailure = firstFailure ?? refusal
            }
        }
        throw firstFailure
            ?? Refusal.cut(.everyBackupTooNew(target: target.words, at: end, rejected: rejected))
    }

    private func planPlace(
        _ target: RecoveryTarget, _ cut: Cut, mode: TargetMode, backup: InventoryBackup, wal: TimelineWAL,
        rejected: [RejectedBackup]
    ) throws -> RestorePlan {
        let range = WALRange(from: backup.startLSN, to: cut.record.end, size: inventory.segmentSize)
        try requireUnbroken(range, in: wal)
        try requireReadable(through: backup.stopLSN, in: wal)
        let inside = try lastInside(
            limit: nil, before: cut.limit, notBefore: backup.stopLSN, in: wal)
        var draft = Draft(
            target: target, requested: nil, backup: backup, rejected: rejected, wal: wal, lastInside: inside,
            firstOutside: try firstEnd(from: cut.limit, in: wal), setting: cut.setting,
            reason: cut.reason, end: cut.isInside ? cut.record.end : endBefore(cut.record.start),
            needed: cut.record.end)
        if let obstacle = try obstacle(to: cut, mode: mode, from: backup, inside: inside, in: wal) {
            if cut.isByRecord {
                draft.setting = .lsn(cut.record.start)
                draft.reason = "the start of the last record inside, \(obstacle)"
            } else if let inside {
                draft.setting = .lsn(inside.start)
                draft.reason = "the start of the last record inside, \(obstacle)"
                (draft.end, draft.needed) = (inside.end, inside.end)
            } else {
                draft.setting = .immediate
                draft.reason =
                    "nothing was committed between the end of the backup and the target; stopping there, "
                    + obstacle
                (draft.end, draft.needed) = (backup.stopLSN, backup.stopLSN)
            }
        }
        return try finish(draft)
    }

    /// Why PostgreSQL is not handed what the target itself says; nil if it would stop exactly there.
    private func obstacle(
        to cut: Cut, mode: TargetMode, from backup: InventoryBackup, inside: TransactionEnd?,
        in wal: TimelineWAL
    ) throws -> String? {
        if let earlier = cut.alike.first(where: { $0 >= backup.startLSN && $0 < cut.record.start }) {
            return "because \(cut.alikeWords) at \(earlier) as well"
        }
        if !cut.isByRecord {
            let from = inside?.end ?? backup.stopLSN
            if let record = try firstHazard(.leaking, from: from, to: cut.record.start, in: wal) {
                return "because \(record.hazards.firstName) at \(record.start) would be replayed "
                    + "although it belongs to what is left out"
            }
        }
        switch cut.setting {
        case .lsn: return nil
        case .beforeLSN where cut.isByRecord: return nil
        default: return mode == .lsn ? "as asked by --target-mode lsn" : nil
        }
    }

    /// The first commit, abort or prepare from a position on, as far as the WAL goes on without a hole.
    private func firstEnd(from lsn: LSN, in wal: TimelineWAL) throws -> RecordFacts? {
        guard var index = wal.index(of: lsn.rawValue / inventory.segmentSize.bytes) else { return nil }
        var number = wal.entries[index].segment.name.number
        while index < wal.entries.count, wal.entries[index].segment.name.number == number {
            if let last = wal.entries[index].lastEnd, last.start >= lsn {
                var found: RecordFacts?
                try source.records(startingIn: wal.entries[index].segment.name) { record in
                    guard record.transaction != nil, record.start >= lsn else { return true }
                    found = record
                    return false
                }
                if let found { return found }
            }
            if inventory.damaged.contains(where: { $0.name.number == number }) { return nil }
            index += 1
            number += 1
        }
        return nil
    }
}
