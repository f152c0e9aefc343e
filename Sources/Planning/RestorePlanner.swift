public import PostgresFormat

/// Decides what a restore will do, from what is held and what is wanted. Pure: no clock, no files of its own.
///
/// The state at T is everything up to the last commit, abort or prepare record timed at or before T that
/// stands before the first commit or abort timed after T. Both records are found in the WAL, and PostgreSQL
/// is told to stop exactly between them. A target that is a place in the WAL itself is divided there.
public struct RestorePlanner {
    let inventory: Inventory
    let source: any RecordSource

    public init(inventory: Inventory, source: any RecordSource) {
        self.inventory = inventory
        self.source = source
    }

    /// Makes the plan or throws a `Refusal`; errors of the record source pass through.
    public func plan(_ target: RecoveryTarget, mode: TargetMode = .automatic, now: PostgresTimestamp) throws
        -> RestorePlan
    {
        if case .backup(let name) = target { return try planBackup(name) }
        if inventory.backups.isEmpty, !inventory.choice.rejected.isEmpty {
            throw Refusal.noBackupOnTimeline(inventory.path.timeline, rejected: inventory.choice.rejected)
        }
        guard let earliest = inventory.earliest else {
            throw Refusal.noBackup(
                server: inventory.serverName,
                damaged: inventory.backups.map {
                    RejectedBackup(name: $0.name, reason: $0.damage ?? "damaged")
                })
        }
        switch target {
        case .backup(let name):
            return try planBackup(name)
        case .time(let time):
            try checkBounds(time, earliest: earliest)
            return try planReplay(target, requested: time, limit: time, mode: mode)
        case .latest:
            return try planReplay(target, requested: inventory.latest ?? now, limit: nil, mode: mode)
        case .position, .transaction, .restorePoint, .event:
            return try planPlace(target, mode: mode)
        }
    }

    private func checkBounds(_ time: PostgresTimestamp, earliest: PostgresTimestamp) throws {
        if time < earliest {
            if let backup = inventory.backups.first(where: { $0.startTime <= time && time < $0.stopTime }) {
                throw Refusal.insideBackup(
                    requested: time, backup: backup.name, earliest: earliest, latest: inventory.latest)
            }
            throw Refusal.tooEarly(requested: time, earliest: earliest, latest: inventory.latest)
        }
        guard let latest = inventory.latest, time <= latest || holdsEnd(after: time) else {
            if let damaged = inventory.lastDamage {
                throw refusal(
                    damaged,
                    in: TimelineWAL(timeline: inventory.path.timeline, segments: inventory.segments))
            }
            throw Refusal.tooLate(requested: time, earliest: earliest, latest: inventory.latest)
        }
    }

    // MARK: A backup alone

    private func planBackup(_ name: String) throws -> RestorePlan {
        guard let backup = inventory.backups.first(where: { $0.name.lowercased() == name.lowercased() })
        else {
            if let other = inventory.choice.rejected.first(where: {
                $0.name.lowercased() == name.lowercased()
            }) {
                throw Refusal.noBackupOnTimeline(inventory.path.timeline, rejected: [other])
            }
            throw Refusal.unknownBackup(name: name, known: inventory.backups.map(\.name))
        }
        if let damage = backup.damage { throw Refusal.damagedBackup(name: backup.name, reason: damage) }
        let wal = TimelineWAL(timeline: inventory.path.timeline, segments: inventory.segments)
        let range = WALRange(from: backup.startLSN, to: backup.stopLSN, size: inventory.segmentSize)
        try requireUnbroken(range, in: wal)
        try requireReadable(through: backup.stopLSN, in: wal)
        return try finish(
            Draft(
                target: .backup(backup.name), requested: nil, backup: backup, rejected: [], wal: wal,
                lastInside: nil, firstOutside: nil, setting: .immediate,
                reason: "a full backup alone: replay ends where the backup becomes consistent",
                end: backup.stopLSN, needed: backup.stopLSN))
    }

    // MARK: Replay to a time or to the end

