import Catalog
import Instance
import Platform

/// A server that runs and turns everybody away: it starts, or recovers as after a crash.
extension ControlPlane {
    /// For how many seconds a command waits, and for how many what only tells about servers.
    static let startPatience = 60.0
    static let doctorPatience = 10.0

    /// Waits until a server that is starting takes sessions; at once done for any other.
    ///
    /// - Throws: `.serverIsNotReady` where it still starts after `seconds`; `.canceled`.
    func awaitSessions(_ row: ServerRow, atMost seconds: Double = startPatience) throws {
        let instance = try instance(row)
        guard instance.isStarting() else { return }
        progress.begin("waiting for server \(row.name), which is starting", totalBytes: nil)
        defer { progress.end() }
        let watch = Stopwatch()
        while instance.isStarting() {
            guard watch.seconds < seconds else {
                throw Problem(
                    .serverIsNotReady, "server '\(row.name)' is still starting and takes no sessions",
                    detail: "waited \(Int(seconds)) seconds; after a crash a server replays its WAL first",
                    hint: "Let it finish, \(instancePaths(row).log) tells how far it is; then try again.")
            }
            try cancellation.check()
            Pause.milliseconds(20)
        }
    }
}
