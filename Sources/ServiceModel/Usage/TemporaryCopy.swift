public import PostgresFormat

/// A copy that an operation made for its own work, and removes with itself.
public struct TemporaryCopy: Hashable, Sendable {
    /// Of the data directory, on disk.
    public var bytes: UInt64
    /// Of the operation: `undo`, `drill`.
    public var kind: String
    public var operationID: String
    public var resourceGroup: String
    /// Its name among the operation's copies: `before`, `after`, `now`; of a drill the server's own name.
    public var role: String
    /// When the operation began.
    public var since: PostgresTimestamp
    /// The name of the server that it is a copy of.
    public var sourceName: String
    public var sourceID: String

    public init(
        bytes: UInt64, kind: String, operationID: String, resourceGroup: String, role: String,
        since: PostgresTimestamp, sourceName: String, sourceID: String
    ) {
        self.bytes = bytes
        self.kind = kind
        self.operationID = operationID
        self.resourceGroup = resourceGroup
        self.role = role
        self.since = since
        self.sourceName = sourceName
        self.sourceID = sourceID
    }
}
