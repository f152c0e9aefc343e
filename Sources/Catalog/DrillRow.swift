import GRDB
public import PostgresFormat
public import ServiceModel

/// A drill, and who works on it: the whole record, and of it what is looked for.
public struct DrillRow: CatalogRow {
    public static let databaseTableName = "drill"
    public var id: String
    /// Of the server whose restore was rehearsed.
    public var serverID: String
    public var state: DrillResult
    /// The process that runs it; 0 where none does.
    public var pid: Int
    /// As for operations.
    public var processStart: String
    public var startedAt: PostgresTimestamp
    public var record: DrillRecord

    /// - Parameter process: what runs the drill; nil where it is over.
    public init(_ record: DrillRecord, process: (pid: Int, start: String)?) {
        id = record.id
        serverID = record.serverID
        state = record.result
        pid = process?.pid ?? 0
        processStart = process?.start ?? ""
        startedAt = record.startedAt
        self.record = record
    }
}
