public import ControlPlane
import Planning
import PostgresFormat

/// What `pitr plan -o json` prints. Positions are PostgreSQL's text, times are UTC with microseconds.
public struct RestorePlanDocument: Codable, Sendable {
    public struct Target: Codable, Sendable {
        /// `latest`, `time` or `backup`.
        public var kind: String
        /// The instant asked for; null for a backup alone.
        @OrNull public var timeUtc: String?
        /// The fast restore point; null for the other kinds.
        @OrNull public var backup: String?
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
        /// `time`, `lsn` or `immediate`.
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

    public struct Tablespace: Codable, Sendable {
        /// The record that makes it; null where the base backup holds it.
        @OrNull public var createdAtLsn: String?
        /// The directory on the source; in the copy it is `pg_tblspc/<number>`.
        public var location: String
        public var number: UInt32
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

    public var baseBackup: BaseBackup
    public var estimate: Estimate
    public var expectedEndLsn: String
    @OrNull public var firstOutside: BoundaryDocument?
    public var hazards: [Warning]
    @OrNull public var lastInside: BoundaryDocument?
    public var notes: [String]
    public var parameterMinima: Minima
    public var recovery: Recovery
    public var rejectedBackups: [Rejected]
    public var resourceGroup: String
    public var sourceServer: String
    public var sourceServerId: String
    public var tablespaces: [Tablespace]
    public var target: Target
    public var wal: WALRange

    public init(_ planned: PlannedRestore) {
        let plan = planned.plan
        baseBackup = BaseBackup(
            completedTimeUtc: plan.backupCompleted.description, name: plan.backupName,
            startLsn: plan.backupStart.description, stopLsn: plan.backupStop.description)
        estimate = Estimate(
            availableBytes: planned.availableBytes, dataBytes: plan.dataBytes,
            neededBytes: plan.estimatedBytes,
            seconds: planned.estimatedSeconds)
        expectedEndLsn = plan.expectedEnd.description
        hazards = plan.hazards.map { Warning(code: $0.code, message: $0.message) }
        notes = planned.notes
        parameterMinima = Minima(plan.minima)
        recovery = Recovery(
            mode: plan.setting.mode, reason: plan.reason, setting: plan.setting.configurationLine)
        rejectedBackups = plan.rejected.map { Rejected(name: $0.name, reason: $0.reason) }
        resourceGroup = planned.source.resourceGroup
        sourceServer = planned.source.name
        sourceServerId = ResourceID.server(
            ServerReference(resourceGroup: planned.source.resourceGroup, name: planned.source.name))
        tablespaces = plan.tablespaces.map(Tablespace.init)
        target = Target(plan)
        wal = WALRange(plan)
        firstOutside = plan.firstOutside.map(BoundaryDocument.init)
        lastInside = plan.lastInside.map(BoundaryDocument.init)
    }
}

extension RestorePlanDocument.Target {
    init(_ plan: RestorePlan) {
        switch plan.target {
        case .latest:
            kind = "latest"
        case .time:
            kind = "time"
        case .backup(let name):
            kind = "backup"
            backup = name
        }
        timeUtc = plan.requestedTime?.description
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
        case .lsn: "lsn"
        case .immediate: "immediate"
        }
    }
}
