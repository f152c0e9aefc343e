public import PostgresFormat

/// A commit, abort or prepare record as a plan names it.
public struct BoundaryRecord: Hashable, Sendable, Codable {
    /// The words stand in evidence and in documents.
    public enum Kind: String, Hashable, Sendable, Codable, CustomStringConvertible {
        case commit
        case abort
        case prepare
        case commitPrepared = "commit prepared"
        case abortPrepared = "abort prepared"

        public var description: String { rawValue }
        /// What ended so, for the name of a field.
        public var noun: String { self == .abort || self == .abortPrepared ? "abort" : "commit" }
    }

    public var kind: Kind
    public var lsn: LSN
    public var endLSN: LSN
    public var xid: UInt32
    public var time: PostgresTimestamp

    public init(kind: Kind, lsn: LSN, endLSN: LSN, xid: UInt32, time: PostgresTimestamp) {
        self.kind = kind
        self.lsn = lsn
        self.endLSN = endLSN
        self.xid = xid
        self.time = time
    }
}

/// A base backup that was looked at and not taken.
public struct RejectedBackup: Hashable, Sendable, Codable {
    public var name: String
    /// For people.
    public var reason: String
    public var isDamaged: Bool

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
        isDamaged = false
    }

    /// - Parameter damage: what is wrong with it.
    public init(name: String, damage: String) {
        self.name = name
        reason = "damaged: \(damage)"
        isDamaged = true
    }
}

/// Something that the person who restores should know, though it does not stop the restore.
public struct Hazard: Hashable, Sendable, Codable {
    public var code: String
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// The settings of the source that recovery must not fall below (PostgreSQL's hot-standby minima).
public struct ParameterMinima: Hashable, Sendable, Codable {
    public var maxConnections: Int
    public var maxWorkerProcesses: Int
    public var maxWalSenders: Int
    public var maxPreparedTransactions: Int
    public var maxLocksPerTransaction: Int

    public init(
        maxConnections: Int, maxWorkerProcesses: Int, maxWalSenders: Int, maxPreparedTransactions: Int,
        maxLocksPerTransaction: Int
    ) {
        self.maxConnections = maxConnections
        self.maxWorkerProcesses = maxWorkerProcesses
        self.maxWalSenders = maxWalSenders
        self.maxPreparedTransactions = maxPreparedTransactions
        self.maxLocksPerTransaction = maxLocksPerTransaction
    }

    /// The larger of both, setting by setting.
    public func raised(to other: ParameterMinima) -> ParameterMinima {
        ParameterMinima(
            maxConnections: max(maxConnections, other.maxConnections),
            maxWorkerProcesses: max(maxWorkerProcesses, other.maxWorkerProcesses),
            maxWalSenders: max(maxWalSenders, other.maxWalSenders),
            maxPreparedTransactions: max(maxPreparedTransactions, other.maxPreparedTransactions),
            maxLocksPerTransaction: max(maxLocksPerTransaction, other.maxLocksPerTransaction))
    }
}

/// Exactly what a restore will do.
///
/// A plan is a value: printing it and carrying it out use the same one.
public struct RestorePlan: Hashable, Sendable {
    /// The instant asked for; for the latest moment, when the source was read; nil for a backup alone.
    public var requestedTime: PostgresTimestamp?
    public var target: RecoveryTarget
    public var backupName: String
    public var backupStart: LSN
    public var backupStop: LSN
    public var backupCompleted: PostgresTimestamp
    public var rejected: [RejectedBackup]
    /// The one on which replay ends.
    public var timeline: TimelineID
    /// The segments to stage, in order, by the names that the path followed has for them.
    public var segments: [SegmentName]
    /// Bytes of WAL from the backup's start to the stop.
    public var walBytes: UInt64
    /// The last commit, abort or prepare inside; nil when none stands after the backup.
    public var lastInside: BoundaryRecord?
    /// The first commit or abort left out; nil when the WAL ends before one.
    public var firstOutside: BoundaryRecord?
    public var setting: RecoverySetting
    public var reason: String
    /// Where replay must have ended, to the byte.
    public var expectedEnd: LSN
    public var minima: ParameterMinima
    public var hazards: [Hazard]
    /// Bytes of the backup once unpacked.
    public var dataBytes: UInt64
    /// Bytes that replay adds to the files of relations, at the most at once; nil where nobody looked.
    public var growthBytes: UInt64?
    /// The timeline followed; replay may end on an ancestor of it.
    public var timelines: TimelineChoice?
    /// Two-phase transactions that the copy will hold open, until somebody ends them.
    public var inDoubt: [PreparedTransaction] = []
    /// The levels that the WAL to replay was written under, in its order.
    public var walLevels: [WALLevelBand] = []
    /// Tablespaces that lie outside the source's data directory, and inside the copy's.
    public var tablespaces: [PlannedTablespace] = []
    /// Records in the staged segments that make an ordinary tablespace: blanked in the copy's segments. Those
    /// behind the target are among them.
    public var tablespaceRecords: [LSN] = []

