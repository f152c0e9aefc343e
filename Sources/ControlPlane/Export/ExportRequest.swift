public import ServiceModel

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

/// What came of it.
public struct ExportResult: Sendable {
    public var manifest: ExportManifest
    public var notes: [String]
}
