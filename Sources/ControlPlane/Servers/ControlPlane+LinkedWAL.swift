import Catalog
import Instance
import Platform
import PostgresFormat
import Repository

/// A `pg_wal` that somebody moved to another file system, with a link in its place.
extension ControlPlane {
    /// Removes what PostgreSQL has in it, and the directory where nothing else is in there; the link goes
    /// with the data directory.
    ///
    /// Only files that can be nothing but WAL: a link that leads astray must not cost anybody's files.
    func removeLinkedWAL(_ row: ServerRow) throws(Problem) {
        let link = instancePaths(row).data + "/pg_wal"
        guard let target = DurableFiles.linkTarget(link) else { return }
        let directory = target.hasPrefix("/") ? target : instancePaths(row).data + "/" + target
        guard DurableFiles.status(directory)?.kind == .directory else { return }
        let size = (try? layout(row).identity().segmentSize) ?? .standard
        for name in try DurableFiles.list(directory) {
            let path = directory + "/" + name
            if name == "archive_status", DurableFiles.status(path)?.kind == .directory {
                for mark in try DurableFiles.list(path)
                where mark.hasSuffix(".ready") || mark.hasSuffix(".done") {
                    try DurableFiles.removeFile(path + "/" + mark)
                }
                DurableFiles.removeIfEmpty(path)
            } else if ArchivedFileName(fileName: name, segmentSize: size) != nil
                || name.hasPrefix("xlogtemp.")
            {
                try DurableFiles.removeFile(path)
            }
        }
        DurableFiles.removeIfEmpty(directory)
    }
}
