/// A server that is to have a newer major version.
public struct UpgradeRequest: Hashable, Sendable, Codable {
    public var server: ServerReference
    /// `16` to `18`.
    public var version: String
    /// Whether a server that is no copy of another may be upgraded too.
    public var isForAnyServer: Bool
    /// How the upgraded server gets its tables' files; nil is `.copied`.
    public var files: Files?

    public enum Files: String, Hashable, Sendable, Codable {
        /// The server as it was can go on with its own whatever happens before the upgraded one has answered.
        case copied
        /// Both have the same ones. They take no room, and once the upgraded server has begun to write,
        /// nothing can use them as they were.
        case linked
    }

    public init(
        server: ServerReference, version: String, isForAnyServer: Bool = false, files: Files? = nil
    ) {
        self.server = server
        self.version = version
        self.isForAnyServer = isForAnyServer
        self.files = files
    }
}

/// What an upgrade would do, found without changing anything.
public struct UpgradeOutlook: Hashable, Sendable {
    public var server: String
    /// As PostgreSQL says them, `15.18` and `18.6`.
    public var from: String
    public var to: String
    /// Bytes of the server's files.
    public var dataBytes: UInt64
    /// Bytes of those that are copied first, where the copy does not share its blocks.
    public var copiedBytes: UInt64
    /// Whether the copy shares its blocks with the original, and so takes no room.
    public var sharesBlocks: Bool
    public var files: UpgradeRequest.Files

    public init(
        server: String, from: String, to: String, dataBytes: UInt64, copiedBytes: UInt64, sharesBlocks: Bool,
        files: UpgradeRequest.Files
    ) {
        self.server = server
        self.from = from
        self.to = to
        self.dataBytes = dataBytes
        self.copiedBytes = copiedBytes
        self.sharesBlocks = sharesBlocks
        self.files = files
    }
}

/// A server after its upgrade.
public struct UpgradeResult: Sendable {
    public var server: ServerDetails
    public var outlook: UpgradeOutlook
    /// The server as it was before: deleted, with its backups.
    public var oldServerID: String
    /// For how long nobody could connect.
    public var downSeconds: Double
    public var totalSeconds: Double
    /// What is left to do, as commands.
    public var followUp: [String]
    public var notes: [String]

    public init(
        server: ServerDetails, outlook: UpgradeOutlook, oldServerID: String, downSeconds: Double,
        totalSeconds: Double, followUp: [String], notes: [String]
    ) {
        self.server = server
        self.outlook = outlook
        self.oldServerID = oldServerID
        self.downSeconds = downSeconds
        self.totalSeconds = totalSeconds
        self.followUp = followUp
        self.notes = notes
    }
}
