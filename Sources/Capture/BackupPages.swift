import CSupport
public import Platform
import PostgresFormat
public import Repository

/// Verifies the checksums that PostgreSQL gave the pages of relations, in a stored backup.
public enum BackupPages {
    /// What looks at the content of a backup's files; nil when its cluster has no page checksums.
    ///
    /// Pages that were changed while the backup was taken are passed over, as replay writes them anew: one of
    /// them may have been copied half written.
    public static func examiner(
        of backup: BackupDescriptor, in layout: RepositoryLayout
    ) throws(Problem) -> BackupFiles.Examiner? {
        let bytes = try BackupFiles.content(of: BackupFiles.controlFile, in: backup, layout)
        // Another major version's cannot be read here; its files are compared with the manifest all the same.
        guard let control = try? ControlFile(parsing: bytes), control.dataChecksumVersion != 0 else {
            return nil
        }
        let start = backup.startLSN
        return { (path, content, offset) throws(Problem) in
            guard offset % PageCheck.pageSize == 0, let first = firstBlock(of: path) else { return }
            let block = first + UInt32(offset / PageCheck.pageSize)
            let count = content.count / Int(PageCheck.pageSize)
            let bad = pitr_first_bad_page(content.baseAddress, 0, count, block, start.rawValue)
            guard bad >= count else {
                throw Problem(
                    .backupDamaged,
                    "file '\(path)' of the backup is damaged: wrong page checksum in block "
                        + "\(block + UInt32(bad))",
                    hint: "Take another backup; a restore uses the others.")
            }
        }
    }

    /// The number of a relation file's first page; nil for files that are not made of pages.
    private static func firstBlock(of path: String) -> UInt32? {
        guard let slash = path.lastIndex(of: "/"),
            BackupExclusions.holdsRelations(String(path[..<slash]))
        else { return nil }
        return RelationFileName(String(path[path.index(after: slash)...]))?.firstBlock
    }
}
