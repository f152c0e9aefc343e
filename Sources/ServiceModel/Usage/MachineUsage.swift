public import PostgresFormat

/// What the servers of this machine take, and what of it can go.
public struct MachineUsage: Sendable {
    public var servers: [ServerUsage]
    public var temporaryCopies: [TemporaryCopy]
    /// Bytes of all kept evidence.
    public var evidenceBytes: UInt64
    /// Bytes of the second copies of backups, in paired locations.
    public var pairedBytes: UInt64
    /// Bytes of the results of undos and comparisons.
    public var resultBytes: UInt64
    /// Copies whose time is over, then other copies, deleted servers, backups, evidence and results; each by
    /// size.
    public var removable: [RemovableThing]

    public init(
        servers: [ServerUsage], temporaryCopies: [TemporaryCopy], evidenceBytes: UInt64,
        pairedBytes: UInt64, resultBytes: UInt64, removable: [RemovableThing]
    ) {
        self.servers = servers
        self.temporaryCopies = temporaryCopies
        self.evidenceBytes = evidenceBytes
        self.pairedBytes = pairedBytes
        self.resultBytes = resultBytes
        self.removable = removable
    }

    /// Bytes on disk. Files that share blocks with a file that they were cloned from count in full.
    public var totalBytes: UInt64 {
        servers.reduce(0) { $0 + $1.bytes } + temporaryCopies.reduce(0) { $0 + $1.bytes } + evidenceBytes
            + pairedBytes + resultBytes
    }
}

/// What one server takes, also a deleted one whose backups are still there.
public struct ServerUsage: Sendable {
    public var id: String
    public var name: String
    public var resourceGroup: String
    public var state: ServerState
    public var isCopy: Bool
    public var createdAt: PostgresTimestamp
    public var ageSeconds: Int64
    public var disk: DiskUsage
    /// Bytes of what is kept of the restore that made it; 0 where nothing is.
    public var evidenceBytes: UInt64
    /// What its processes hold; nil where it does not run.
    public var memoryBytes: UInt64?
    /// Since when it has run without an end; nil as above.
    public var runningSince: PostgresTimestamp?
    public var vCores: Int
    /// Its size's vCores times the hours since then: how long it ran before, nothing tells for certain.
    public var vCoreHours: Double?
    public var expiry: ExpiryState?
    public var heldSince: PostgresTimestamp?

    public init(
        id: String, name: String, resourceGroup: String, state: ServerState, isCopy: Bool,
        createdAt: PostgresTimestamp, ageSeconds: Int64, disk: DiskUsage, evidenceBytes: UInt64,
        memoryBytes: UInt64? = nil, runningSince: PostgresTimestamp? = nil, vCores: Int,
        vCoreHours: Double? = nil, expiry: ExpiryState? = nil, heldSince: PostgresTimestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.resourceGroup = resourceGroup
        self.state = state
        self.isCopy = isCopy
        self.createdAt = createdAt
        self.ageSeconds = ageSeconds
        self.disk = disk
        self.evidenceBytes = evidenceBytes
        self.memoryBytes = memoryBytes
        self.runningSince = runningSince
        self.vCores = vCores
        self.vCoreHours = vCoreHours
        self.expiry = expiry
        self.heldSince = heldSince
    }

    /// Without its evidence.
    public var bytes: UInt64 { disk.data + disk.backups + disk.wal }
}

/// Something that can be deleted, and how. Nothing is deleted by telling it.
public struct RemovableThing: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// A copy whose time is over.
        case expiredCopy
        /// A copy, maybe one that somebody works with.
        case copy
        /// The backups of a server that was deleted.
        case deletedServer
        /// A backup that somebody asked for.
        case onDemandBackup
        /// What is kept of the restore of a copy that has gone.
        case evidence
        /// What came of an undo or a comparison.
        case result
    }

    public var kind: Kind
    public var name: String
    /// What goes at once; a copy's backups stay for some days.
    public var bytes: UInt64
    /// What to know before it is deleted.
    public var reason: String
    public var command: String

    public init(kind: Kind, name: String, bytes: UInt64, reason: String, command: String) {
        self.kind = kind
        self.name = name
        self.bytes = bytes
        self.reason = reason
        self.command = command
    }
}
