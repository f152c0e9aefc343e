import PostgresFormat
public import ServiceModel

/// What the servers of this machine take, as `pitr usage` prints it.
public struct UsageDocument: Codable, Sendable {
    public struct Server: Codable, Hashable, Sendable {
        public var ageSeconds: Int64
        public var backupsBytes: UInt64
        public var createdTimeUtc: String
        public var dataBytes: UInt64
        /// Of what is kept of the restore that made it.
        public var evidenceBytes: UInt64
        /// Null for one that stays.
        @OrNull public var expiresAtUtc: String?
        public var id: String
        public var isExpired: Bool
        /// Null where it does not run.
        @OrNull public var memoryBytes: UInt64?
        public var name: String
        public var resourceGroup: String
        /// Null as above.
        @OrNull public var runningSinceUtc: String?
        public var state: String
        /// Its vCores times the hours since it was started last; null as above.
        @OrNull public var vCoreHours: Double?
        public var vCores: Int
        public var walBytes: UInt64

        init(_ usage: ServerUsage) {
            ageSeconds = usage.ageSeconds
            backupsBytes = usage.disk.backups
            createdTimeUtc = usage.createdAt.description
            dataBytes = usage.disk.data
            evidenceBytes = usage.evidenceBytes
            id = usage.id
            isExpired = usage.expiry?.isOver == true
            name = usage.name
            resourceGroup = usage.resourceGroup
            state = usage.state.rawValue
            vCores = usage.vCores
            walBytes = usage.disk.wal
            expiresAtUtc = usage.expiry?.time.description
            memoryBytes = usage.memoryBytes
            runningSinceUtc = usage.runningSince?.description
            vCoreHours = usage.vCoreHours
        }
    }

    /// Something that can be deleted, and how.
    public struct Removable: Codable, Hashable, Sendable {
        public var bytes: UInt64
        public var command: String
        /// `expiredCopy`, `copy`, `deletedServer`, `onDemandBackup`, `evidence` or `result`.
        public var kind: String
        public var name: String
        public var reason: String

        init(_ thing: RemovableThing) {
            bytes = thing.bytes
            command = thing.command
            kind = thing.kind.rawValue
            name = thing.name
            reason = thing.reason
        }
    }

    public var evidenceBytes: UInt64
    public var pairedBytes: UInt64
    public var removable: [Removable]
    public var resultBytes: UInt64
    public var servers: [Server]
    public var temporaryCopies: [TemporaryCopyDocument]
    /// On disk; what clones share counts with each of them.
    public var totalBytes: UInt64

    public init(_ usage: MachineUsage) {
        evidenceBytes = usage.evidenceBytes
        pairedBytes = usage.pairedBytes
        removable = usage.removable.map(Removable.init)
        resultBytes = usage.resultBytes
        servers = usage.servers.map(Server.init)
        temporaryCopies = usage.temporaryCopies.map(TemporaryCopyDocument.init)
        totalBytes = usage.totalBytes
    }
}
