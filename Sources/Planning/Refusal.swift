public import PostgresFormat

/// Why a restore cannot be what was asked: one case, one message, one hint.
public enum Refusal: Error, Hashable, Sendable {
    /// `damaged`: those that are there and cannot be used.
    case noBackup(server: String, damaged: [RejectedBackup])
    case tooEarly(requested: PostgresTimestamp, earliest: PostgresTimestamp, latest: PostgresTimestamp?)
    case insideBackup(
        requested: PostgresTimestamp, backup: String, earliest: PostgresTimestamp, latest: PostgresTimestamp?)
    case tooLate(requested: PostgresTimestamp, earliest: PostgresTimestamp, latest: PostgresTimestamp?)
    case unknownBackup(name: String, known: [String])
    case damagedBackup(name: String, reason: String)
    case everyBackupTooNew(requested: PostgresTimestamp, rejected: [RejectedBackup])
    case missingSegment(
        SegmentName, lastBefore: PostgresTimestamp?, reachableFrom: PostgresTimestamp?)
    case damagedSegment(
        SegmentName, reason: String, lastBefore: PostgresTimestamp?, reachableFrom: PostgresTimestamp?)
    /// `until`: where the WAL tells enough again; nil when it does not.
    case minimalLogging(
        from: LSN, until: LSN?, lastBefore: PostgresTimestamp?, reachableFrom: PostgresTimestamp?)
    case unknownTimeline(TimelineID, known: [TimelineID])
    /// `begins`: where it left its parent.
    case timelineWithoutWAL(TimelineID, begins: LSN)
    case noBackupOnTimeline(TimelineID, rejected: [RejectedBackup])
    case timeNotExact(reason: String)
    /// Prepared transactions that are in doubt at the target lock what every session needs.
    case lockedOut(by: [PreparedTransaction])
    /// The target names a record of the WAL, and is not found there or cannot be reached.
    case cut(CutRefusal)

    public var message: String {
        switch self {
        case .noBackup(let server, let damaged):
            damaged.isEmpty
                ? "server '\(server)' has no complete base backup yet"
                : "every base backup of server '\(server)' is damaged"
        case .tooEarly(let requested, _, _):
            "restore time \(requested) is before the earliest restore point"
        case .insideBackup(let requested, let backup, _, _):
            "restore time \(requested) lies between the start and the end of base backup '\(backup)'"
        case .tooLate(let requested, _, _):
            "restore time \(requested) is after the last instant that is proved complete"
        case .unknownBackup(let name, _):
            "there is no backup named '\(name)'"
        case .damagedBackup(let name, _):
            "backup '\(name)' is damaged"
        case .everyBackupTooNew(let requested, _):
            "no base backup ends before the state at \(requested)"
        case .missingSegment(let segment, _, _):
            "WAL segment \(segment) is missing from the archive"
        case .damagedSegment(let segment, _, _, _):
            "WAL segment \(segment) is damaged"
        case .minimalLogging(let from, let until, _, _):
            "part of the WAL to replay was written under wal_level=minimal (from \(from)"
                + (until.map { " to \($0))" } ?? " on)")
        case .unknownTimeline(let timeline, _):
            "there is no timeline \(timeline)"
        case .timelineWithoutWAL(let timeline, _):
            "the WAL of timeline \(timeline) is missing from the archive"
        case .noBackupOnTimeline(let timeline, _):
            "no base backup can be recovered along timeline \(timeline)"
        case .timeNotExact:
            "PostgreSQL would not stop exactly there with recovery_target_time"
        case .lockedOut(let prepared):
            "nobody could connect to the copy: "
                + (prepared.count == 1 ? "the prepared transaction " : "the prepared transactions ")
                + prepared.map(\.words).joined(separator: ", ")
                + (prepared.count == 1 ? " locks a system catalog" : " lock system catalogs")
        case .cut(let refusal): refusal.message
        }
    }

    /// The facts behind the message.
    public var detail: String? {
        switch self {
        case .noBackup(_, let damaged): damaged.isEmpty ? nil : Self.list(damaged)
        case .minimalLogging(_, _, let before, let after):
            Self.gap(before, after)
        case .tooEarly(_, let earliest, let latest), .insideBackup(_, _, let earliest, let latest),
            .tooLate(_, let earliest, let latest):
            Self.window(earliest, latest)
        case .unknownBackup(_, let known):
            known.isEmpty ? "there are no backups" : "known: " + known.joined(separator: ", ")
        case .damagedBackup(_, let reason), .timeNotExact(let reason): reason
        case .lockedOut(let prepared): prepared.map(Self.words).joined(separator: "; ")
        case .everyBackupTooNew(_, let rejected), .noBackupOnTimeline(_, let rejected):
            Self.list(rejected)
        case .unknownTimeline(_, let known):
            "known: " + known.map(\.description).joined(separator: ", ")
        case .timelineWithoutWAL(_, let begins):
            "its history says that it began at \(begins), and nothing that was written on it is available"
        case .cut(let refusal): refusal.detail
        case .missingSegment(_, let before, let after):
            Self.gap(before, after)
        case .damagedSegment(_, let reason, let before, let after):
            reason + "; " + Self.gap(before, after)
        }
    }

    public var hint: String {
        switch self {
        case .noBackup(_, let damaged) where !damaged.isEmpty:
            "Take a new one with 'pitr backup create'; the server can be restored from then on."
        case .noBackup: "Wait for the first backup to finish, or take one with 'pitr backup create'."
        case .tooEarly, .tooLate: "Choose a time inside these bounds."
        case .insideBackup: "A backup can only be used from its end on; choose a later time."
        case .unknownBackup: "List them with 'pitr backup list'."
        case .damagedBackup: "Restore by time instead, so that another backup can be chosen."
        case .everyBackupTooNew: "Choose a later time; the clock of the source may have been set back here."
        case .missingSegment, .damagedSegment:
            "Choose a time on either side of the gap, or put the segment back into the archive."
        case .minimalLogging: "Choose a time before it, or one after the next base backup."
        case .unknownTimeline: "Leave --timeline out: the source's own timeline is followed."
        case .timelineWithoutWAL:
            "Choose a time before it began, or another --timeline, or put its segments into the archive."
        case .noBackupOnTimeline: "Choose another --timeline; 'pitr backup list' tells each backup's."
        case .timeNotExact: "Leave --target-mode at auto, or use lsn."
        case .lockedOut:
            "Choose a state before its PREPARE TRANSACTION, or one after it was committed or rolled back."
        case .cut(let refusal): refusal.hint
        }
    }

    private static func words(_ prepared: PreparedTransaction) -> String {
        let place = prepared.lsn.map { " at \($0)" } ?? " before the backup began"
        return "transaction \(prepared.xid) was prepared\(place)"
            + (prepared.time.map { ", \($0)," } ?? "") + " and is in doubt at the target"
    }

    static func list(_ backups: [RejectedBackup]) -> String {
        backups.map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
    }

    private static func window(_ earliest: PostgresTimestamp, _ latest: PostgresTimestamp?) -> String {
        // A backup may have been taken while the clock was ahead.
        "restorable from \(earliest) to \(latest.map { max(earliest, $0).description } ?? "(unknown)")"
    }

    private static func gap(_ before: PostgresTimestamp?, _ after: PostgresTimestamp?) -> String {
        let first = before.map { "every time before \($0) is reachable" } ?? "nothing before it is reachable"
        let second =
            after.map { "and again from \($0)" } ?? "and nothing after it until a newer backup is taken"
        return first + ", " + second
    }
}
