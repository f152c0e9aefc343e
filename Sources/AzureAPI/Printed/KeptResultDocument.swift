import PostgresFormat
public import ServiceModel

/// A result in a list: what came of an undo or a comparison, in a line. Times are UTC with microseconds.
public struct KeptResultEntryDocument: Codable, Hashable, Sendable {
    public var bytes: UInt64
    public var caller: String
    /// Rows about which somebody has to decide; of an undo.
    public var conflictRows: Int
    public var finishedAtUtc: String
    /// Of the operation.
    public var id: String
    /// Of a comparison; null else.
    @OrNull public var isEqual: Bool?
    /// `undo` or `compare`.
    public var kind: String
    /// `passed`, `stopped` or `none`; null of a comparison.
    @OrNull public var proof: String?
    public var resourceGroup: String
    /// The resource id of the server that it is about.
    public var server: String
    public var serverId: String
    public var startedAtUtc: String
    public var subject: String
    public var summary: String
    /// Rows that the script writes; of an undo.
    public var writtenRows: Int

    public init(_ result: KeptResult) {
        bytes = result.bytes
        caller = result.caller
        conflictRows = result.conflictRows
        finishedAtUtc = result.finishedAt.description
        id = result.id
        kind = result.work.name
        resourceGroup = result.resourceGroup
        server = result.server
        serverId = result.serverID
        startedAtUtc = result.startedAt.description
        subject = result.subject
        summary = result.summary
        writtenRows = result.writtenRows
        isEqual = result.isEqual
        proof = result.proof
    }
}

/// A result with its tables and the names of its files; the rows themselves are in the files.
public struct KeptResultDocument: Codable, Hashable, Sendable {
    public struct File: Codable, Hashable, Sendable {
        public var bytes: UInt64
        public var name: String
    }

    public struct Count: Codable, Hashable, Sendable {
        public var rows: UInt64
        /// A verdict, or how rows differ.
        public var words: String
    }

    public struct Table: Codable, Hashable, Sendable {
        public var counts: [Count]
        public var database: String
        public var name: String
        public var remark: String
    }

    public var files: [File]
    /// What was not taken back, or not compared, and why.
    public var leftOut: [String]
    public var notes: [String]
    public var result: KeptResultEntryDocument
    public var tables: [Table]

    /// - Parameter withContent: whether notes and remarks are told, which may have what tables hold: the
    ///   state of sequences, and what triggers and PostgreSQL say of rows.
    public init(_ kept: KeptResult, withContent: Bool = true) {
        files = kept.files.map { File(bytes: $0.bytes, name: $0.name) }
        leftOut = kept.leftOut
        notes = withContent ? kept.notes : []
        result = KeptResultEntryDocument(kept)
        tables = kept.tables.map { table in
            Table(
                counts: table.counts.map { Count(rows: $0.rows, words: $0.words) }, database: table.database,
                name: table.name, remark: withContent ? table.remark : "")
        }
    }
}
