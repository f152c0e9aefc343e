public import Platform
public import PostgresFormat

/// A base backup that is being made.
///
/// Its folder's name ends in `.incomplete` until everything in it is on the disk. What is killed before
/// leaves a folder that is no backup, and that maintenance removes.
public struct UnfinishedBackup: Sendable {
    private let layout: RepositoryLayout
    private let folder: String
    private let fileSystem: WatchedFileSystem

    /// The folder of its files, as they are in a data directory.
    public var data: String { BackupFiles.data(folder) }

    /// A folder for what is only needed on the way, of the one that makes it, who removes it.
    public var scratch: String { folder + "/scratch" }

    /// Makes its folders, and removes what an earlier attempt left under that name.
    public init(_ name: String, in layout: RepositoryLayout) throws(Problem) {
        self.layout = layout
        let folder = layout.incompleteBackup(name)
        try DurableFiles.removeTree(folder)
        try DurableFiles.makeDirectories(BackupFiles.data(folder))
        fileSystem = try WatchedFileSystem(folder)
        self.folder = folder
    }

    /// Throws `.invalidParameterValue` for what cannot be a backup's name, `.backupNameAlreadyExists` for one
    /// that is taken.
    public static func requireFree(_ name: String, in layout: RepositoryLayout) throws(Problem) {
        guard BackupRepository.isUsable(name: name) else {
            throw Problem(.invalidParameterValue, "'\(name)' cannot be the name of a backup")
        }
        guard DurableFiles.status(layout.backup(name)) == nil else { throw taken(name) }
    }

    private static func taken(_ name: String) -> Problem {
        Problem(.backupNameAlreadyExists, "there is a backup '\(name)' already")
    }

    /// Writes its manifest, and answers the checksum that its descriptor has to name.
    public func write(_ manifest: BackupManifest) throws(Problem) -> UInt32 {
        let bytes = manifest.encoded
        try DurableFiles.write(bytes, to: BackupFiles.manifestFile(folder), durable: false)
        return CRC32C.checksum(bytes)
    }

    public func write(_ backup: BackupDescriptor) throws(Problem) {
        try DurableFiles.write(backup.encoded, to: BackupFiles.descriptor(folder), durable: false)
    }

    /// Brings all of it to the disk.
    public func flush() throws(Problem) {
        try fileSystem.flush()
    }

    /// Makes it a backup, after it was flushed; on return that is on the disk. Throws
    /// `.backupNameAlreadyExists`.
    public func publish(as name: String) throws(Problem) {
        guard try DurableFiles.renameIfFree(folder, to: layout.backup(name)) else { throw Self.taken(name) }
        try DurableFiles.syncDirectory(layout.backups)
    }

    /// Removes it.
    public func discard() {
        // What is left of it would be removed by the next maintenance all the same.
        try? DurableFiles.removeTree(folder)
    }
}
