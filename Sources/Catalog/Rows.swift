public import GRDB
public import PostgresFormat
public import ServiceModel

/// A resource group.
public struct GroupRow: CatalogRow {
    public static let databaseTableName = "resourceGroup"
    public var name: String
    public var location: String
    public var tags: [String: String]
    public var createdAt: PostgresTimestamp

    public init(name: String, location: String, tags: [String: String], createdAt: PostgresTimestamp) {
        self.name = name
        self.location = location
        self.tags = tags
        self.createdAt = createdAt
    }
}

/// Where a server's life stands; whether its process runs is never kept here.
public enum ServerPhase: String, Codable, Sendable {
    /// Being made or restored; what is on disk is not a server yet.
    case provisioning
    case complete
    case dropping
    /// Deleted; only its repository is left.
    case dropped
}

/// A server. A field is a column of its name, JSON where it is made of several values. Times are RFC 3339 in
/// UTC with six digits, so that text order is time order.
public struct ServerRow: CatalogRow {
    public static let databaseTableName = "server"
    public var id: String
    public var resourceGroup: String
    public var name: String
    public var location: String
    public var tags: [String: String]
    public var phase: ServerPhase
    /// Whether it should run: what `start --all` brings back after a reboot.
    public var shouldRun: Bool
    public var createdAt: PostgresTimestamp
    public var deletedAt: PostgresTimestamp?
    public var version: String
    public var postgresVersion: String
    public var tier: String
    public var skuName: String
    public var storageSizeGiB: Int
    public var storageType: String
    public var storageAutoGrow: Bool
    public var backupRetentionDays: Int
    /// Earlier retention values: a smaller value applies to what is written from then on.
    public var retentionHistory: [RetentionChange]
    public var geoRedundantBackup: Bool
    public var publicNetworkAccess: Bool
    public var administratorLogin: String
    public var availabilityZone: String?
    public var host: String
    public var port: Int
    /// Decimal text: it does not fit SQLite's signed integers.
    public var systemIdentifier: String?
    /// Nil for a server that was not restored.
    public var restoredFrom: RestoredFrom?
    public var evidence: RestoreEvidence?
    /// Settings that a restored server keeps for a reason (`max_prepared_transactions` in doubt).
    public var keptSettings: [String: String]?
    /// When a restored server's time is over; nil for one that stays.
    public var expiry: ServerExpiry?
    /// Since when it is protected from its expiry; nil for one that is not.
    public var heldSince: PostgresTimestamp?
    /// The hour for its weekly work; nil where work is done whenever it is due.
    public var maintenanceWindow: MaintenanceWindow?
    /// When its restore is rehearsed; nil where nobody asked for that.
    public var drillSchedule: DrillSchedule?
    /// The columns of `origin`: one of them at most has a value.
    private var attachment: Attachment?
    private var opened: OpenedFolder?

    /// What its backups and WAL come from.
    public var origin: ServerOrigin {
        get { attachment.map(ServerOrigin.attached) ?? opened.map(ServerOrigin.opened) ?? .own }
        set { (attachment, opened) = (newValue.attachment, newValue.opened) }
    }

    /// Whether it is run here: neither attached nor an opened backup.
    public var isOwn: Bool { origin.isOwn }

    public init(
        id: String, resourceGroup: String, name: String, location: String, tags: [String: String],
        phase: ServerPhase,
        shouldRun: Bool, createdAt: PostgresTimestamp, version: String, postgresVersion: String, tier: String,
        skuName: String, storageSizeGiB: Int, storageType: String, storageAutoGrow: Bool,
        backupRetentionDays: Int, geoRedundantBackup: Bool, publicNetworkAccess: Bool,
        administratorLogin: String, availabilityZone: String?, host: String, port: Int
    ) {
        self.id = id
        self.resourceGroup = resourceGroup
        self.name = name
        self.location = location
        self.tags = tags
        self.phase = phase
        self.shouldRun = shouldRun
        self.createdAt = createdAt
        self.version = version
        self.postgresVersion = postgresVersion
        self.tier = tier
        self.skuName = skuName
        self.storageSizeGiB = storageSizeGiB
        self.storageType = storageType
        self.storageAutoGrow = storageAutoGrow
        self.backupRetentionDays = backupRetentionDays
        retentionHistory = []
        self.geoRedundantBackup = geoRedundantBackup
        self.publicNetworkAccess = publicNetworkAccess
        self.administratorLogin = administratorLogin
        self.availabilityZone = availabilityZone
        self.host = host
        self.port = port
    }
}

public struct FirewallRuleRow: Codable, FetchableRecord, PersistableRecord, Sendable {
    public static let databaseTableName = "firewallRule"
    public var serverID: String
    public var name: String
    public var startIPAddress: String
    public var endIPAddress: String

    public init(serverID: String, name: String, startIPAddress: String, endIPAddress: String) {
        self.serverID = serverID
        self.name = name
        self.startIPAddress = startIPAddress
        self.endIPAddress = endIPAddress
    }
}

/// A parameter that the user set.
public struct ParameterRow: Codable, FetchableRecord, PersistableRecord, Sendable {
    public static let databaseTableName = "parameter"
    public var serverID: String
    public var name: String
    public var value: String

    public init(serverID: String, name: String, value: String) {
        self.serverID = serverID
        self.name = name
        self.value = value
    }
}

public enum OperationState: String, Codable, Sendable {
    /// Accepted, and no process runs it yet.
    case queued
    case running, succeeded, failed, canceled
}

/// A change in progress or done: who runs it tells whether it still lives.
public struct OperationRow: CatalogRow {
    public static let databaseTableName = "operation"
    public var id: String
    public var correlationID: String
    public var serverID: String
    /// The other server that is read: a restore's source.
    public var sourceServerID: String?
    public var kind: String
    public var state: OperationState
    public var pid: Int
    /// The process's start in clock ticks since boot, so that a reused pid is told apart.
    public var processStart: String
    public var startedAt: PostgresTimestamp
    public var endedAt: PostgresTimestamp?
    /// What the operation needs to be judged after a crash.
    public var details: [String: String]
    public var error: String?
    /// Who asked for it.
    public var caller = "local"
    /// When it was accepted, for one that was accepted first and is run by a worker; nil for any other.
    /// What follows is of such operations only, but for the code of the error.
    public var acceptedAt: PostgresTimestamp?
    /// JSON: what was asked for, without any secret. Only its worker reads it: what an earlier or a later
    /// build wrote there keeps nobody from reading the row.
    public var request: String?
    /// Operations of one lane run one after another, in the order in which they were accepted.
    public var lane: String?
    public var resourceGroup: String?
    public var resourceID: String?
    public var location: String?
    /// What Azure calls the operation in its first answer.
    public var wireName: String?
    /// When the work itself took the operation over: set once.
    public var begunAt: PostgresTimestamp?
    public var errorCode: String?

    public init(
        id: String, correlationID: String, serverID: String, sourceServerID: String?, kind: String, pid: Int,
        processStart: String, startedAt: PostgresTimestamp, details: [String: String]
    ) {
        self.id = id
        self.correlationID = correlationID
        self.serverID = serverID
        self.sourceServerID = sourceServerID
        self.kind = kind
        state = .running
        self.pid = pid
        self.processStart = processStart
        self.startedAt = startedAt
        self.details = details
    }
}

/// A line of the activity log.
extension ActivityEvent: CatalogRow {
    public static let databaseTableName = "activity"
}
