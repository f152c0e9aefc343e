public import PostgresFormat

/// What the last check of a backup found.
public struct BackupVerdict: Sendable, Hashable {
    public enum Outcome: String, Sendable, Hashable {
        case sound = "Sound"
        /// A file of it is damaged or missing: it cannot be restored.
        case damagedFiles = "DamagedFiles"
        /// Its files are right; WAL that it needs is missing or damaged.
        case damagedWAL = "DamagedWAL"
    }

    public var time: PostgresTimestamp
    public var outcome: Outcome
    /// What is wrong, with the file's name.
    public var finding: String?

    public init(time: PostgresTimestamp, outcome: Outcome, finding: String?) {
        self.time = time
        self.outcome = outcome
        self.finding = finding
    }
}

/// A backup that was just checked, and how much of it was read and found right.
public struct VerifiedBackup: Sendable, Hashable {
    public var name: String
    public var verdict: BackupVerdict
    public var files: Int
    public var bytes: UInt64
    public var segments: Int

    public init(name: String, verdict: BackupVerdict, files: Int, bytes: UInt64, segments: Int) {
        self.name = name
        self.verdict = verdict
        self.files = files
        self.bytes = bytes
        self.segments = segments
    }

    public var isSound: Bool { verdict.outcome == .sound }
}
