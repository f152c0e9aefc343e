import Planning
import PostgresFormat
public import ServiceModel

/// What `pitr plan -o json` prints. Positions are PostgreSQL's text, times are UTC with microseconds.
public struct RestorePlanDocument: Codable, Sendable {
    public struct Target: Codable, Sendable {
        /// `latest`, `time`, `backup`, `lsn`, `xid`, `restorePoint` or `event`.
        public var kind: String
        /// The instant asked for; null where none was.
        @OrNull public var timeUtc: String?
        /// The fast restore point; null for the other kinds, as are those that follow.
        @OrNull public var backup: String?
        /// With `lsn` and `xid`, whether the record itself is left out.
        @OrNull public var exclusive: Bool?
        /// Of a position, and of an event: the first record left out.
        @OrNull public var lsn: String?
        @OrNull public var restorePoint: String?
        @OrNull public var event: String?
        @OrNull public var xid: UInt64?
        public var words: String
    }

    /// The moment of the state that the copy will have, in the ways in which people name it.
    public struct Moment: Codable, Sendable {
        /// Where replay ends.
        public var lsn: String
        /// In the zone of this machine.
        @OrNull public var localTime: String?
        /// What was asked for, or the time of the last transaction inside.
        @OrNull public var timeUtc: String?
        /// The last transaction inside.
        @OrNull public var xid: UInt32?
    }

    public struct BaseBackup: Codable, Sendable {
        public var completedTimeUtc: String
        public var name: String
        public var startLsn: String
        public var stopLsn: String
    }

    public struct Rejected: Codable, Sendable {
        public var name: String
        public var reason: String
    }

    public struct WALRange: Codable, Sendable {
        public var bytes: UInt64
        public var endLsn: String
        @OrNull public var firstSegment: String?
        @OrNull public var lastSegment: String?
        public var segmentCount: Int
        public var startLsn: String
        public var timeline: UInt32
    }

    public struct Recovery: Codable, Sendable {
        /// Whether the record that is named is replayed: `recovery_target_inclusive`.
        public var inclusive: Bool
        /// `time`, `lsn`, `xid`, `name` or `immediate`.
        public var mode: String
        public var reason: String
        /// The line of configuration that PostgreSQL gets.
        public var setting: String
    }

    public struct Minima: Codable, Sendable {
        public var maxConnections: Int
        public var maxLocksPerTransaction: Int
        public var maxPreparedTransactions: Int
        public var maxWalSenders: Int
        public var maxWorkerProcesses: Int
    }

    /// A two-phase transaction that will be open in the copy.
    public struct Prepared: Codable, Sendable {
        /// The numbers of the databases that nobody can connect to while it holds its locks.
        public var closedDatabases: [UInt32]
        /// The record that prepared it; null when that was before the backup began.
        @OrNull public var lsn: String?
        @OrNull public var name: String?
        @OrNull public var timeUtc: String?
        public var xid: UInt32
    }

    public struct WALLevelBand: Codable, Sendable {
        public var fromLsn: String
        /// `minimal`, `replica` or `logical`.
        public var level: String
    }

    public struct Tablespace: Codable, Sendable {
        /// The record that makes it; null where the base backup holds it.
        @OrNull public var createdAtLsn: String?
        /// The directory on the source; in the copy it is `pg_tblspc/<number>`.
        public var location: String
        public var number: UInt32
    }

    /// Along which timelines the WAL is replayed, and why along these.
    public struct FollowedTimeline: Codable, Sendable {
        public struct Stretch: Codable, Sendable {
            /// Where the WAL leaves this timeline for the next one; null where it does not.
            @OrNull public var endLsn: String?
            public var timeline: UInt32
        }

        /// The last one of the path; a target before it was begun ends on an ancestor, `wal.timeline`.
        public var followed: UInt32
        /// Other timelines of which something is held.
        public var others: [UInt32]
        /// The timelines from the first one, the oldest first, up to the one on which replay ends.
        public var path: [Stretch]
        /// `current` (the source is on it), `newest`, `backup` or `asked`.
        public var reason: String
    }

    public struct Warning: Codable, Sendable {
        public var code: String
        public var message: String
    }

    public struct Estimate: Codable, Sendable {
        public var availableBytes: UInt64
        public var dataBytes: UInt64
        public var neededBytes: UInt64
        public var seconds: Double
    }

    /// From where logins to the copy are possible as soon as it is open.
    public var allowedAddresses: [String]
    public var baseBackup: BaseBackup
    public var collations: [Collation]
    public var estimate: Estimate
    public var expectedEndLsn: String
    @OrNull public var firstOutside: BoundaryDocument?
    /// What that transaction did, in words; empty where the WAL does not tell.
    public var firstOutsideDid: [String]
    public var hazards: [Warning]
    /// Databases whose DROP DATABASE has begun and is not done at the target.
    public var invalidDatabases: [String]
    @OrNull public var lastInside: BoundaryDocument?
    public var moment: Moment
    /// The timeline that the copy goes on along.
    public var newTimeline: UInt32
    public var notes: [String]
    public var parameterMinima: Minima
    public var preparedInDoubt: [Prepared]
    public var recovery: Recovery
    public var rejectedBackups: [Rejected]
    public var resourceGroup: String
    public var sourceServer: String
    public var sourceServerId: String
    public var tablespaces: [Tablespace]
    public var target: Target
    public var timeline: FollowedTimeline
    /// Unlogged tables, materialized views and sequences at the target, `database.schema.name`: they come
    /// back empty.
    public var unloggedRelations: [String]
    public var wal: WALRange
    public var walLevels: [WALLevelBand]

