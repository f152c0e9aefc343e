import Notation
public import Platform
import PostgresFormat

/// The base backups that a repository holds.
public struct BackupRepository: Sendable {
    public let layout: RepositoryLayout

    public init(layout: RepositoryLayout) {
        self.layout = layout
    }

    /// All finished backups, the earliest stop first; damaged ones stand at the end, by name.
    public func list() throws(Problem) -> [StoredBackup] { try listing().backups }

    /// Those of them that are whole, in the same order.
    public func intact() throws(Problem) -> [BackupDescriptor] { try list().compactMap(\.descriptor) }

    /// The names of the finished backups, sorted, none of them read: others are being made or deleted, or lie
    /// there by mistake.
    public func names() throws(Problem) -> [String] {
        try DurableFiles.listIfPresent(layout.backups).filter { name in
            Self.isUsable(name: name)
                && DurableFiles.status(BackupFiles.descriptor(layout.backup(name))) != nil
        }
    }

    /// The backup of that name, nil when there is none. Throws `.backupDamaged` when its description is.
    public func find(_ name: String) throws(Problem) -> BackupDescriptor? {
        guard exists(name) else { return nil }
        switch try stored(name).content {
        case .intact(let descriptor): return descriptor
        case .damaged(let problem): throw problem
        }
    }

    /// Removes a backup. It is gone from the list at once; what a kill leaves behind is never listed again.
    public func delete(_ name: String) throws(Problem) {
        guard exists(name) else { throw Self.notFound(name) }
        let doomed = layout.deletingBackup(name)
        try DurableFiles.removeTree(doomed)
        try DurableFiles.rename(layout.backup(name), to: doomed)
        try DurableFiles.syncDirectory(layout.backups)
        try DurableFiles.removeTree(doomed)
        try BackupChecks(layout: layout).forget(name)
    }

    /// Folders of backups that were never finished or not wholly deleted, by their full names.
    ///
    /// One of them may be of a backup that is being taken right now.
    public func leftovers() throws(Problem) -> [String] {
        try DurableFiles.listIfPresent(layout.backups).filter(Self.isUnfinished)
    }

    /// Removes one of the `leftovers`.
    public func removeLeftover(_ folder: String) throws(Problem) {
        guard Self.isUnfinished(folder), !folder.contains("/") else {
            throw Problem(.system, "'\(folder)' is not an unfinished backup")
        }
        try DurableFiles.removeTree(layout.backups + "/" + folder)
    }

    /// Reads every file of a backup and compares it with the manifest; throws `.backupDamaged` naming the
    /// first.
    public func verify(
        _ name: String, workers: Int = 2, progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) {
        guard let backup = try find(name) else { throw Self.notFound(name) }
        _ = try BackupFiles.verify(
            backup, in: layout, workers: workers, progress: progress, cancellation: cancellation)
    }

    /// Whether a folder can have that name: nothing that leaves the folder, no hidden or unfinished one.
    public static func isUsable(name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !isUnfinished(name)
            && name.utf8.count <= 200 && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private func exists(_ name: String) -> Bool {
        Self.isUsable(name: name) && DurableFiles.status(layout.backup(name)) != nil
    }

    private static func notFound(_ name: String) -> Problem {
        Problem(.resourceNotFound, "there is no backup '\(name)'")
    }

    static func isUnfinished(_ folder: String) -> Bool {
        folder.hasSuffix(RepositoryLayout.incompleteSuffix)
            || folder.hasSuffix(RepositoryLayout.deletingSuffix)
    }

    func stored(_ name: String) throws(Problem) -> StoredBackup {
        let path = layout.backup(name)
        do throws(Problem) {
            let description = BackupFiles.descriptor(path)
            let read = try FileMemory.value(of: description, keptIn: layout.memory?.backups) {
                (file) throws(Problem) in
                try BackupDescriptor(
                    parsing: try DurableFiles.contents(of: file, limit: 1 << 24), path: description)
            }
            guard let descriptor = read else {
                throw Problem(
                    .backupDamaged, "backup '\(name)' is damaged", detail: "backup.json is missing")
            }
            guard descriptor.name == name else {
                throw Problem(
                    .backupDamaged, "backup '\(name)' is damaged",
                    detail: "its backup.json is that of '\(descriptor.name)'")
            }
            return StoredBackup(name: name, layout: layout, content: .intact(descriptor))
        } catch {
            switch error.code {
            case .backupDamaged: return StoredBackup(name: name, layout: layout, content: .damaged(error))
            case .formatTooNew: throw error
            default:
                let problem = Problem(
                    .backupDamaged, "backup '\(name)' is damaged: its backup.json cannot be read",
                    detail: error.detail ?? error.message)
                return StoredBackup(name: name, layout: layout, content: .damaged(problem))
            }
        }
    }
}
