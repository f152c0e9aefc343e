import Capture
import Catalog
import Platform
import PostgresFormat
import Repository
public import ServiceModel

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

    // MARK: By and by

    /// Checks the backup of a server whose check is due by its schedule.
    func verifyIfDue(_ row: ServerRow, now: PostgresTimestamp, dryRun: Bool) throws -> [MaintenanceAction] {
        let layout = layout(row)
        let known = try BackupRepository(layout: layout).list().compactMap { stored in
            stored.descriptor.map { backup in
                VerificationSchedule.Known(
                    name: backup.name, made: backup.stopTime,
                    // One from the future is of a clock that was wrong.
                    checked: stored.lastCheck.flatMap { $0.time <= now ? $0.time : nil })
            }
        }
        let chosen = VerificationSchedule(window: row.maintenanceWindow).due(of: known, at: now)
        guard let chosen, let pin = try DirectoryLock.attempt(paths.pin(row.id), .shared) else { return [] }
        defer { pin.release() }
        return [
            act(
                row.name, "verify-backup", chosen.name,
                chosen.checked.map { "last checked \($0)" } ?? "never checked", dryRun: dryRun
            ) {
                guard let stored = try BackupRepository(layout: layout).find(chosen.name) else {
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
