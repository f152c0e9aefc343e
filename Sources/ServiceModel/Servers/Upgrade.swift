/// A server that is to have a newer major version.
public struct UpgradeRequest: Hashable, Sendable, Codable {
    public var server: ServerReference
    /// `16` to `18`.
    public var version: String
    /// Whether a server that is no copy of another may be upgraded too.
    public var isForAnyServer: Bool

    public init(server: ServerReference, version: String, isForAnyServer: Bool = false) {
        self.server = server
        self.version = version
        self.isForAnyServer = isForAnyServer
    }
}

/// What an upgrade would do, found without changing anything.
public struct UpgradeOutlook: Hashable, Sendable {
    public var server: String
    /// As PostgreSQL says them, `15.18` and `18.6`.
    public var from: String
    public var to: String
    /// Bytes of the files that are copied first.
    public var dataBytes: UInt64
    /// Whether the copy shares its blocks with the original, and so takes no room.
    public var sharesBlocks: Bool

    public init(server: String, from: String, to: String, dataBytes: UInt64, sharesBlocks: Bool) {
        self.server = server
        self.from = from
        self.to = to
        self.dataBytes = dataBytes
        self.sharesBlocks = sharesBlocks
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
