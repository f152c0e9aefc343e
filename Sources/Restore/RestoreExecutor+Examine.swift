import Platform

/// What is looked at in a copy that has just left recovery.
extension RestoreExecutor {
    /// A tablespace of the copy that led to a directory elsewhere would lead to the source's own files.
    func checkTablespaces() throws(Problem) -> [String] {
        let directory = job.dataDirectory + "/pg_tblspc"
        let names = try DurableFiles.list(directory)
        for name in names where DurableFiles.status(directory + "/" + name)?.kind != .directory {
            let target = DurableFiles.linkTarget(directory + "/" + name) ?? "something that is no directory"
            throw Problem(
                .recoveryFailed, "the copy has a tablespace outside its own directory",
                detail: "\"\(directory)/\(name)\" leads to \(target)")
        }
        if names.isEmpty { return [] }
        return ["\(names.count) \(names.count == 1 ? "tablespace lies" : "tablespaces lie") inside the copy"]
    }
}
