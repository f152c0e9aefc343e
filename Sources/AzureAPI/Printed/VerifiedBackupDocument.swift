import PostgresFormat
public import ServiceModel

/// What a check of a backup found.
public struct BackupCheckDocument: Codable, Sendable, Hashable {
    /// What is wrong, with the file's name.
    @OrNull public var finding: String?
    /// `Sound`, `DamagedFiles` or `DamagedWAL`.
    public var outcome: String
    public var time: String

    public init(_ verdict: BackupVerdict) {
        outcome = verdict.outcome.rawValue
        time = verdict.time.wireText
        finding = verdict.finding
    }
}

/// A backup that was just checked, as `backup verify` prints it.
public struct VerifiedBackupDocument: Codable, Sendable, Hashable {
    public var bytes: UInt64
    public var files: Int
    @OrNull public var finding: String?
    public var name: String
    /// `Sound`, `DamagedFiles` or `DamagedWAL`.
    public var outcome: String
    public var time: String
    public var walSegments: Int

    public init(_ backup: VerifiedBackup) {
        bytes = backup.bytes
        files = backup.files
        name = backup.name
        outcome = backup.verdict.outcome.rawValue
        time = backup.verdict.time.wireText
        walSegments = backup.segments
        finding = backup.verdict.finding
    }
}
