public import PostgresFormat

/// A file as it came into a base backup.
public struct CapturedFile: Sendable {
    /// Relative to the data directory.
    public let path: String
    /// In bytes, as it is in a data directory.
    public let size: UInt64
    /// In bytes, as it is in the repository.
    public var storedBytes: UInt64
    /// In seconds since 1970.
    public let modified: Int64
    /// Of its content.
    public let crc: UInt32

    public init(path: String, size: UInt64, storedBytes: UInt64, modified: Int64, crc: UInt32) {
        self.path = path
        self.size = size
        self.storedBytes = storedBytes
        self.modified = modified
        self.crc = crc
    }
}

extension BackupManifest {
    /// The manifest of a backup of these files, in the newest form that the version's own `pg_verifybackup`
    /// knows.
    ///
    /// - Parameter range: what has to be replayed to make the files consistent.
    public init(
        of captured: [CapturedFile], _ range: WALRange, systemIdentifier: UInt64, _ version: WALVersion
    ) {
        let files = captured.sorted { $0.path < $1.path }.map { file in
            File(
                path: file.path, size: file.size,
                lastModified: PostgresTimestamp(unixSeconds: file.modified),
                checksum: Checksum(crc32c: file.crc))
        }
        self.init(
            files: files, walRanges: [range],
            systemIdentifier: version.manifestNamesSystem ? systemIdentifier : nil)
    }

    /// Reads a manifest, and compares it with the checksum in its last line first.
    public init(checking bytes: [UInt8]) throws(BackupManifestError) {
        try self.init(parsing: bytes) { SHA256.hash($0) }
    }

    /// As PostgreSQL writes it, the checksum included.
    public var encoded: [UInt8] { printed { SHA256.hash($0) } }
}
