public import Platform
public import PostgresFormat

/// The folder where repositories lie side by side, each named after its server.
public struct RepositoryFolder: Sendable {
    public let path: String

    public init(_ path: String) {
        self.path = path
    }

    /// What is in it, sorted; nothing where there is no such folder. Not all of it has to be a repository.
    public func names() throws(Problem) -> [String] { try DurableFiles.listIfPresent(path) }

    public func layout(_ name: String) -> RepositoryLayout { RepositoryLayout(root: path + "/" + name) }
}

extension RepositoryLayout {
    /// What the control plane keeps of the server: beside the backups, and none of the repository's business.
    public static let descriptionName = "server.json"

    /// Whether its folder is there, whatever is in it.
    public var exists: Bool { DurableFiles.status(root) != nil }

    /// When it was made; nil where there is no repository.
    public var madeAt: PostgresTimestamp? {
        DurableFiles.status(identityFile).map { PostgresTimestamp(unixSeconds: $0.modified) }
    }

    /// When a file was archived, in seconds since 1970; nil where it was not.
    public func archivedAt(_ name: ArchivedFileName) -> Int64? {
        DurableFiles.status(path(of: name))?.modified
    }

    /// Makes the folder that the repository is going to be in.
    public func makeFolder() throws(Problem) { try DurableFiles.makeDirectory(root) }

    /// Removes all of it.
    public func remove() throws(Problem) { try DurableFiles.removeTree(root) }

    /// Where a server's description is, for messages.
    public var descriptionFile: String { root + "/" + Self.descriptionName }

    /// What the control plane wrote of the server; nil where it wrote nothing.
    public func description() throws(Problem) -> [UInt8]? {
        try DurableFiles.readIfPresent(descriptionFile)
    }

    public func write(description: [UInt8]) throws(Problem) {
        try DurableFiles.write(description, to: descriptionFile)
    }

    /// The names directly in the repository's folder, sorted; none where there is no such folder.
    public func names() throws(Problem) -> [String] { try DurableFiles.listIfPresent(root) }

    /// Whether the folder is there and has a description at most: nothing was ever kept in it.
    public func isBare() throws(Problem) -> Bool {
        try DurableFiles.list(root).allSatisfy { $0.hasPrefix(Self.descriptionName) }
    }

    /// Bytes on the disk.
    public var backupBytes: UInt64 {
        guard let memory else { return TreeSize.bytes(below: backups) }
        let known = FileMemory.value(
            backups, inFolders: { _ in [backups] }, keptIn: memory.backupSizes, weight: { _ in 1 }
        ) { (_, _) in
            var known = KnownBackupSizes()
            // A finished backup's files stay as they are until all of it goes.
            known.bytes = bytes(below: backups) { path, name in
                guard BackupRepository.isUsable(name: name) else {
                    known.growing.append(path)
                    return 0
                }
                let parts = [path, BackupFiles.descriptor(path), BackupFiles.data(path)]
                let bytes = FileMemory.value(path, of: parts, keptIn: memory.sizes) {
                    TreeSize.bytes(below: path)
                }
                return bytes ?? 0
            }
            return known
        }
        return known.growing.reduce(known.bytes) { $0 + TreeSize.bytes(below: $1) }
    }

    public var walBytes: UInt64 {
        guard let memory else { return TreeSize.bytes(below: wal) }
        // A file comes whole into a timeline's folder, or in another one's place, which changes the folder.
        return bytes(below: wal) { path, _ in
            guard path != incoming else { return TreeSize.bytes(below: path) }
            let bytes = FileMemory.value(path, of: [path], keptIn: memory.sizes) {
                TreeSize.bytes(below: path)
            }
            return bytes ?? 0
        }
    }

    /// Of a folder and all in it, told by `part` of what is directly in it.
    private func bytes(below folder: String, _ part: (String, String) -> UInt64) -> UInt64 {
        guard let own = DurableFiles.status(folder)?.allocatedBytes else { return 0 }
        // One that cannot be listed now holds nothing that can be told, as in `TreeSize`.
        let names = (try? DurableFiles.list(folder)) ?? []
        return names.reduce(own) { $0 + part(folder + "/" + $1, $1) }
    }
}

/// What a repository's backups take on the disk.
struct KnownBackupSizes: Sendable {
    /// The finished ones, and the folder that they are in.
    var bytes: UInt64 = 0
    /// Those that are being made or deleted, and what lies there by mistake: looked at each time.
    var growing: [String] = []
}
