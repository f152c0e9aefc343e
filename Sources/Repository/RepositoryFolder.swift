public import Platform

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

    /// The names directly in the repository's folder, sorted; none where there is no such folder.
    public func names() throws(Problem) -> [String] { try DurableFiles.listIfPresent(root) }

    /// Whether the folder is there and has a description at most: nothing was ever kept in it.
    public func isBare() throws(Problem) -> Bool {
        try DurableFiles.list(root).allSatisfy { $0.hasPrefix(Self.descriptionName) }
    }

    /// Bytes on the disk.
    public var backupBytes: UInt64 { TreeSize.bytes(below: backups) }
    public var walBytes: UInt64 { TreeSize.bytes(below: wal) }
}
