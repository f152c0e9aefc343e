public import PostgresFormat

/// How a server is asked for a base backup.
public struct BaseBackupCommand: Sendable, Hashable {
    public enum Checkpoint: String, Sendable, Hashable {
        /// At once, with all the writing that it takes.
        case fast
        /// Spread over the source's own checkpoint time: it notices the least, and the backup waits for it.
        case spread
    }

    public var label: String
    public var checkpoint: Checkpoint
    /// Kilobytes a second, 32 to 1048576; nil for as fast as it goes.
    public var maxRate: Int?

    public static let rates = 32...1_048_576

    public init(label: String, checkpoint: Checkpoint, maxRate: Int? = nil) {
        self.label = label
        self.checkpoint = checkpoint
        self.maxRate = maxRate
    }

    /// The command's text. WAL is not part of the backup and is not waited for: the stream has it.
    public var text: String {
        var options = [
            "LABEL \(SQLText.literal(label))", "PROGRESS true", "CHECKPOINT '\(checkpoint.rawValue)'",
            "WAL false", "WAIT false", "MANIFEST 'yes'", "MANIFEST_CHECKSUMS 'CRC32C'", "TABLESPACE_MAP true",
        ]
        if let maxRate { options.append("MAX_RATE \(maxRate)") }
        return "BASE_BACKUP (\(options.joined(separator: ", ")))"
    }
}

/// What a server sends of a base backup, in this order: where it starts, the archives, the manifest, its end.
public enum BaseBackupMessage {
    /// The backup's WAL begins here.
    case started(LSN, TimelineID)
    /// An archive begins: `base.tar`, or that of a tablespace, with its directory on the source.
    case archive(name: String, location: String)
    case manifest
    /// The next bytes of the archive or the manifest that was begun last.
    case content(UnsafeRawBufferPointer)
    /// Bytes of data that the server has sent so far.
    case progress(UInt64)
    /// The backup is consistent from here on.
    case ended(LSN, TimelineID)
}
