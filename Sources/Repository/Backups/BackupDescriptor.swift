public import PostgresFormat

/// A tablespace that lay outside the source's data directory; in the backup it is `pg_tblspc/<number>`.
public struct BackupTablespace: Hashable, Sendable {
    public var number: UInt32
    /// The directory on the source.
    public var location: String

    public init(number: UInt32, location: String) {
        self.number = number
        self.location = location
    }
}

/// The version of a collation library that databases of the backup were built with.
public struct BackupCollation: Hashable, Sendable {
    /// `libc` or `icu`.
    public var provider: String
    /// As the library tells it: `2.36`.
    public var version: String
    /// Of ICU, whose locales have versions of their own: `en-US`. Nil where it was not noted.
    public var locale: String?
    public var databases: [String]

    public init(provider: String, version: String, locale: String? = nil, databases: [String]) {
        self.provider = provider
        self.version = version
        self.locale = locale
        self.databases = databases
    }
}

/// What a base backup is, as its `backup.json` says.
public struct BackupDescriptor: Hashable, Sendable {
    /// The version of `backup.json` and of the folder beside it.
    public static let format: Int64 = 1

    public enum Source: String, Hashable, Sendable, CaseIterable {
        case automatic = "Automatic"
        case onDemand = "Customer On-Demand"
    }

    /// How the files under `data` are kept.
    public enum Storage: String, Hashable, Sendable, CaseIterable {
        /// As they are, sharing blocks with the data directory they came from.
        case plain
        /// Each as a stock zstd file, `.zst` appended to its name.
        case zstd
    }

    public var name: String
    public var source: Source
    /// The label that `backup_label` and the server's log carry.
    public var label: String
    public var timeline: TimelineID
    /// Where replay must begin: the redo position of the backup's checkpoint.
    public var startLSN: LSN
    /// Replay must reach this to be consistent.
    public var stopLSN: LSN
    /// Where the checkpoint record itself is.
    public var checkpointLSN: LSN
    /// The server's clock before the backup began.
    public var startTime: PostgresTimestamp
    /// The server's clock after it had ended: the earliest instant that can be restored from it.
    public var stopTime: PostgresTimestamp
    public var storage: Storage
    /// Of all files, as they are in a data directory.
    public var totalBytes: UInt64
    /// Of all files, as they are here; shared blocks count in full.
    public var storedBytes: UInt64
    public var fileCount: Int
    public var systemIdentifier: UInt64
    /// As `server_version_num`: 150018.
    public var postgresVersion: Int
    public var segmentSize: WALSegmentSize
    /// The settings that a server replaying this backup's WAL must match.
    public var settings: WALParameters
    /// Of the file `backup_manifest`.
    public var manifestCRC32C: UInt32
    /// Every directory of the data directory, relative to it, parents first.
    public var directories: [String]
    public var tablespaces: [BackupTablespace]

    /// What the order of text in its databases depends on; empty where nothing does, or it was not asked.
    public var collations: [BackupCollation] = []
    /// Of a server elsewhere: the extensions that its databases had, whose files a copy needs here.
    public var extensions: [String] = []
    /// Of a server elsewhere: what it preloaded; nil where that is not known.
    public var preloadLibraries: String?
    /// What lay in the data directory and is not in the backup, in words; nothing that PostgreSQL reads.
    public var passedOver: [String] = []

    /// The kind of backup in Azure's word; there is only this one.
    public var type: String { "Full" }

    public init(
        name: String, source: Source, label: String, timeline: TimelineID, startLSN: LSN, stopLSN: LSN,
        checkpointLSN: LSN, startTime: PostgresTimestamp, stopTime: PostgresTimestamp, storage: Storage,
        totalBytes: UInt64, storedBytes: UInt64, fileCount: Int, systemIdentifier: UInt64,
        postgresVersion: Int, segmentSize: WALSegmentSize, settings: WALParameters, manifestCRC32C: UInt32,
        directories: [String], tablespaces: [BackupTablespace] = []
    ) {
        self.name = name
        self.source = source
        self.label = label
        self.timeline = timeline
        self.startLSN = startLSN
        self.stopLSN = stopLSN
        self.checkpointLSN = checkpointLSN
        self.startTime = startTime
        self.stopTime = stopTime
        self.storage = storage
        self.totalBytes = totalBytes
        self.storedBytes = storedBytes
        self.fileCount = fileCount
        self.systemIdentifier = systemIdentifier
        self.postgresVersion = postgresVersion
        self.segmentSize = segmentSize
        self.settings = settings
        self.manifestCRC32C = manifestCRC32C
        self.directories = directories
        self.tablespaces = tablespaces
    }

    /// The segments without which the backup is of no use: from its start to its stop.
    public var requiredSegments: [SegmentName] {
        let first = startLSN.rawValue / segmentSize.bytes
        let last = max(first, (max(stopLSN.rawValue, 1) - 1) / segmentSize.bytes)
        return (first...last).map { SegmentName(timeline: timeline, number: $0, size: segmentSize) }
    }
}
