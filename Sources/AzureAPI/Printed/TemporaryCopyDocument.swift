import PostgresFormat
public import ServiceModel

/// A copy that an operation made for its own work, as `pitr list --temporary` prints it.
public struct TemporaryCopyDocument: Codable, Hashable, Sendable {
    /// Bytes on disk.
    public var bytes: UInt64
    /// Of the operation.
    public var kind: String
    public var operationId: String
    public var resourceGroup: String
    public var role: String
    public var sinceUtc: String
    public var sourceServer: String
    public var sourceServerId: String

    public init(_ copy: TemporaryCopy) {
        bytes = copy.bytes
        kind = copy.kind
        operationId = copy.operationID
        resourceGroup = copy.resourceGroup
        role = copy.role
        sinceUtc = copy.since.description
        sourceServer = copy.sourceName
        sourceServerId = copy.sourceID
    }
}
