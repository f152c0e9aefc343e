import Platform

/// What was read of repositories, for a process that shows them again and again.
///
/// Whoever makes layouts hands it to them. Files are looked at each time and read again when they are other
/// ones; see `FileMemory`. What is kept was found sound when it was read: damage is told anew each time.
public final class RepositoryMemory: Sendable {
    /// What repositories are, by the paths of their `repository.json`.
    let identities: FileMemory<RepositoryIdentity>
    /// Descriptions of backups, by the paths of their `backup.json`.
    let backups: FileMemory<BackupDescriptor>
    /// Notes of checks, by the paths of their files.
    let checks: FileMemory<BackupChecks.Note>
    /// Archived segments with their summaries, by the paths of their files.
    let segments: FileMemory<ArchivedSegment>
    /// The summaries of segments' indexes, by the paths of their files.
    let indexes: FileMemory<ReadIndex>

    /// Bytes that folders take on the disk, in which files come and go and none is changed.
    let sizes: FileMemory<UInt64>

    /// - Parameter tick: see `FileMemory`.
    public init(tick: Int = 2) {
        // In bytes of files and of summaries; what is made of them takes two or three times as much.
        identities = FileMemory(limit: 1 << 20, tick: tick)
        backups = FileMemory(limit: 16 << 20, tick: tick)
        checks = FileMemory(limit: 4 << 20, tick: tick)
        segments = FileMemory(limit: 16 << 20, tick: tick)
        indexes = FileMemory(limit: 64 << 20, tick: tick)
        sizes = FileMemory(limit: 20_000, tick: tick)
    }
}
