import PostgresFormat

/// What can be chosen only when a cluster is made, and has to be the same where its files are taken over.
public struct ClusterShape: Hashable, Sendable {
    public var hasChecksums: Bool
    /// Of a WAL segment; nil for PostgreSQL's own 16.
    public var segmentMiB: Int?

    public init(hasChecksums: Bool = true, segmentMiB: Int? = nil) {
        self.hasChecksums = hasChecksums
        self.segmentMiB = segmentMiB
    }

    /// For `initdb`.
    func options(_ version: WALVersion) -> [String] {
        var options = segmentMiB.map { ["--wal-segsize=\($0)"] } ?? []
        if hasChecksums {
            options.append("--data-checksums")
        } else if version.hasChecksumsByDefault {
            options.append("--no-data-checksums")
        }
        return options
    }
}
