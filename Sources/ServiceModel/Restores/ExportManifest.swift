public import PostgresFormat

/// The form in which rows are handed over.
public enum ExportFormat: String, CaseIterable, Codable, Hashable, Sendable {
    /// As `COPY` writes it with `FORMAT csv, HEADER`.
    case csv
    /// As `COPY` writes it by itself.
    case copy
    /// INSERT statements in one transaction.
    case sql
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

    public init(
        bytes: UInt64, caller: String, columns: [String], condition: String? = nil, database: String,
        exportedAt: PostgresTimestamp, file: String? = nil, format: ExportFormat, login: String,
        operationID: String? = nil, rows: UInt64, server: String, serverID: String, sha256: String,
        snapshot: String, table: String
    ) {
        self.bytes = bytes
        self.caller = caller
        self.columns = columns
        self.condition = condition
        self.database = database
        self.exportedAt = exportedAt
        self.file = file
        self.format = format
        self.login = login
        self.operationID = operationID
        self.rows = rows
        self.server = server
        self.serverID = serverID
        self.sha256 = sha256
        self.snapshot = snapshot
        self.table = table
    }
}