    public init(_ planned: PlannedRestore) {
        let plan = planned.plan
        allowedAddresses = planned.allowedAddresses
        collations = planned.collations.map(Collation.init)
        baseBackup = BaseBackup(
            completedTimeUtc: plan.backupCompleted.description, name: plan.backupName,
            startLsn: plan.backupStart.description, stopLsn: plan.backupStop.description)
        estimate = Estimate(
            availableBytes: planned.availableBytes, dataBytes: plan.dataBytes,
            neededBytes: plan.estimatedBytes,
            seconds: planned.estimatedSeconds)
        expectedEndLsn = plan.expectedEnd.description
        firstOutsideDid = planned.firstOutsideDid
        hazards = plan.hazards.map { Warning(code: $0.code, message: $0.message) }
        moment = Moment(planned)
        notes = planned.notes
        parameterMinima = Minima(plan.minima)
        recovery = Recovery(
            inclusive: plan.setting.isInclusive, mode: plan.setting.mode, reason: plan.reason,
            setting: plan.setting.configurationLine)
        rejectedBackups = plan.rejected.map { Rejected(name: $0.name, reason: $0.reason) }
        resourceGroup = planned.source.resourceGroup
        sourceServer = planned.source.name
        sourceServerId = ResourceID.server(
            ServerReference(resourceGroup: planned.source.resourceGroup, name: planned.source.name))
        newTimeline = plan.newTimeline.rawValue
        preparedInDoubt = plan.inDoubt.map(Prepared.init)
        tablespaces = plan.tablespaces.map(Tablespace.init)
        target = Target(plan)
        timeline = FollowedTimeline(plan)
        unloggedRelations = planned.unloggedRelations
        invalidDatabases = planned.invalidDatabases
        wal = WALRange(plan)
        walLevels = plan.walLevels.map { WALLevelBand(fromLsn: $0.from.description, level: $0.level.name) }
        firstOutside = plan.firstOutside.map(BoundaryDocument.init)
        lastInside = plan.lastInside.map(BoundaryDocument.init)
    }
}

extension RestorePlanDocument.Target {
    init(_ plan: RestorePlan) {
        words = plan.target.words
        switch plan.target {
        case .latest:
            kind = "latest"
        case .time:
            kind = "time"
        case .backup(let name):
            kind = "backup"
            backup = name
        case .position(let position, let isExclusive):
            kind = "lsn"
            exclusive = isExclusive
            lsn = position.description
        case .transaction(let number, let isExclusive):
            kind = "xid"
            exclusive = isExclusive
            xid = number.rawValue
        case .restorePoint(let name):
            kind = "restorePoint"
            restorePoint = name
        case .event(let position, let description):
            kind = "event"
            lsn = position.description
            event = description
        }
        timeUtc = plan.requestedTime?.description
    }
}

extension RestorePlanDocument.Moment {
    init(_ planned: PlannedRestore) {
        let plan = planned.plan
        lsn = plan.expectedEnd.description
        localTime = planned.localTime
        timeUtc = (plan.requestedTime ?? plan.lastInside?.time)?.description
        xid = plan.lastInside?.xid
    }
}

extension RestorePlanDocument.Prepared {
    init(_ prepared: PreparedTransaction) {
        closedDatabases = prepared.closedDatabases
        xid = prepared.xid
        lsn = prepared.lsn?.description
        name = prepared.name
        timeUtc = prepared.time?.description
    }
}

extension RestorePlanDocument.WALRange {
    init(_ plan: RestorePlan) {
        bytes = plan.walBytes
        endLsn = plan.expectedEnd.description
        segmentCount = plan.segments.count
        startLsn = plan.backupStart.description
        timeline = plan.timeline.rawValue
        firstSegment = plan.segments.first?.fileName
        lastSegment = plan.segments.last?.fileName
    }
}

extension RestorePlanDocument.Tablespace {
    init(_ planned: PlannedTablespace) {
        location = planned.tablespace.location
        number = planned.tablespace.number
        createdAtLsn = planned.createdAt?.description
    }
}

extension RestorePlanDocument.FollowedTimeline {
    init(_ plan: RestorePlan) {
        followed = (plan.timelines?.path.timeline ?? plan.timeline).rawValue
        reason = (plan.timelines?.reason ?? .current).rawValue
        others = plan.timelines?.others.map(\.rawValue) ?? []
        path = plan.timelineStretches.map(Stretch.init)
    }
}

extension RestorePlanDocument.FollowedTimeline.Stretch {
    init(_ part: TimelinePath.Stretch) {
        timeline = part.timeline.rawValue
        endLsn = part.end?.description
    }
}

extension RestorePlanDocument.Minima {
    init(_ minima: ParameterMinima) {
        maxConnections = minima.maxConnections
        maxLocksPerTransaction = minima.maxLocksPerTransaction
        maxPreparedTransactions = minima.maxPreparedTransactions
        maxWalSenders = minima.maxWalSenders
        maxWorkerProcesses = minima.maxWorkerProcesses
    }
}

extension RecoverySetting {
    /// The word for the kind of setting.
    fileprivate var mode: String {
        switch self {
        case .time: "time"
        case .lsn, .beforeLSN: "lsn"
        case .transaction, .beforeTransaction: "xid"
        case .name: "name"
        case .immediate: "immediate"
        }
    }
}
