import Platform
import PostgresFormat
import Repository

/// What a base backup takes of a data directory, found by one walk over it while the server runs.
///
/// A tablespace in a directory of its own is taken as if it lay in `pg_tblspc`: a copy has it there, and
/// nothing leads out of it. That directory may be one inside the data directory; it is not taken twice.
struct DataDirectoryWalk {
    struct File: Sendable {
        /// Relative to the data directory.
        let path: String
        /// In bytes, when it was seen.
        let size: UInt64
        /// The number of its first page, for files made of checksummed pages.
        let firstBlock: UInt32?
    }

    private(set) var files: [File] = []
    /// All directories, also those kept empty; parents first.
    private(set) var directories: [String] = []
    /// Those in directories of their own.
    private(set) var tablespaces: [BackupTablespace] = []
    /// What is there and is not taken, although it is none of what PostgreSQL leaves out of backups.
    private(set) var passedOver: [PassedOver] = []

    private let root: String
    /// What a tablespace's directory has to begin with: another version's lies beside it.
    private let version: String
    /// The directories of tablespaces that lie inside, relative to the data directory; empty for that itself.
    private let tablespacesInside: Set<String>

    /// - Parameter major: the server's major version.
    init(_ root: String, major: Int) throws(Problem) {
        self.root = root
        version = "PG_\(major)_"
        tablespacesInside = try Self.tablespacesInside(root)
        try visit("")
    }

    private static func tablespacesInside(_ root: String) throws(Problem) -> Set<String> {
        let links = try DurableFiles.listIfPresent(root + "/pg_tblspc")
        let locations = links.compactMap { DurableFiles.linkTarget(root + "/pg_tblspc/" + $0) }
        return Set(
            locations.compactMap { location in
                if location == root { return "" }
                return location.hasPrefix(root + "/") ? String(location.dropFirst(root.count + 1)) : nil
            })
    }

    var totalBytes: UInt64 { files.reduce(0) { $0 + $1.size } }

    private mutating func visit(_ directory: String) throws(Problem) {
        var names: [String]
        do throws(Problem) {
            names = try DurableFiles.list(directory.isEmpty ? root : root + "/" + directory)
        } catch {
            // A database or a temporary directory may be dropped meanwhile; the WAL tells of the former.
            if !directory.isEmpty, DurableFiles.status(root + "/" + directory) == nil { return }
            throw error
        }
        if !directory.isEmpty { directories.append(directory) }
        let holdsRelations = BackupExclusions.holdsRelations(directory)
        if holdsRelations { names = BackupExclusions.kept(relationsIn: names) }
        if isTablespace(directory) { names = names.filter { $0.hasPrefix(version) } }
        if tablespacesInside.contains(directory) { names = names.filter { !$0.hasPrefix(version) } }
        for name in names where !BackupExclusions.excludes(name: name) {
            try visit(name, in: directory, holdsRelations)
        }
    }

    private mutating func visit(_ name: String, in directory: String, _ holdsRelations: Bool) throws(Problem)
    {
        let path = directory.isEmpty ? name : directory + "/" + name
        guard let status = DurableFiles.status(root + "/" + path) else { return }
        if directory.isEmpty, BackupExclusions.emptiedDirectories.contains(name) {
            directories.append(path)
            return
        }
        if status.kind == .directory, name == "lost+found" {
            passedOver.append(PassedOver(path: path, reason: .lostAndFound))
            return
        }
        switch status.kind {
        case .directory:
            guard try isReadable(path) else { return }
            try visit(path)
        case .file:
            guard try isReadable(path) else { return }
            let relation = holdsRelations ? RelationFileName(name) : nil
            files.append(File(path: path, size: status.size, firstBlock: relation?.firstBlock))
        case .symbolicLink where directory == "pg_tblspc" && UInt32(name) != nil:
            try visitTablespace(name, path)
        case .symbolicLink:
            let leads = DurableFiles.exists(root + "/" + path)
            guard !ClusterFiles.own(path) else {
                throw Self.refused(
                    root + "/" + path, leads ? "is a link" : "is a link that leads nowhere",
                    hint: leads
                        ? "Stop the server, and put what it leads to in the place of the link."
                        : "Make what it leads to available again; PostgreSQL needs it too.")
            }
            passedOver.append(PassedOver(path: path, reason: leads ? .link : .deadLink))
        case .other:
            guard !ClusterFiles.own(path) else {
                throw Self.refused(
                    root + "/" + path, "is no file and no directory",
                    hint: "It has the name of one of PostgreSQL's own files; find out what put it there.")
            }
            passedOver.append(PassedOver(path: path, reason: .special))
        }
    }

    /// Whether the servers' account may read it; another's file is passed over, unless PostgreSQL needs it.
    private mutating func isReadable(_ path: String) throws(Problem) -> Bool {
        let whole = root + "/" + path
        // What has gone meanwhile is dealt with where it is opened.
        if DurableFiles.isReadable(whole) || DurableFiles.status(whole) == nil { return true }
        guard !ClusterFiles.own(path) else {
            throw Self.refused(
                whole, "cannot be read by the servers' account",
                hint: "Give it back to the account that owns the data directory.")
        }
        passedOver.append(PassedOver(path: path, reason: .unreadable))
        return false
    }

    private static func refused(_ path: String, _ reason: String, hint: String) -> Problem {
        Problem(
            .operationNotSupported, "the data directory cannot be backed up as it is",
            detail: "'\(path)' \(reason)", hint: hint)
    }

    private func isTablespace(_ directory: String) -> Bool {
        directory.hasPrefix("pg_tblspc/") && !directory.dropFirst("pg_tblspc/".count).contains("/")
    }

    private mutating func visitTablespace(_ name: String, _ path: String) throws(Problem) {
        // It may be dropped at this moment.
        guard let number = UInt32(name), let location = DurableFiles.linkTarget(root + "/" + path) else {
            return
        }
        tablespaces.append(BackupTablespace(number: number, location: location))
        try visit(path)
    }
}