    private func planReplay(
        _ target: RecoveryTarget, requested: PostgresTimestamp, limit: PostgresTimestamp?, mode: TargetMode
    ) throws -> RestorePlan {
        var rejected: [RejectedBackup] = []
        var firstFailure: Refusal?
        var byTimeline: [TimelineID: (TimelineWAL, RecordFacts?)] = [:]
        for backup in inventory.preferredFirst {
            if let damage = backup.damage {
                rejected.append(RejectedBackup(name: backup.name, damage: damage))
                continue
            }
            if byTimeline[backup.timeline] == nil {
                let wal = TimelineWAL(timeline: inventory.path.timeline, segments: inventory.segments)
                let outside = try limit.flatMap { try firstOutside(after: $0, in: wal) }
                byTimeline[backup.timeline] = (wal, outside)
            }
            guard let (wal, outside) = byTimeline[backup.timeline] else { continue }
            if let outside, outside.start < backup.stopLSN {
                rejected.append(
                    RejectedBackup(
                        name: backup.name,
                        reason:
                            "ends at \(backup.stopLSN), after the first record left out (\(outside.start))"))
                continue
            }
            if let limit, backup.stopTime > limit, !isWALKnown(before: backup, since: limit, in: wal) {
                rejected.append(
                    RejectedBackup(
                        name: backup.name,
                        reason: "ends after the target, and what was committed before it is not all available"
                    ))
                continue
            }
            do {
                return try planReplay(
                    target, requested: requested, limit: limit, mode: mode, backup: backup, wal: wal,
                    outside: outside, rejected: rejected + others(than: backup, rejected))
            } catch let refusal as Refusal {
                switch refusal {
                case .missingSegment, .damagedSegment, .minimalLogging:
                    // The gap may lie before a newer backup only; an older one crosses it as well, but says
                    // so.
                    rejected.append(RejectedBackup(name: backup.name, reason: refusal.message))
                    firstFailure = firstFailure ?? refusal
                default: throw refusal
                }
            }
        }
        throw firstFailure ?? Refusal.everyBackupTooNew(requested: requested, rejected: rejected)
    }

    /// Those that were not looked at, because the chosen one was preferred.
    func others(than chosen: InventoryBackup, _ rejected: [RejectedBackup]) -> [RejectedBackup] {
        let known = Set(rejected.map(\.name) + [chosen.name])
        return inventory.backups.filter { !known.contains($0.name) }.sorted { $0.stopLSN > $1.stopLSN }.map {
            let reason =
                $0.stopLSN > chosen.stopLSN
                ? "not verified: begins in the same segment as one that is" : "older: more WAL to replay"
            guard let damage = $0.damage else { return RejectedBackup(name: $0.name, reason: reason) }
            return RejectedBackup(name: $0.name, damage: damage)
        }
    }

    private func planReplay(
        _ target: RecoveryTarget, requested: PostgresTimestamp, limit: PostgresTimestamp?, mode: TargetMode,
        backup: InventoryBackup, wal: TimelineWAL, outside: RecordFacts?, rejected: [RejectedBackup]
    ) throws -> RestorePlan {
        let startNumber = backup.startLSN.rawValue / inventory.segmentSize.bytes
        let upTo: LSN
        if let outside {
            upTo = outside.end
        } else {
            // The WAL reaches at least as far as anything that is known of it: a segment that is held or
            // damaged, and the end of a later backup, whose own WAL may be what is missing.
            let final =
                [
                    wal.entries.last?.segment.name.number,
                    inventory.damaged.map(\.name.number).max(),
                    inventory.backups.filter { $0.damage == nil }
                        .map { (max(1, $0.stopLSN.rawValue) - 1) / inventory.segmentSize.bytes }.max(),
                ].compactMap { $0 }.max() ?? 0
            upTo = max(backup.stopLSN, LSN((max(final, startNumber) + 1) * inventory.segmentSize.bytes))
        }
        try requireUnbroken(WALRange(from: backup.startLSN, to: upTo, size: inventory.segmentSize), in: wal)
        try requireReadable(through: backup.stopLSN, in: wal)
        let inside = try lastInside(
            limit: limit, before: outside?.start ?? .max, notBefore: backup.stopLSN, in: wal)

        if outside == nil, inventory.choice.isWithoutWAL {
            throw Refusal.timelineWithoutWAL(wal.timeline, begins: inventory.path.begin ?? .zero)
        }
        let between = try firstHazard(
            .leaking, from: inside?.end ?? backup.stopLSN, to: outside?.start ?? .max, in: wal)
        let preparedAfter = try limit.flatMap {
            try prepareAfter($0, from: inside?.end ?? backup.stopLSN, to: outside?.start ?? .max, in: wal)
        }
        let obstacle: String? =
            if outside == nil {
                "no commit or abort after it is in the WAL, and PostgreSQL would fail at the WAL's end"
            } else if let preparedAfter {
                "a transaction prepared after the target stands before the first record left out (\(preparedAfter))"
            } else if let between {
                "\(between.hazards.firstName) at \(between.start) would be replayed "
                    + "although it belongs to what is left out"
            } else {
                nil
            }
        let draft = Draft(
            target: target, requested: requested, backup: backup, rejected: rejected, wal: wal,
            lastInside: inside, firstOutside: outside, setting: .immediate, reason: "", end: backup.stopLSN,
            needed: backup.stopLSN)
        var plan = try finish(settle(draft, mode: mode, limit: limit, obstacle: obstacle))
        if let limit, let outside, let hazard = try hazard(of: limit, leavingOut: outside, in: wal) {
            plan.hazards.append(hazard)
        }
        return plan
    }

