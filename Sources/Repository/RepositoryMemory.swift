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
    /// Backups' lists of files, by the paths of their `backup_manifest`.
    let manifests: FileMemory<ReadManifest>
    /// Notes of checks, by the paths of their files.
    let checks: FileMemory<BackupChecks.Note>
    /// Archived segments with their summaries, by the paths of their files.
    let segments: FileMemory<ArchivedSegment>
    /// Segments' indexes, by the paths of their files: the summaries alone, and all of them.
    private let indexSummaries: FileMemory<ReadIndex>
    private let indexDetails: FileMemory<ReadIndex>
    /// What is in the folders of archives, by their paths.
    let listings: FileMemory<[ArchivedFile]>
    /// Bytes that folders take on the disk, in which files come and go and none is changed.
    let sizes: FileMemory<UInt64>

    /// - Parameter tick: see `FileMemory`.
    public init(tick: Int = 2) {
        // In bytes of files and of summaries; what is made of them takes two or three times as much.
        identities = FileMemory(limit: 1 << 20, tick: tick)
        backups = FileMemory(limit: 8 << 20, tick: tick)
        manifests = FileMemory(limit: 8 << 20, tick: tick)
        checks = FileMemory(limit: 2 << 20, tick: tick)
        segments = FileMemory(limit: 16 << 20, tick: tick)
        indexSummaries = FileMemory(limit: 16 << 20, tick: tick)
        indexDetails = FileMemory(limit: 16 << 20, tick: tick)
        listings = FileMemory(limit: 200_000, tick: tick)
        sizes = FileMemory(limit: 20_000, tick: tick)
    }

    /// Nil for an extent that is asked for once.
    func indexes(_ extent: IndexExtent) -> FileMemory<ReadIndex>? {
        switch extent {
        case .summary: indexSummaries
        case .detail: indexDetails
        case .fragments: nil
        }
    }
}
