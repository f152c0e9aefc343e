public import PostgresFormat

/// What the last check of a stored backup found.
public struct BackupCheck: Hashable, Sendable {
    public enum Outcome: String, Hashable, Sendable {
        /// All files, their pages, and the WAL that the backup needs are as they were written.
        case sound
        /// A file is damaged, missing or not of this backup: it cannot be restored.
        case damagedFiles
        /// The files are right, and WAL that the backup needs is missing or damaged.
        case damagedWAL
    }

    public var time: PostgresTimestamp
    public var outcome: Outcome
    /// What is wrong, with the file's name; nil when nothing is.
    public var finding: String?
    /// How much was read and found right.
    public var files: Int
    public var bytes: UInt64
    public var segments: Int

    public init(
        time: PostgresTimestamp, outcome: Outcome, finding: String?, files: Int, bytes: UInt64, segments: Int
    ) {
        self.time = time
        self.outcome = outcome
        self.finding = finding
        self.files = files
        self.bytes = bytes
        self.segments = segments
    }
}
