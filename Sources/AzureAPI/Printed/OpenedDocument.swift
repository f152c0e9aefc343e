import PostgresFormat
public import ServiceModel

/// A backup that somebody else made, with no server behind it: where it lay, and when it was brought in.
public struct OpenedDocument: Codable, Sendable, Hashable {
    public var base: String
    /// `plain`, `tar`, `barman` or `pgbackrest`.
    public var form: String
    /// What is missing on this machine for a restore, in words; left out where nothing is.
    public var needs: String?
    public var openedAt: String
    public var wal: [String]

    public init(_ folder: OpenedFolder, needs: String?) {
        base = folder.base
        form = folder.form.rawValue
        self.needs = needs
        openedAt = folder.openedAt.wireText
        wal = folder.wal
    }
}
