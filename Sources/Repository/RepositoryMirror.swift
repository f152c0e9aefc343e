public import Platform
import PostgresFormat

/// Keeps a second copy of a repository somewhere else: what is new there is copied, what expired is removed.
///
/// WAL is copied before the backups that need it, and a backup is seen only when all of it is on the disk: at
/// every moment the copy can be restored from. Nothing is shared with the first, not even blocks.
public struct RepositoryMirror: Sendable {
    public let source: RepositoryLayout
    public let target: RepositoryLayout

    public init(source: RepositoryLayout, target: RepositoryLayout) {
        self.source = source
        self.target = target
    }

    /// What one pass did.
    public struct Outcome: Hashable, Sendable {
        public var copiedFiles = 0
        public var copiedBytes: UInt64 = 0
        public var copiedBackups: [String] = []
        public var removedBackups: [String] = []
        public var removedFiles = 0

        public var isEmpty: Bool { self == Outcome() }
    }

    /// How far the copy is behind.
    public struct Lag: Hashable, Sendable {
        /// Archived files that are not in the copy yet, and their bytes as they are stored.
        public var files: Int
        public var bytes: UInt64
        public var backups: Int
        /// When the oldest of those files was archived, in seconds since 1970; nil when none is missing.
        public var since: Int64?
    }

    /// Brings the copy up to date. Throws `.walDamaged` for damaged WAL, which is not copied, when everything
    /// else is there: it is a gap in the copy as it is in the first.
    public func run(cancellation: CancellationFlag = CancellationFlag()) throws(Problem) -> Outcome {
        try target.create(source.identity())
        var outcome = Outcome()
        // In this order: a backup that is listed has its WAL in the archive already.
        let backups = try BackupRepository(layout: source).list().filter { $0.damage == nil }.map(\.name)
        let damage = try copyWAL(&outcome, cancellation)
        try copyBackups(backups, &outcome, cancellation)
        try removeExpired(backups, &outcome)
        if let damage { throw damage }
        return outcome
    }

    /// Whether something expired in the first that the second still has.
    public var holdsExpired: Bool {
        let first = Set((try? DurableFiles.listIfPresent(source.backups)) ?? [])
        let second = (try? DurableFiles.listIfPresent(target.backups)) ?? []
        return !first.isEmpty && second.contains { !first.contains($0) }
    }

    public func lag() throws(Problem) -> Lag {
        let missing = try missingWAL()
        var lag = Lag(files: missing.count, bytes: 0, backups: 0)
        for name in missing {
            // It may have expired since it was listed.
            guard let status = DurableFiles.status(source.path(of: name)) else { continue }
            lag.bytes += status.size
            lag.since = min(lag.since ?? status.modified, status.modified)
        }
        let held = Set(try DurableFiles.listIfPresent(target.backups))
        lag.backups = try BackupRepository(layout: source).list().count { !held.contains($0.name) }
        return lag
    }

    private func missingWAL() throws(Problem) -> [ArchivedFileName] {
        let there = DurableFiles.status(target.identityFile) != nil
        let held = there ? Set(try WALArchive(layout: target).names()) : []
        return try WALArchive(layout: source).names().filter { !held.contains($0) }
            .sorted { $0.fileName < $1.fileName }
    }

    // MARK: WAL

    /// The first damage met.
    private func copyWAL(_ outcome: inout Outcome, _ cancellation: CancellationFlag) throws(Problem)
        -> Problem?
    {
        let archive = WALArchive(layout: source)
        var damage: Problem?
        for name in try missingWAL() {
            try cancellation.check()
            guard let bytes = try DurableFiles.readIfPresent(source.path(of: name)) else { continue }
            do {
                try archive.withContent(of: name) { (_) throws(Problem) in true }
            } catch {
                guard error.code == .walDamaged else { throw error }
                damage = damage ?? error
                continue
            }
            let path = target.path(of: name)
            try DurableFiles.makeDirectories(DurableFiles.parent(of: path))
            try DurableFiles.write(bytes, to: path)
            outcome.copiedFiles += 1
            outcome.copiedBytes += UInt64(bytes.count)
        }
        return damage
    }

    // MARK: Backups

    private func copyBackups(
        _ names: [String], _ outcome: inout Outcome, _ cancellation: CancellationFlag
    ) throws(Problem) {
        for name in names where DurableFiles.status(target.backup(name)) == nil {
            let unfinished = target.incompleteBackup(name)
            try DurableFiles.removeTree(unfinished)
            try DurableFiles.makeDirectories(target.backups)
            let fileSystem = try WatchedFileSystem(target.backups)
            try copyTree(source.backup(name), unfinished, &outcome, cancellation)
            try fileSystem.flush()
            try DurableFiles.rename(unfinished, to: target.backup(name))
            try DurableFiles.syncDirectory(target.backups)
            outcome.copiedBackups.append(name)
        }
    }

    private func copyTree(
        _ from: String, _ to: String, _ outcome: inout Outcome, _ cancellation: CancellationFlag
    ) throws(Problem) {
        try DurableFiles.makeDirectory(to, durable: false)
        for entry in try DurableFiles.list(from) {
            try cancellation.check()
            let path = from + "/" + entry
            switch DurableFiles.status(path)?.kind {
            case .directory: try copyTree(path, to + "/" + entry, &outcome, cancellation)
            case .file:
                outcome.copiedBytes += try copyFile(path, to + "/" + entry)
                outcome.copiedFiles += 1
            default:
                throw Problem(
                    .backupDamaged, "'\(path)' is no file of a backup",
                    detail: "a backup has files and folders only")
            }
        }
    }

    private func copyFile(_ from: String, _ to: String) throws(Problem) -> UInt64 {
        let input = try OpenFile(reading: from)
        let output = try OpenFile(creating: to)
        var copied: UInt64 = 0
        try input.forEachChunk { (chunk, offset) throws(Problem) in
            try output.write(chunk, at: offset)
            copied = offset + UInt64(chunk.count)
            return true
        }
        return copied
    }

    // MARK: Expiry

    /// What has expired in the first goes from the copy as well; an empty first one takes nothing away.
    private func removeExpired(_ backups: [String], _ outcome: inout Outcome) throws(Problem) {
        guard !backups.isEmpty else { return }
        let repository = BackupRepository(layout: target)
        for leftover in try repository.leftovers() { try repository.removeLeftover(leftover) }
        let known = Set(try BackupRepository(layout: source).list().map(\.name))
        for held in try repository.list() where !known.contains(held.name) {
            try repository.delete(held.name)
            outcome.removedBackups.append(held.name)
        }
        let archived = Set(try WALArchive(layout: source).names())
        guard !archived.isEmpty else { return }
        let unneeded = try WALArchive(layout: target).names().filter { !archived.contains($0) }
        try WALArchive(layout: target).remove(unneeded)
        outcome.removedFiles += unneeded.count
    }
}
