public import Platform
import Planning
public import PostgresFormat

extension BackupRepository {
    /// Reads everything that a restore of a backup alone would need, and tells what was found.
    ///
    /// All files are compared with the manifest, by name, size and checksum; then the WAL from the backup's
    /// start to its end is read record by record. What the system refuses is thrown only where it tells
    /// nothing of the backup.
    ///
    /// - Parameters:
    ///   - now: the time of the check.
    ///   - examine: looks at the files' content besides, such as at the pages' own checksums.
    public func check(
        _ backup: BackupDescriptor, at now: PostgresTimestamp, examine: BackupFiles.Examiner? = nil,
        workers: Int = 2, progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) -> BackupCheck {
        var check = BackupCheck(
            time: now, outcome: .sound, finding: nil, files: 0, bytes: 0, segments: 0)
        do throws(Problem) {
            progress.begin("verify \(backup.name)", totalBytes: backup.totalBytes)
            defer { progress.end() }
            let report = try BackupFiles.verify(
                backup, in: layout, workers: workers, examine: examine, progress: progress,
                cancellation: cancellation)
            check.files = report.files
            check.bytes = report.bytes
        } catch {
            guard error.code == .backupDamaged else { throw error }
            check.outcome = .damagedFiles
            check.finding = error.message
            return check
        }
        let needed = backup.requiredSegments
        progress.begin("verify WAL of \(backup.name)", totalBytes: nil)
        defer { progress.end() }
        if let finding = try walFinding(backup, needed, progress, cancellation) {
            check.outcome = .damagedWAL
            check.finding = finding
        } else {
            check.segments = needed.count
        }
        return check
    }

    /// What is wrong with the WAL that makes a backup consistent; nil when nothing is.
    private func walFinding(
        _ backup: BackupDescriptor, _ needed: [SegmentName], _ progress: any ProgressReporter,
        _ cancellation: CancellationFlag
    ) throws(Problem) -> String? {
        let archive = WALArchive(layout: layout)
        let wanted = Set(needed)
        let stored = try archive.segments().filter { !$0.isPartial && wanted.contains($0.name) }
        if let missing = needed.first(where: { name in !stored.contains { $0.name == name } }) {
            return "WAL segment \(missing), which the backup needs, is missing"
        }
        var report = ArchiveReport()
        report.segments = try SegmentRun(stored, in: archive, backup.systemIdentifier)
            .checked(progress, cancellation)
        report.settleEnds()
        for segment in report.segments {
            if let damage = segment.damage {
                return "WAL segment \(segment.name), which the backup needs, is damaged: \(damage)"
            }
            if let end = segment.end, end.position < backup.stopLSN {
                return "WAL segment \(segment.name), which the backup needs, ends at \(end.position)"
            }
        }
        return nil
    }
}