    public init(
        requestedTime: PostgresTimestamp?, target: RecoveryTarget, backupName: String, backupStart: LSN,
        backupStop: LSN, backupCompleted: PostgresTimestamp, rejected: [RejectedBackup], timeline: TimelineID,
        segments: [SegmentName], walBytes: UInt64, lastInside: BoundaryRecord?, firstOutside: BoundaryRecord?,
        setting: RecoverySetting, reason: String, expectedEnd: LSN, minima: ParameterMinima,
        hazards: [Hazard],
        dataBytes: UInt64
    ) {
        self.requestedTime = requestedTime
        self.target = target
        self.backupName = backupName
        self.backupStart = backupStart
        self.backupStop = backupStop
        self.backupCompleted = backupCompleted
        self.rejected = rejected
        self.timeline = timeline
        self.segments = segments
        self.walBytes = walBytes
        self.lastInside = lastInside
        self.firstOutside = firstOutside
        self.setting = setting
        self.reason = reason
        self.expectedEnd = expectedEnd
        self.minima = minima
        self.hazards = hazards
        self.dataBytes = dataBytes
    }

    /// Where the path followed leaves the timeline on which replay ends; nil when it does not.
    public var timelineEnd: LSN? { timelines?.path.history.switchPoint(from: timeline) }

    /// The timelines of the WAL up to where replay ends, the oldest first.
    public var timelineStretches: [TimelinePath.Stretch] {
        timelines?.path.stretches(upTo: expectedEnd) ?? [TimelinePath.Stretch(timeline: timeline)]
    }

    /// PostgreSQL's `recovery_target_timeline`: a timeline without ancestors has no history to be looked for.
    public var recoveryTimeline: String {
        timelines.map { $0.path.history.entries.isEmpty } ?? true ? "current" : timeline.description
    }

    /// The text of the history of the timeline on which replay ends; nil when it has no ancestors.
    public var recoveryHistory: String? {
        let ancestors = timelines?.path.history.entries.filter { $0.timeline < timeline } ?? []
        return ancestors.isEmpty
            ? nil : ancestors.map { "\($0.timeline)\t\($0.end)\t\($0.reason)\n" }.joined()
    }
    /// The timeline that the copy goes on along: the next number of which no history is held.
    public var newTimeline: TimelineID {
        var next = TimelineID(timeline.rawValue &+ 1)
        while timelines?.histories.contains(next) == true { next = TimelineID(next.rawValue &+ 1) }
        return next
    }

    public var segmentSize: WALSegmentSize { segments.first?.size ?? .standard }

    /// Bytes without which the copy cannot be made: data, staged WAL, and one segment for the new timeline.
    public var leastBytes: UInt64 {
        dataBytes + UInt64(segments.count + 1) * segmentSize.bytes
    }

    /// Bytes that the copy needs at once, as far as can be told.
    ///
    /// To what it cannot be made without comes what replay adds to the files of relations, a segment that is
    /// made ahead, and what is no relation: server log, transaction status, caches.
    public var estimatedBytes: UInt64 {
        leastBytes + (growthBytes ?? walBytes) + segmentSize.bytes + Self.otherBytes
    }

    private static let otherBytes: UInt64 = 8 << 20
}
