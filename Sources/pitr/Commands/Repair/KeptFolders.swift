import ControlPlane

/// The folders that a worker leaves: the same files as those of the commands.
struct KeptFolders: ResultFiles {
    func write(_ result: UndoResult, to folder: String, hasScript: Bool) throws {
        try UndoFolder(path: folder, hasScript: hasScript).write(result)
    }

    func comparison(in folder: String) throws -> any ComparisonFiles {
        try CompareFolder(path: folder)
    }
}
