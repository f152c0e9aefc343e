import PostgresFormat
import ServiceModel

/// A backup as retention looks at it.
struct RetainedBackup: Sendable {
    var name: String
    var completed: PostgresTimestamp
    var startLSN: LSN
    var timeline: TimelineID
    var isDamaged: Bool
}

/// Which backups and how much WAL are still promised to someone.
///
/// Every instant of the retention period can be restored: so the newest sound backup that ended before the
/// period began stays as well, and with it all WAL from its start on. A shorter period takes effect forward
/// only: what was kept under a longer one ages out under that.
struct RetentionPolicy {
    let days: Int
    let history: [RetentionChange]

    struct Decision: Equatable {
        var expired: [String]
        /// WAL before this position of this timeline is needed by nothing that is kept.
        var keepFrom: (timeline: TimelineID, lsn: LSN)?

        static func == (left: Decision, right: Decision) -> Bool {
            left.expired == right.expired && left.keepFrom?.lsn == right.keepFrom?.lsn
                && left.keepFrom?.timeline == right.keepFrom?.timeline
        }
    }

    /// The first instant that is still promised at `now`.
    func promisedFrom(_ now: PostgresTimestamp) -> PostgresTimestamp {
        var start = now.advanced(bySeconds: -Int64(days) * 86_400)
        for change in history {
            // Instants before the change were promised under the older value.
            let older = now.advanced(bySeconds: -Int64(change.days) * 86_400)
            if older < change.until { start = min(start, older) }
        }
        return start
    }

    func decide(backups: [RetainedBackup], now: PostgresTimestamp) -> Decision {
        let start = promisedFrom(now)
        let sound = backups.filter { !$0.isDamaged }.sorted { $0.completed < $1.completed }
        // The one that the first promised instant is restored from.
        guard let base = sound.last(where: { $0.completed <= start }) else {
            return Decision(
                expired: [],
                keepFrom: Self.keepFrom(sound))
        }
        let expired = backups.filter { $0.completed < base.completed }.map(\.name)
        let kept = sound.filter { $0.completed >= base.completed }
        return Decision(expired: expired, keepFrom: Self.keepFrom(kept))
    }

    /// WAL before this position of this timeline is needed by none of these.
    static func keepFrom(_ kept: [RetainedBackup]) -> (timeline: TimelineID, lsn: LSN)? {
        kept.min { $0.startLSN < $1.startLSN }.map { ($0.timeline, $0.startLSN) }
    }
}
