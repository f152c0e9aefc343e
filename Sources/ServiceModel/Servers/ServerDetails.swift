public import PostgresFormat

/// Azure's words for what a server is doing.
public enum ServerState: String, Sendable, Codable {
    case ready = "Ready"
    case stopped = "Stopped"
    case starting = "Starting"
    case stopping = "Stopping"
    case updating = "Updating"
    case provisioning = "Provisioning"
    case dropping = "Dropping"
    /// Should run and does not.
    case inaccessible = "Inaccessible"
    /// Deleted; its backups are kept for a while.
    case dropped = "Dropped"
}

/// Names a server: the group (lower case or as created, compared without case) and the lower-case name.
public struct ServerReference: Hashable, Sendable, Codable {
    public var resourceGroup: String
    public var name: String

    public init(resourceGroup: String, name: String) {
        self.resourceGroup = resourceGroup
        self.name = name.lowercased()
    }
}

/// Where a restored server came from: the part of its evidence that stays with it.
public struct RestoredFrom: Hashable, Sendable, Codable {
    public var sourceServer: String
    public var sourceServerID: String
    public var restoreTimeUTC: PostgresTimestamp?
    public var lsn: LSN
    public var backup: String
    /// The source's whole id, as it was. Nil from before it was kept.
    public var sourceServerResourceID: String?
    /// What was taken for what: a time that was still to come for now, for example. Nil from before it was
    /// kept.
    public var notes: [String]?

    public init(
        sourceServer: String, sourceServerID: String, restoreTimeUTC: PostgresTimestamp?, lsn: LSN,
        backup: String, sourceServerResourceID: String? = nil, notes: [String]? = nil
    ) {
        self.sourceServer = sourceServer
        self.sourceServerID = sourceServerID
        self.restoreTimeUTC = restoreTimeUTC
        self.lsn = lsn
        self.backup = backup
        self.sourceServerResourceID = sourceServerResourceID
        self.notes = notes
    }
}

/// Bytes on disk.
public struct DiskUsage: Hashable, Sendable, Codable {
    public var data: UInt64
    public var backups: UInt64
    public var wal: UInt64

    public init(data: UInt64, backups: UInt64, wal: UInt64) {
        self.data = data
        self.backups = backups
        self.wal = wal
    }
}

/// What PostgreSQL's archiver last said of itself.
public struct ArchiverHealth: Hashable, Sendable, Codable {
    public var lastArchivedWAL: String?
    public var lastArchivedTime: PostgresTimestamp?
    public var failedCount: Int
    public var lastFailedWAL: String?
    public var lastFailedTime: PostgresTimestamp?
    /// True when the newest attempt failed, or nothing has been archived for a while although WAL waits.
    public var isFailing: Bool
    /// Files that wait to be archived, where archiving stands still.
    public var waitingFiles = 0
    /// Since when it stands still.
    public var waitingSince: PostgresTimestamp?
    /// Why it fails, as the server's log has it.
    public var reason: String?

    public init(
        lastArchivedWAL: String?, lastArchivedTime: PostgresTimestamp?, failedCount: Int,
        lastFailedWAL: String?, lastFailedTime: PostgresTimestamp?, isFailing: Bool
    ) {
        self.lastArchivedWAL = lastArchivedWAL
        self.lastArchivedTime = lastArchivedTime
        self.failedCount = failedCount
        self.lastFailedWAL = lastFailedWAL
        self.lastFailedTime = lastFailedTime
        self.isFailing = isFailing
    }
}

/// The second copy of a server's backups, in the paired location.
public struct GeoRedundancy: Hashable, Sendable, Codable {
    public var location: String
    public var directory: String
    /// Whether it can be restored from.
    public var isAvailable: Bool
    /// The last moment that can be restored from it.
    public var latestRestoreDate: PostgresTimestamp?
    /// What is archived and not there yet; nil where the first repository cannot be read.
    public var missingFiles: Int?
    public var missingBytes: UInt64?
    public var missingBackups: Int?
    /// How long the oldest of those files has been waiting.
    public var lagSeconds: Int64?

    public init(
        location: String, directory: String, isAvailable: Bool,
        latestRestoreDate: PostgresTimestamp? = nil, missingFiles: Int? = nil,
        missingBytes: UInt64? = nil, missingBackups: Int? = nil, lagSeconds: Int64? = nil
    ) {
        self.location = location
        self.directory = directory
        self.isAvailable = isAvailable
        self.latestRestoreDate = latestRestoreDate
        self.missingFiles = missingFiles
        self.missingBytes = missingBytes
        self.missingBackups = missingBackups
        self.lagSeconds = lagSeconds
    }
}

