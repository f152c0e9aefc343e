public import PostgresFormat
public import Repair

/// What `export` is asked for: rows of one table of a server that runs.
public struct ExportRequest: Hashable, Sendable {
    public var server: ServerReference
    public var database: String
    /// `schema.table` or `table`.
    public var table: String
    /// In the order that is wanted; empty for all of them.
    public var columns: [String] = []
    /// What stands behind WHERE.
    public var condition: String?
    public var format = ExportFormat.csv
    /// The login that reads, with its rights; nil is the tool's own superuser.
    public var login: String?
    /// Of that login.
    public var password: String?
    /// The file's name, for the manifest; nil for a stream.
    public var file: String?

    public init(server: ServerReference, database: String, table: String) {
        self.server = server
        self.database = database
        self.table = table
    }
}

/// What was exported: enough to tell whether a file is the one, and what rows it holds.
public struct ExportManifest: Codable, Hashable, Sendable {
    /// Of the file.
    public var bytes: UInt64
    public var caller: String
    public var columns: [String]
    /// What stood behind WHERE; nil for all rows.
    public var condition: String?
    public var database: String
    public var exportedAt: PostgresTimestamp
    /// Without its folder; nil for a stream.
    public var file: String?
    public var format: ExportFormat
    /// Who read, with whose rights.
    public var login: String
    /// Of the restore that made the server; nil for one that was not restored.
    public var operationID: String?
    public var rows: UInt64
    /// The resource id.
    public var server: String
    public var serverID: String
    /// Of the file, in hexadecimal digits.
    public var sha256: String
    /// Which transactions the rows have in them, as `pg_current_snapshot` prints it.
    public var snapshot: String
    /// With its schema, quoted where SQL needs it.
    public var table: String
}

/// What came of it.
public struct ExportResult: Sendable {
    public var manifest: ExportManifest
    public var notes: [String]
}
