import Platform
import PostgresFormat
import Repository

#if canImport(Glibc)
    import Glibc
#endif

extension BaseBackupCapture {
    private static let pollMicroseconds: UInt32 = 2000
    private static let secondsBetweenQuestions = 1.0
    /// An archiver that fails that long without a success will not come right while somebody waits.
    private static let secondsOfFailure = 30.0

    /// Waits until the WAL without which the backup is of no use is durable in the repository itself.
    ///
    /// The server's own waiting would look once a second and could not be cancelled.
    func awaitArchive(
        _ segments: [SegmentName], _ session: BackupSession, _ progress: any ProgressReporter,
        _ cancellation: CancellationFlag
    ) throws(Problem) {
        let archive = WALArchive(layout: layout)
        let watch = Stopwatch()
        var asked = 0.0
        var failingSince: Double?
        progress.begin("archiving the backup's WAL", totalBytes: nil)
        defer { progress.end() }
        for segment in segments {
            while !archive.contains(.segment(segment)) {
                try cancellation.check()
                if watch.seconds > archiveTimeoutSeconds {
                    throw try timedOut(segment, session, after: watch.seconds)
                }
                if watch.seconds - asked > Self.secondsBetweenQuestions {
                    asked = watch.seconds
                    progress.note("waiting for \(segment)")
                    if let failure = try session.archiverFailure() ?? archivingTrouble() {
                        progress.note(failure)
                        let since = failingSince ?? watch.seconds
                        failingSince = since
                        if watch.seconds - since > Self.secondsOfFailure {
                            throw try timedOut(segment, session, after: watch.seconds)
                        }
                    } else {
                        failingSince = nil
                    }
                }
                usleep(Self.pollMicroseconds)
            }
        }
    }

    private func timedOut(
        _ segment: SegmentName, _ session: BackupSession, after seconds: Double
    ) throws(Problem) -> Problem {
        let waited = "waited \(Int(seconds)) seconds"
        let failure = try session.archiverFailure() ?? archivingTrouble()
        return Problem(
            .walMissing, "the server did not archive segment \(segment), which the backup needs",
            detail: failure.map { waited + "; " + $0 } ?? waited,
            hint:
                "The server's log tells why its archive_command fails. Repeat the backup when it works again."
        )
    }
}