/// A server as `show` tells it.
public struct ServerDetails: Sendable {
    /// Immutable; keys every path. Names are reused, ids never.
    public var id: String
    public var name: String
    public var resourceGroup: String
    public var location: String
    public var tags: [String: String]
    public var createdAt: PostgresTimestamp
    public var deletedAt: PostgresTimestamp?
    public var state: ServerState
    public var version: String
    public var minorVersion: String
    public var tier: String
    public var skuName: String
    public var vCores: Int
    public var memoryMiB: Int
    /// One sentence on how the SKU's settings were scaled to this machine.
    public var scaling: String
    public var storageSizeGiB: Int
    public var storageType: String
    public var storageAutoGrow: Bool
    public var backupRetentionDays: Int
    public var geoRedundantBackup: Bool
    public var earliestRestoreDate: PostgresTimestamp?
    public var latestRestoreDate: PostgresTimestamp?
    public var publicNetworkAccess: Bool
    public var administratorLogin: String
    public var availabilityZone: String?
    public var host: String
    public var port: Int
    public var dataDirectory: String
    public var socketDirectory: String
    public var logDirectory: String
    public var repositoryDirectory: String
    /// `15.18`; empty before the first start.
    public var postgresVersion: String
    public var systemIdentifier: UInt64?
    public var restoredFrom: RestoredFrom?
    public var diskUsage: DiskUsage?
    public var archiver: ArchiverHealth?
    public var geoRedundancy: GeoRedundancy?
    public var authorship = Authorship()
    /// When its time is over; nil for a server that stays.
    public var expiry: ExpiryState?
    /// Since when it is protected from that.
    public var heldSince: PostgresTimestamp?
    /// Nil where work is done whenever it is due.
    public var maintenanceWindow: MaintenanceWindow?
    /// The last drill of its restore that is over; nil where that was not looked at.
    public var lastDrill: DrillRecord?
    /// When there are drills by themselves.
    public var drillSchedule: DrillSchedule?
    /// Of a server that is not run here: how its WAL is received.
    public var attached: AttachedState?
    /// Of a backup that was opened and has no server: where it lay.
    public var opened: OpenedFolder?
    /// What an opened backup cannot be restored without, in words; nil where nothing is missing.
    public var openedNeeds: String?

    /// Whether it is run here.
    public var isOwn: Bool { attached == nil && opened == nil }

    public init(
        id: String, name: String, resourceGroup: String, location: String, tags: [String: String],
        createdAt: PostgresTimestamp, deletedAt: PostgresTimestamp? = nil, state: ServerState,
        version: String, minorVersion: String, tier: String, skuName: String, vCores: Int,
        memoryMiB: Int, scaling: String, storageSizeGiB: Int, storageType: String, storageAutoGrow: Bool,
        backupRetentionDays: Int, geoRedundantBackup: Bool,
        earliestRestoreDate: PostgresTimestamp? = nil, latestRestoreDate: PostgresTimestamp? = nil,
        publicNetworkAccess: Bool, administratorLogin: String, availabilityZone: String? = nil,
        host: String, port: Int, dataDirectory: String, socketDirectory: String, logDirectory: String,
        repositoryDirectory: String, postgresVersion: String, systemIdentifier: UInt64? = nil,
        restoredFrom: RestoredFrom? = nil, diskUsage: DiskUsage? = nil, archiver: ArchiverHealth? = nil,
        geoRedundancy: GeoRedundancy? = nil, authorship: Authorship = Authorship(),
        expiry: ExpiryState? = nil, heldSince: PostgresTimestamp? = nil,
        maintenanceWindow: MaintenanceWindow? = nil
    ) {
        self.id = id
        self.name = name
        self.resourceGroup = resourceGroup
        self.location = location
        self.tags = tags
        self.createdAt = createdAt
        self.deletedAt = deletedAt
        self.state = state
        self.version = version
        self.minorVersion = minorVersion
        self.tier = tier
        self.skuName = skuName
        self.vCores = vCores
        self.memoryMiB = memoryMiB
        self.scaling = scaling
        self.storageSizeGiB = storageSizeGiB
        self.storageType = storageType
        self.storageAutoGrow = storageAutoGrow
        self.backupRetentionDays = backupRetentionDays
        self.geoRedundantBackup = geoRedundantBackup
        self.earliestRestoreDate = earliestRestoreDate
        self.latestRestoreDate = latestRestoreDate
        self.publicNetworkAccess = publicNetworkAccess
        self.administratorLogin = administratorLogin
        self.availabilityZone = availabilityZone
        self.host = host
        self.port = port
        self.dataDirectory = dataDirectory
        self.socketDirectory = socketDirectory
        self.logDirectory = logDirectory
        self.repositoryDirectory = repositoryDirectory
        self.postgresVersion = postgresVersion
        self.systemIdentifier = systemIdentifier
        self.restoredFrom = restoredFrom
        self.diskUsage = diskUsage
        self.archiver = archiver
        self.geoRedundancy = geoRedundancy
        self.authorship = authorship
        self.expiry = expiry
        self.heldSince = heldSince
        self.maintenanceWindow = maintenanceWindow
    }
}