    /// Chooses what PostgreSQL is handed.
    private func settle(
        _ draft: Draft, mode: TargetMode, limit: PostgresTimestamp?, obstacle: String?
    ) throws -> Draft {
        var draft = draft
        if mode == .time, limit == nil {
            throw Refusal.timeNotExact(reason: "the latest moment is a position in the WAL, not a time")
        }
        if mode == .time, let obstacle { throw Refusal.timeNotExact(reason: obstacle) }
        if mode != .lsn, obstacle == nil, let limit, let outside = draft.firstOutside {
            draft.setting = .time(limit)
            draft.reason = "it stops exactly before the first record left out"
            draft.end = endBefore(outside.start)
            draft.needed = outside.end
        } else if let inside = draft.lastInside {
            draft.setting = .lsn(inside.start)
            draft.reason =
                obstacle.map { "the start of the last record inside, because " + $0 }
                ?? "the start of the last record inside, as asked by --target-mode lsn"
            draft.end = inside.end
            draft.needed = inside.end
        } else {
            draft.setting = .immediate
            draft.reason =
                "nothing was committed between the end of the backup and the target"
                + (obstacle.map { ", and " + $0 } ?? "")
        }
        return draft
    }

    /// The end of the record before one that starts at `start`: a page's header does not belong to either.
    func endBefore(_ start: LSN) -> LSN {
        let offset = start.rawValue % 8192
        if start.rawValue % inventory.segmentSize.bytes == 40 { return LSN(start.rawValue - 40) }
        return offset == 24 ? LSN(start.rawValue - 24) : start
    }

    /// A plan in the making.
    struct Draft {
        var target: RecoveryTarget
        var requested: PostgresTimestamp?
        var backup: InventoryBackup
        var rejected: [RejectedBackup]
        var wal: TimelineWAL
        var lastInside: TransactionEnd?
        var firstOutside: RecordFacts?
        var setting: RecoverySetting
        var reason: String
        /// Where replay must end.
        var end: LSN
        /// The WAL is read up to here.
        var needed: LSN
    }

    func finish(_ draft: Draft) throws -> RestorePlan {
        let backup = draft.backup
        if let record = try firstHazard(.walLevelMinimal, from: backup.startLSN, to: draft.end, in: draft.wal)
        {
            throw try minimalLogging(from: record, backup: backup, in: draft.wal)
        }
        let range = WALRange(from: backup.startLSN, to: draft.needed, size: inventory.segmentSize)
        let entries = draft.wal.entries.filter { range.numbers.contains($0.segment.name.number) }
        var minima = backup.minima
        for entry in entries {
            if let change = entry.segment.summary.minima { minima = minima.raised(to: change) }
        }
        let inDoubt = try inDoubt(draft)
        var hazards = try hazards(ofPrepared: inDoubt)
        for damaged in draft.rejected where damaged.isDamaged {
            hazards.append(
                Hazard(code: "damaged-backup", message: "backup '\(damaged.name)' is \(damaged.reason)"))
        }
        hazards += endHazards(draft)
        let made = try allHazards(
            .tablespaceCreate, from: range.first(inventory.segmentSize), to: range.end(inventory.segmentSize),
            in: draft.wal)
        var plan = RestorePlan(
            requestedTime: draft.requested, target: draft.target, backupName: backup.name,
            backupStart: backup.startLSN, backupStop: backup.stopLSN, backupCompleted: backup.stopTime,
            rejected: draft.rejected + inventory.choice.rejected,
            timeline: inventory.path.timeline(endingAt: draft.end), segments: entries.map(\.segment.name),
            walBytes: draft.end.distance(from: backup.startLSN), lastInside: draft.lastInside?.boundary,
            firstOutside: draft.firstOutside?.transaction?.boundary, setting: draft.setting,
            reason: draft.reason, expectedEnd: draft.end, minima: minima, hazards: hazards,
            dataBytes: backup.dataBytes)
        plan.timelines = inventory.choice
        plan.inDoubt = inDoubt
        plan.walLevels = try walLevels(draft)
        plan.tablespaceRecords = made.map(\.start)
        plan.tablespaces = backup.tablespaces.map { PlannedTablespace($0) }
        for record in made where record.start >= backup.startLSN && record.start < draft.end {
            guard let space = record.tablespace,
                !backup.tablespaces.contains(where: { $0.number == space.number })
            else { continue }
            plan.tablespaces.append(PlannedTablespace(space, createdAt: record.start))
        }
        return plan
    }
}
