public import Platform

/// What an Azure control plane does, on this machine: servers, their backups, restores, rules and records.
///
/// Every call blocks until its work is done. Processes share one state directory safely: the catalog is
/// transactional, and per-server locks keep two changes of one server apart.
public final class ControlPlane: Sendable {
    public let home: String
    let runtimeDirectory: String
    let progress: any ProgressReporter
    let cancellation: CancellationFlag
    let clock: any WallClock

    /// Opens (and on first use makes) the state directory.
    public init(
        home: String, runtimeDirectory: String, progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag(), clock: any WallClock = SystemWallClock()
    ) throws {
        self.home = home
        self.runtimeDirectory = runtimeDirectory
        self.progress = progress
        self.cancellation = cancellation
        self.clock = clock
    }
}
