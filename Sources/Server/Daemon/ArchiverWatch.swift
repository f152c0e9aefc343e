import ControlPlane
import PostgresFormat
import ServiceModel

/// Tells when archiving begins to fail somewhere, and when it works again; nothing in between.
struct ArchiverWatch {
    private var failing: Set<String> = []

    /// What is new since the last time. A server that does not answer is as it was.
    mutating func lines(_ archivers: [(server: String, health: ArchiverHealth)]) -> [String] {
        archivers.compactMap { server, health in
            if health.isFailing {
                guard failing.insert(server).inserted else { return nil }
                return "WARNING: \(server): archiving fails: \(health.failureWords)"
            }
            return failing.remove(server) == nil ? nil : "\(server): archiving works again"
        }
    }
}
