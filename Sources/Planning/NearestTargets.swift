public import PostgresFormat

/// The nearest targets before and after one that cannot be reached.
public struct NearestTargets: Hashable, Sendable {
    public var before: RecoveryTarget?
    public var after: RecoveryTarget?

    public init(before: RecoveryTarget?, after: RecoveryTarget?) {
        self.before = before
        self.after = after
    }
}

extension RestorePlanner {
    /// What can be reached instead of what was refused; each one was planned, so that it is no guess.
    public func nearest(to refusal: Refusal, now: PostgresTimestamp) -> NearestTargets {
        let (before, after) = candidates(refusal)
        return NearestTargets(
            before: before.first { isReachable($0, now: now) },
            after: after.first { isReachable($0, now: now) })
    }

    private func isReachable(_ target: RecoveryTarget, now: PostgresTimestamp) -> Bool {
        (try? plan(target, now: now)) != nil
    }

    /// The best first.
    private func candidates(_ refusal: Refusal) -> (before: [RecoveryTarget], after: [RecoveryTarget]) {
        let ends = inventory.backups.filter { $0.damage == nil }.map(\.stopTime).sorted()
        let latest: [RecoveryTarget] = inventory.latest.map { [.time($0)] } ?? []
        switch refusal {
        case .tooEarly(let time, _, _), .insideBackup(let time, _, _, _), .everyBackupTooNew(let time, _):
            return (ends.reversed().filter { $0 < time }.map(RecoveryTarget.time), later(ends, than: time))
        case .tooLate: return (latest, [])
        case .missingSegment(let segment, let before, let after),
            .damagedSegment(let segment, _, let before, let after):
            let last = before.map { [RecoveryTarget.time($0.advanced(byMicroseconds: -1))] } ?? []
            let damaged = inventory.damaged.first { $0.name == segment }
            return (
                (damaged?.position.map(records) ?? []) + last
                    + times(before: damaged?.begin ?? segment.start), after.map { [.time($0)] } ?? []
            )
        case .timelineWithoutWAL(_, let begins): return (times(before: begins), [])
        case .minimalLogging(let lsn, _, _, _):
            let behind = inventory.backups.filter { $0.damage == nil && $0.startLSN >= lsn }
            return (times(before: lsn), behind.map(\.stopTime).sorted().map(RecoveryTarget.time))
        case .cut(.positionTooEarly), .cut(.everyBackupTooNew):
            return ([], ends.map(RecoveryTarget.time))
        case .cut(.positionTooLate): return ([.latest], [])
        case .cut(.subtransaction(_, let whole)):
            return (
                [.transaction(whole.id, exclusive: true)], [.transaction(whole.id, exclusive: false)]
            )
        case .lockedOut(let prepared):
            // Before the last of them another may be in doubt still.
            let places = prepared.compactMap(\.lsn).sorted(by: >)
                .map { RecoveryTarget.position($0, exclusive: true) }
            let earlier = prepared.filter { $0.lsn == nil }.compactMap(\.time).sorted(by: >)
                .map { RecoveryTarget.time($0.advanced(byMicroseconds: -1)) }
            let first = prepared.compactMap(\.time).min()
            let before = ends.reversed().filter { end in first.map { end < $0 } ?? true }
            return (places + earlier + before.map(RecoveryTarget.time), [.latest])
        case .noBackup, .unknownBackup, .damagedBackup, .timeNotExact, .cut, .unknownTimeline,
            .noBackupOnTimeline:
            return ([], [])
        }
    }

    private func later(_ ends: [PostgresTimestamp], than time: PostgresTimestamp) -> [RecoveryTarget] {
        ends.filter { $0 >= time }.map(RecoveryTarget.time)
    }

    /// The end of the last transaction in front of damage: no time tells it apart from what is damaged.
    private func records(before lsn: LSN) -> [RecoveryTarget] {
        lastEnd(before: lsn).map { [.position($0.start, exclusive: false)] } ?? []
    }

    private func lastEnd(before lsn: LSN) -> TransactionEnd? {
        let stop = inventory.backups.filter { $0.damage == nil && $0.stopLSN <= lsn }.map(\.stopLSN).max()
        return stop.flatMap { stop in
            let wal = TimelineWAL(timeline: inventory.path.timeline, segments: inventory.segments)
            return try? lastInside(limit: nil, before: lsn, notBefore: stop, in: wal)
        }
    }

    /// The time of the last transaction in front of a position, and the ends of the backups before it.
    private func times(before lsn: LSN) -> [RecoveryTarget] {
        let backups = inventory.backups.filter { $0.damage == nil && $0.stopLSN <= lsn }
            .sorted { $0.stopLSN > $1.stopLSN }
        let last = lastEnd(before: lsn)
        let times = (last.map { [$0.time] } ?? []) + backups.map(\.stopTime)
        return times.map(RecoveryTarget.time)
    }
}
