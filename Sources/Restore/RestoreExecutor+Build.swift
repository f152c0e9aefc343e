import Notation
import Planning
import Platform
import PostgresFormat
import Repository

/// Claim, lay out, stage WAL: everything before PostgreSQL is involved.
extension RestoreExecutor {
    /// Claim: the directories are made; one that exists already belongs to somebody else.
    ///
    /// None is flushed: after a crash they are worth nothing, and the last step flushes all that is left.
    func claim() throws(Problem) {
        // Whoever starts the restore keeps a reserve besides; it may have had to wait since.
        try DiskRoom(path: DurableFiles.parent(of: job.serverDirectory), reserve: 0)
            .require(job.leastBytes, for: "the copy")
        guard try DurableFiles.makeDirectory(job.serverDirectory, durable: false) else {
            throw Problem(
                .stateDamaged, "\(job.serverDirectory) exists already", hint: "Run 'pitr maintain'.")
        }
        do throws(Problem) {
            for path in [
                job.dataDirectory, job.recoveryConfiguration, job.recoveryLog, job.asideDirectory,
                job.socketDirectory,
            ] {
                try DurableFiles.makeDirectories(path, durable: false)
            }
        } catch {
            abandon()
            throw error
        }
    }

    /// Lay out: the base backup's files, each checked against the backup's manifest while it is written.
    func layOut() throws(Problem) -> [String] {
        let backups = BackupRepository(layout: job.layout)
        guard let backup = try backups.find(job.plan.backupName) else {
            throw Problem(.backupDamaged, "backup '\(job.plan.backupName)' no longer exists")
        }
        job.progress.begin("base backup", totalBytes: job.plan.dataBytes)
        defer { job.progress.end() }
        let report = try BackupFiles.layOut(
            backup, in: job.layout, into: job.dataDirectory, controlFileTo: job.controlFile,
            partial: job.partial, workers: 2, progress: job.progress, cancellation: job.cancellation)
        try checkControlFile()
        // Without them nobody starts the copy by hand before it is finished.
        for name in ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"] {
            let path = job.dataDirectory + "/" + name
            if DurableFiles.status(path) != nil {
                try DurableFiles.rename(path, to: job.asideDirectory + "/" + name)
            }
        }
        // The source's ALTER SYSTEM settings are not inherited.
        try DurableFiles.write([], to: job.dataDirectory + "/postgresql.auto.conf", durable: false)
        for name in ["standby.signal", "recovery.signal", "postmaster.pid", "postmaster.opts"] {
            _ = try DurableFiles.removeFile(job.dataDirectory + "/" + name)
        }
        return [
            "\(report.files) files, \(ByteText.of(report.bytes)): every CRC-32C equals the backup manifest",
            "pg_control belongs to system \(job.systemIdentifier)",
        ]
    }

    private func checkControlFile() throws(Problem) {
        let control: ControlFile
        do {
            control = try ControlFile(parsing: try DurableFiles.read(job.controlFile))
        } catch {
            throw Problem(
                .backupDamaged, "pg_control of backup '\(job.plan.backupName)' cannot be read",
                detail: "\(error)")
        }
        guard control.systemIdentifier == job.systemIdentifier else {
            throw Problem(
                .backupDamaged, "backup '\(job.plan.backupName)' belongs to another cluster",
                detail: "system identifier \(control.systemIdentifier) instead of \(job.systemIdentifier)")
        }
    }

    /// Stage WAL: the first segments lie in the copy's own pg_wal before recovery starts; the others follow.
    func stageWAL() throws(Problem) {
        try WALStaging(job).stageFirst()
    }
}
