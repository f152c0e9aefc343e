import PostgresFormat
import ServiceModel

/// What a server of this machine has and one of Azure's has not: paths, address, lineage, sizes.
public struct LocalServer: Codable, Sendable {
    public struct Archiver: Codable, Sendable, Hashable {
        public var failedCount: Int
        public var isFailing: Bool
        @OrNull public var lastArchivedTime: String?
        @OrNull public var lastArchivedWal: String?
        @OrNull public var lastFailedTime: String?
        @OrNull public var lastFailedWal: String?
        /// Why it fails, as the server's log has it.
        @OrNull public var reason: String?
        /// Files that wait to be archived, where archiving stands still, and since when.
        public var waitingFiles: Int
        @OrNull public var waitingSince: String?

        init(_ health: ArchiverHealth) {
            failedCount = health.failedCount
            isFailing = health.isFailing
            lastArchivedTime = health.lastArchivedTime?.wireText
            lastArchivedWal = health.lastArchivedWAL
            lastFailedTime = health.lastFailedTime?.wireText
            waitingFiles = health.waitingFiles
            lastFailedWal = health.lastFailedWAL
            reason = health.reason
            waitingSince = health.waitingSince?.wireText
        }
    }

    /// Bytes.
    public struct Disk: Codable, Sendable, Hashable {
        public var backups: UInt64
        public var data: UInt64
        public var wal: UInt64
    }

    /// The second copy of the backups, in the paired location.
    public struct Pair: Codable, Sendable, Hashable {
        public var directory: String
        public var isAvailable: Bool
        @OrNull public var lagSeconds: Int64?
        @OrNull public var latestRestoreDate: String?
        public var location: String
        @OrNull public var missingBackups: Int?
        @OrNull public var missingBytes: UInt64?
        @OrNull public var missingFiles: Int?

        init(_ pair: GeoRedundancy) {
            directory = pair.directory
            isAvailable = pair.isAvailable
            location = pair.location
            lagSeconds = pair.lagSeconds
            latestRestoreDate = pair.latestRestoreDate?.wireText
            missingBackups = pair.missingBackups
            missingBytes = pair.missingBytes
            missingFiles = pair.missingFiles
        }
    }

    public struct Origin: Codable, Sendable, Hashable {
        public var backup: String
        public var lsn: String
        @OrNull public var notes: [String]?
        @OrNull public var restoreTimeUtc: String?
        public var sourceServer: String
        public var sourceServerId: String

        init(_ origin: RestoredFrom) {
            backup = origin.backup
            lsn = origin.lsn.description
            notes = origin.notes
            sourceServer = origin.sourceServer
            sourceServerId = origin.sourceServerID
            restoreTimeUtc = origin.restoreTimeUTC?.wireText
        }
    }

    @OrNull public var archiver: Archiver?
    /// Of a server that is not run here; left out for any other.
    public var attached: AttachedDocument?
    public var dataDirectory: String
    @OrNull public var deletedAt: String?
    @OrNull public var diskUsage: Disk?
    @OrNull public var evidence: RestoreEvidenceDocument?
    /// When the copy is deleted by itself.
    @OrNull public var expiresAt: String?
    @OrNull public var followUp: [String]?
    @OrNull public var geoRedundancy: Pair?
    /// Since when the copy is protected from that.
    @OrNull public var heldSince: String?
    public var host: String
    public var id: String
    @OrNull public var latestRestoreDate: String?
    public var logDirectory: String
    public var memoryMiB: Int
    /// Of a backup that was opened and has no server; left out for any other.
    public var opened: OpenedDocument?
    public var port: Int
    public var postgresVersion: String
    public var repositoryDirectory: String
    @OrNull public var restoredFrom: Origin?
    public var scaling: String
    public var socketDirectory: String
    /// Text, because it is larger than the numbers that JSON readers keep exactly.
    @OrNull public var systemIdentifier: String?
    public var vCores: Int

    init(_ server: ServerDetails, evidence: RestoreEvidenceDocument?, followUp: [String]?) {
        dataDirectory = server.dataDirectory
        host = server.host
        id = server.id
        logDirectory = server.logDirectory
        memoryMiB = server.memoryMiB
        port = server.port
        postgresVersion = server.postgresVersion
        repositoryDirectory = server.repositoryDirectory
        scaling = server.scaling
        socketDirectory = server.socketDirectory
        vCores = server.vCores
        archiver = server.archiver.map(Archiver.init)
        attached = server.attached.map(AttachedDocument.init)
        opened = server.opened.map { OpenedDocument($0, needs: server.openedNeeds) }
        geoRedundancy = server.geoRedundancy.map(Pair.init)
        deletedAt = server.deletedAt?.wireText
        diskUsage = server.diskUsage.map { Disk(backups: $0.backups, data: $0.data, wal: $0.wal) }
        self.evidence = evidence
        expiresAt = server.expiry?.time.wireText
        self.followUp = followUp
        heldSince = server.heldSince?.wireText
        latestRestoreDate = server.latestRestoreDate?.wireText
        restoredFrom = server.restoredFrom.map(Origin.init)
        systemIdentifier = server.systemIdentifier.map { String($0) }
    }
}
