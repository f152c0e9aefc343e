import Platform

/// What was read of repositories, for a process that shows them again and again.
///
/// Whoever makes layouts hands it to them. Files are looked at each time and read again when they are other
/// ones; see `FileMemory`. What is kept was found sound when it was read: damage is told anew each time.
///
/// What archives hold, and which backups there are, is kept whole, and so for showing alone: see `FileMemory`
/// for when a change of a file is told. What is carried out and what verifies has no memory.
public final class RepositoryMemory: Sendable {
    /// What repositories are, by the paths of their `repository.json`.
    let identities: FileMemory<RepositoryIdentity>
    /// Descriptions of backups, by the paths of their `backup.json`.
    let backups: FileMemory<BackupDescriptor>
    /// What is told of all the backups of a repository, by the paths of their folders.
    let listedBackups: FileMemory<LookedAtBackups>
    /// Backups' lists of files, by the paths of their `backup_manifest`.
    let manifests: FileMemory<ReadManifest>
    /// Notes of checks, by the paths of their files.
    let checks: FileMemory<BackupChecks.Note>
    /// Archived segments with their summaries, by the paths of their files.
    let segments: FileMemory<ArchivedSegment>
    /// Segments' indexes: the summaries alone, and all of them.
    private let indexSummaries: VersionMemory<ReadIndex>
    private let indexDetails: VersionMemory<ReadIndex>
    /// What archives hold, by the paths of their folders.
    let archives: FileMemory<LookedAtArchive>
    /// Bytes that folders take on the disk, in which files come and go and none is changed.
    let sizes: FileMemory<UInt64>
    /// What all backups of a repository take, by the paths of their folders.
    let backupSizes: FileMemory<KnownBackupSizes>

    /// - Parameters:
    ///   - tick: see `FileMemory`.
    ///   - patience: see `FileMemory`.
    public init(tick: Int = 2, patience: Double = 5) {
        // In bytes of files and of summaries; what is made of them takes two or three times as much.
        identities = FileMemory(limit: 1 << 20, tick: tick)
        backups = FileMemory(limit: 8 << 20, tick: tick)
        listedBackups = FileMemory(limit: 32 << 20, tick: tick, patience: patience)
        manifests = FileMemory(limit: 8 << 20, tick: tick)
        checks = FileMemory(limit: 2 << 20, tick: tick)
        segments = FileMemory(limit: 4 << 20, tick: tick)
        indexSummaries = VersionMemory(limit: 16 << 20, tick: tick)
        indexDetails = VersionMemory(limit: 16 << 20, tick: tick)
        archives = FileMemory(limit: 256 << 20, tick: tick, patience: patience)
        sizes = FileMemory(limit: 20_000, tick: tick)
        backupSizes = FileMemory(limit: 10_000, tick: tick, patience: patience)
    }

    /// Nil for an extent that is asked for once.
    func indexes(_ extent: IndexExtent) -> VersionMemory<ReadIndex>? {
        switch extent {
        case .summary: indexSummaries
        case .detail: indexDetails
        case .fragments: nil
        }
    }
}
