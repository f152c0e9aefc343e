import PostgresFormat

/// The stretch of WAL that a server wrote under `wal_level = minimal`: recovery cannot cross it.
extension RestorePlanner {
    /// The refusal for a plan from `backup`, with the stretch and what is reachable on both sides of it.
    func minimalLogging(
        from record: RecordFacts, backup: InventoryBackup, in wal: TimelineWAL
    ) throws -> Refusal {
        let end = wal.entries.last?.segment.name.end ?? record.end
        let changes = try allHazards(.parameterChange, from: record.end, to: end, in: wal)
        let until = changes.first { !$0.hazards.contains(.walLevelMinimal) }?.start
        var after: PostgresTimestamp?
        for later in inventory.backups.sorted(by: { $0.stopLSN < $1.stopLSN })
        where later.damage == nil && later.startLSN > record.start {
            let range = WALRange(from: later.startLSN, to: later.stopLSN, size: inventory.segmentSize)
            guard (try? requireUnbroken(range, in: wal)) != nil,
                try firstHazard(.walLevelMinimal, from: later.startLSN, to: later.stopLSN, in: wal) == nil
            else { continue }
            after = later.stopTime
            break
        }
        return .minimalLogging(
            from: record.start, until: until,
            lastBefore: try newestStop(from: backup.stopLSN, to: record.start, in: wal)
                .flatMap { $0 > backup.stopTime ? $0 : nil },
            reachableFrom: after)
    }

    /// The newest time of a commit or abort that starts in `[from, to)`.
    private func newestStop(from: LSN, to: LSN, in wal: TimelineWAL) throws -> PostgresTimestamp? {
        var newest: PostgresTimestamp?
        for entry in wal.entries where entry.segment.name.end > from && entry.segment.name.start < to {
            guard let own = entry.maxStopTime, newest.map({ own > $0 }) ?? true else { continue }
            try source.records(startingIn: entry.segment.name) { record in
                if record.start >= to { return false }
                if record.start >= from, let end = record.transaction, end.kind.canStopRecovery {
                    newest = max(newest ?? end.time, end.time)
                }
                return true
            }
        }
        return newest
    }
}
