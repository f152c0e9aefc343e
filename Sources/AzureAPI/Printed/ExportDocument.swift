import PostgresFormat
public import ServiceModel

/// What was exported: the manifest beside the file, and a line in the evidence of a copy.
public struct ExportDocument: Codable, Hashable, Sendable {
    /// Of the file.
    public var bytes: UInt64
    public var caller: String
    public var columns: [String]
    public var database: String
    public var exportedAtUtc: String
    /// Without its folder; null for a stream.
    @OrNull public var file: String?
    /// `csv`, `copy` or `sql`.
    public var format: String
    /// With whose rights the rows were read.
    public var login: String
    /// Of the restore that made the server; null for one that was not restored.
    @OrNull public var operationId: String?
    public var rows: UInt64
    public var server: String
    public var serverId: String
    /// Of the file.
    public var sha256: String
    /// Which transactions the rows have in them, as `pg_current_snapshot` prints it.
    public var snapshot: String
    public var table: String
    /// The condition; null for all rows.
    @OrNull public var `where`: String?

    public init(_ manifest: ExportManifest) {
        bytes = manifest.bytes
        caller = manifest.caller
        columns = manifest.columns
        database = manifest.database
        exportedAtUtc = manifest.exportedAt.description
        format = manifest.format.rawValue
        login = manifest.login
        rows = manifest.rows
        server = manifest.server
        serverId = manifest.serverID
        sha256 = manifest.sha256
        snapshot = manifest.snapshot
        table = manifest.table
        file = manifest.file
        operationId = manifest.operationID
        `where` = manifest.condition
    }
}
