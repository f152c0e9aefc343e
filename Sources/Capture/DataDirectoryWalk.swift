import Platform

/// What a base backup takes of a data directory, found by one walk over it while the server runs.
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

    private let root: String

    init(_ root: String) throws(Problem) {
        self.root = root
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
        case .symbolicLink where directory == "pg_tblspc":
            throw Problem(
                .operationNotSupported, "the server has a tablespace outside its data directory",
                detail: "\"\(root)/\(path)\" is a symbolic link",
                hint:
                    "Move its tables to pg_default and drop it; only the data directory is backed up."
            )
        case .symbolicLink, .other:
            throw Problem(
                .operationNotSupported, "the data directory holds something that is no file and no directory",
                detail: "\"\(root)/\(path)\"", hint: "Remove it, or replace the link by what it leads to.")
        }
    }
}
