import PostgresFormat
public import ServiceModel

/// A backup that somebody else made, with no server behind it: where it lay, and when it was brought in.
public struct OpenedDocument: Codable, Sendable, Hashable {
    public var base: String
    /// `plain`, `tar`, `barman` or `pgbackrest`.
    public var form: String
    public var openedAt: String
    public var wal: [String]

    public init(_ folder: OpenedFolder) {
        base = folder.base
        form = folder.form.rawValue
        openedAt = folder.openedAt.wireText
        wal = folder.wal
    }
}
