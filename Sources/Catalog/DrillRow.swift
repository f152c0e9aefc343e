public import GRDB

/// A drill. Its record is kept as a file beside the catalog as well.
public struct DrillRow: Codable, FetchableRecord, PersistableRecord, Sendable {
    public static let databaseTableName = "drill"
    public var id: String
    /// Of the server whose restore was rehearsed.
    public var serverID: String
    public var state: String
    /// The process that runs it; 0 where none does.
    public var pid: Int
    /// As for operations.
    public var processStart: String
    public var startedAt: String
    /// JSON.
    public var record: String

    public init(
        id: String, serverID: String, state: String, pid: Int, processStart: String, startedAt: String,
        record: String
    ) {
        self.id = id
        self.serverID = serverID
        self.state = state
        self.pid = pid
        self.processStart = processStart
        self.startedAt = startedAt
        self.record = record
    }
}
