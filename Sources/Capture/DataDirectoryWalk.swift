import Platform
import PostgresFormat
import Repository

/// What a base backup takes of a data directory, found by one walk over it while the server runs.
///
/// A tablespace outside is taken as if it lay in `pg_tblspc`: a copy has it there, and nothing leads out of
/// it.
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
    /// Those outside the data directory.
    private(set) var tablespaces: [BackupTablespace] = []

    private let root: String
    /// What a tablespace's directory has to begin with: another version's lies beside it.
    private let version: String

    /// - Parameter major: the server's major version.
    init(_ root: String, major: Int) throws(Problem) {
        self.root = root
        version = "PG_\(major)_"
        try visit("")
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
                detail: "\"\(root)/\(path)\"", hint: "Remove it, or replace the link by what it leads to.")
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
        guard !location.hasPrefix(root + "/") else {
            throw Problem(
                .operationNotSupported, "a tablespace lies inside the server's own data directory",
                detail: "\"\(root)/\(path)\" leads to \"\(location)\"",
                hint: "Move its tables to pg_default and drop it.")
        }
        tablespaces.append(BackupTablespace(number: number, location: location))
        try visit(path)
    }
}
