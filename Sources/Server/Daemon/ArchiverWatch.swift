import ControlPlane
import PostgresFormat

/// Tells when archiving begins to fail somewhere, and when it works again; nothing in between.
struct ArchiverWatch {
    private var failing: Set<String> = []

    /// What is new since the last time. A server that does not answer is as it was.
    mutating func lines(_ archivers: [(server: String, health: ArchiverHealth)]) -> [String] {
        archivers.compactMap { server, health in
            if health.isFailing {
                guard failing.insert(server).inserted else { return nil }
                let since = health.lastFailedTime?.description ?? "now"
                return "WARNING: \(server): archiving fails since \(since), at "
                    + "\(health.lastFailedWAL ?? "an unknown file"); its log says why"
            }
            return failing.remove(server) == nil ? nil : "\(server): archiving works again"
        }
    }
}
