import Holdings
public import Planning
import Platform
public import ServiceModel

extension ControlPlane {
    /// As `verifyWAL`, for somebody who waits: a large archive is given up on.
    ///
    /// Throws `.operationNotSupported` when it takes longer.
    ///
    /// - Parameter seconds: how long it may take.
    public func verifyWAL(_ server: ServerReference, within seconds: Double) throws -> ArchiveReport {
        let limit = TimeLimit(seconds: seconds, under: cancellation)
        let row = try find(server, .kept)
        return try reader(of: row, cancellation: limit.flag, progress: limit).verifyArchive()
    }
}

/// Raises a flag when work has gone on for too long; the clock is looked at as the work says how far it is.
final class TimeLimit: ProgressReporter {
    let flag: CancellationFlag
    private let seconds: Double
    private let watch = Stopwatch()

    init(seconds: Double, under cancellation: CancellationFlag) {
        self.seconds = seconds
        flag = CancellationFlag(under: cancellation)
    }

    func begin(_ step: String, totalBytes: UInt64?) {}

    func advance(bytes: UInt64) {
        guard watch.seconds > seconds else { return }
        flag.stop(
            because: Problem(
                .operationNotSupported, "the archive is too large to be checked while a page waits",
                detail: "it was given up on after \(Int(seconds)) seconds",
                hint: "'pitr wal verify -s SERVER' takes as long as it needs."))
    }

    func note(_ text: String) {}

    func end() {}
}
