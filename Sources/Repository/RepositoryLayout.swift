import Notation
public import Platform
public import PostgresFormat

/// Where the files of one server's repository are.
///
///     repository.json             what this folder is
///     server.json                 what the control plane knows of the server; its own business
///     README.txt                  how to restore by hand
///     checks/<name>.json          what the last check of a backup found
///     wal-check.json              what the last check of all the WAL found
///     backups/<name>/             backup.json, backup_manifest, data/<path>[.zst]
///     wal/<timeline>/<file>.zst   segments, backup history files, partial segments
///     wal/<timeline>/<segment>.index  what happened in a segment; made anew when it is missing
///     wal/<timeline>.history.zst  timeline histories
///     wal/incoming/               segments on their way in; nothing here has been promised to anyone
public struct RepositoryLayout: Hashable, Sendable {
    /// An absolute path, without a slash at its end.
    public let root: String
    /// What was read of it and others before, in a process that reads them again and again; nil where files
    /// are read each time.
    let memory: RepositoryMemory?

    /// Whether what is read of it is kept.
    public var isRemembered: Bool { memory != nil }

    public init(root: String, memory: RepositoryMemory? = nil) {
        var root = root
        while root.count > 1, root.hasSuffix("/") { root.removeLast() }
        self.root = root
        self.memory = memory
    }

    public static func == (left: RepositoryLayout, right: RepositoryLayout) -> Bool {
        left.root == right.root
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(root) }

    public var identityFile: String { root + "/repository.json" }
    public var readme: String { root + "/README.txt" }
    public var backups: String { root + "/backups" }
    public var wal: String { root + "/wal" }
    public var checks: String { root + "/checks" }
    var archiveCheck: String { root + "/wal-check.json" }
    public var incoming: String { root + "/wal/incoming" }

    /// A finished backup's folder.
    public func backup(_ name: String) -> String { backups + "/" + name }

    /// The note of a backup's last check.
    func check(_ name: String) -> String { checks + "/" + name + ".json" }

    /// The folder of a backup that is being taken.
    public func incompleteBackup(_ name: String) -> String { backup(name) + Self.incompleteSuffix }

    /// The folder of a backup that is being deleted.
    public func deletingBackup(_ name: String) -> String { backup(name) + Self.deletingSuffix }

    public func timeline(_ timeline: TimelineID) -> String { wal + "/" + timeline.fileName }

    /// The archived form of a file that PostgreSQL hands to its archive command.
    public func path(of name: ArchivedFileName) -> String {
        if case .timelineHistory = name { return wal + "/" + name.fileName + Self.compressedSuffix }
        return timeline(name.timeline) + "/" + name.fileName + Self.compressedSuffix
    }

    /// The index that lies beside a segment.
    public func indexPath(of segment: SegmentName) -> String {
        timeline(segment.timeline) + "/" + Self.indexName(of: segment)
    }

    /// What it is called there.
    static func indexName(of segment: SegmentName) -> String { segment.fileName + indexSuffix }

    public static let compressedSuffix = ".zst"
    static let indexSuffix = ".index"
    static let incompleteSuffix = ".incomplete"
    static let deletingSuffix = ".deleting"

    /// Makes the folders of a new repository and describes it in `repository.json` and
    /// `README.txt`.
    ///
    /// Calling it again with the same identity changes nothing; another identity is refused.
    ///
    /// - Parameter durable: false leaves it to a later flush of the file system.
    public func create(_ identity: RepositoryIdentity, durable: Bool = true) throws(Problem) {
        try DurableFiles.makeDirectories(root)
        if let existing = try identityIfPresent() {
            guard existing == identity else {
                throw Problem(
                    .stateDamaged, "the repository '\(root)' belongs to another server",
                    detail: "it is of server \(existing.serverID), system \(existing.systemIdentifier)")
            }
        }
        for directory in [backups, wal, incoming] {
            try DurableFiles.makeDirectory(directory, durable: durable)
        }
        try DurableFiles.write(
            Array(RepositoryReadme.text(identity).utf8), to: readme, durable: durable)
        try DurableFiles.write(
            Array(identity.json.printed(indented: true).utf8), to: identityFile, durable: durable)
    }

    /// Reads `repository.json`; a newer format is `.formatTooNew`, none at all `.stateDamaged`.
    public func identity() throws(Problem) -> RepositoryIdentity {
        guard let identity = try identityIfPresent() else {
            throw Problem(
                .stateDamaged, "'\(root)' is not a repository", detail: "repository.json is missing")
        }
        return identity
    }

    private func identityIfPresent() throws(Problem) -> RepositoryIdentity? {
        let path = identityFile
        return try FileMemory.value(of: path, keptIn: memory?.identities) { (file) throws(Problem) in
            try RepositoryIdentity(
                parsing: try DurableFiles.contents(of: file, limit: 1 << 20), path: path)
        }
    }
}
