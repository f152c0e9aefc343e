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
            // A database or a temporary directory may be dropped meanwhile; the log tells of the former.
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
        switch status.kind {
        case .directory: try visit(path)
        case .file:
            let relation = holdsRelations ? RelationFileName(name) : nil
            files.append(File(path: path, size: status.size, firstBlock: relation?.firstBlock))
        case .symbolicLink where directory == "pg_tblspc" && UInt32(name) != nil:
            try visitTablespace(name, path)
        case .symbolicLink, .other:
            throw Problem(
                .operationNotSupported, "the data directory holds something that is no file and no directory",
                detail: "\"\(root)/\(path)\"",
                hint: "Move it out of the data directory, or put what the link leads to in its place.")
        }
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
