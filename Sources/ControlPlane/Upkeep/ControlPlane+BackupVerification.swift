import Capture
import Catalog
import Platform
import PostgresFormat
import Repository

/// Checks of backups where they lie.
extension ControlPlane {
    /// Reads backups wholly and tells what was found, the oldest backup first.
    ///
    /// - Parameters:
    ///   - name: nil for all of them.
    ///   - bytesPerSecond: no faster than that; nil for as fast as it goes.
    public func verifyBackups(
        _ server: ServerReference, name: String?, bytesPerSecond: UInt64? = nil
    ) throws -> [VerifiedBackup] {
        let row = try find(server)
        // Nothing of it expires meanwhile.
        let pin = try DirectoryLock.wait(paths.pin(row.id), .shared)
        defer { pin.release() }
        let stored = try BackupRepository(layout: layout(row)).list()
        guard let name else { return try stored.map { try verify($0, of: row, bytesPerSecond) } }
        guard let found = stored.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw Problem(
                .resourceNotFound, "The backup '\(name)' of server '\(server.name)' was not found.",
                hint: "List them with 'pitr backup list -s \(server.name)'.")
        }
        return [try verify(found, of: row, bytesPerSecond)]
    }

    private func verify(
        _ stored: StoredBackup, of row: ServerRow, _ bytesPerSecond: UInt64?
    ) throws -> VerifiedBackup {
        switch stored.content {
        case .intact(let backup): return try verify(backup, of: row, bytesPerSecond)
        case .damaged(let problem):
            return VerifiedBackup(
                name: stored.name,
                verdict: BackupVerdict(
                    time: clock.now(), outcome: .damagedFiles,
                    finding: [problem.message, problem.detail].compactMap { $0 }.joined(separator: ": ")),
                files: 0, bytes: 0, segments: 0)
        }
    }

    private func verify(
        _ backup: BackupDescriptor, of row: ServerRow, _ bytesPerSecond: UInt64? = nil
    ) throws -> VerifiedBackup {
        let layout = layout(row)
        let reporter: any ProgressReporter =
            bytesPerSecond.map { ThrottledProgress(progress, bytesPerSecond: $0) } ?? progress
        let check: BackupCheck
        do {
            let examine = try BackupPages.examiner(of: backup, in: layout)
            check = try BackupRepository(layout: layout).check(
                backup, at: clock.now(), examine: examine, progress: reporter, cancellation: cancellation)
        } catch {
            guard error.code == .backupDamaged else { throw error }
            check = BackupCheck(
                time: clock.now(), outcome: .damagedFiles, finding: error.message, files: 0, bytes: 0,
                segments: 0)
        }
        try BackupChecks(layout: layout).note(check, of: backup)
        return VerifiedBackup(
            name: backup.name, verdict: BackupVerdict(check), files: check.files, bytes: check.bytes,
            segments: check.segments)
    }

    // MARK: One a day

    private static let secondsBetweenChecks: Int64 = 86_400

    /// Checks one backup of a server, that whose last check is the longest ago, when a day has passed since
    /// the last check of any; a backup is due for the first time a day after it was made.
    func verifyIfDue(_ row: ServerRow, now: PostgresTimestamp, dryRun: Bool) throws -> [MaintenanceAction] {
        let layout = layout(row)
        let checks = BackupChecks(layout: layout)
        let dayAgo = now.advanced(bySeconds: -Self.secondsBetweenChecks)
        let known = try BackupRepository(layout: layout).list().compactMap { stored in
            stored.descriptor.map { backup in
                let last = checks.last(of: backup)?.time
                // One from the future is of a clock that was wrong.
                return (backup: backup, last: last.flatMap { $0 <= now ? $0 : nil })
            }
        }
        guard !known.contains(where: { $0.last.map { $0 > dayAgo } ?? false }) else { return [] }
        let due = known.filter { $0.backup.stopTime <= dayAgo }
        let chosen = due.min { left, right in
            (left.last ?? left.backup.stopTime, left.backup.stopLSN.rawValue)
                < (right.last ?? right.backup.stopTime, right.backup.stopLSN.rawValue)
        }
        guard let chosen, let pin = try DirectoryLock.attempt(paths.pin(row.id), .shared) else { return [] }
        defer { pin.release() }
        return [
            act(
                row.name, "verify-backup", chosen.backup.name,
                chosen.last.map { "last checked \($0)" } ?? "never checked", dryRun: dryRun
            ) {
                guard let stored = try BackupRepository(layout: layout).find(chosen.backup.name) else {
                    return
                }
                let verified = try verify(stored, of: row)
                guard verified.isSound else {
                    throw Problem(.backupDamaged, verified.verdict.finding ?? "the backup is damaged")
                }
            }
        ]
    }
}

extension BackupVerdict {
    init(_ check: BackupCheck) {
        let outcome: Outcome =
            switch check.outcome {
            case .sound: .sound
            case .damagedFiles: .damagedFiles
            case .damagedWAL: .damagedWAL
            }
        self.init(time: check.time, outcome: outcome, finding: check.finding)
    }
}
