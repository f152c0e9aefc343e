import ControlPlane
import PostgresFormat

/// When a copy's time is over, for a person.
extension ServerView {
    /// Within how many seconds of its end a copy is warned of.
    private static let soon: Int64 = 86_400

    static func expiry(_ server: ServerDetails) -> String? {
        guard let expiry = server.expiry else { return server.heldSince.map { "never, held since \($0)" } }
        if let since = server.heldSince { return "\(expiry.time), but held since \(since)" }
        return "\(expiry.time), \(words(expiry))"
    }

    private static func words(_ expiry: ExpiryState) -> String {
        expiry.isOver
            ? "which is over; \(expiry.waitWords)"
            : "in \(ExpiryState.words(seconds: expiry.secondsLeft)); then deleted, to be revived for five days"
    }

    /// Of servers that are deleted within a day; nil where none is.
    static func expiryWarning(_ servers: [ServerDetails]) -> String? {
        let ending = servers.filter { server in
            server.heldSince == nil && server.expiry.map { $0.secondsLeft <= soon } == true
        }
        guard let first = ending.first, let expiry = first.expiry else { return nil }
        let keep = "'pitr update -n \(first.name) --hold' keeps it, '--expires 7d' gives it more time."
        guard ending.count > 1 else {
            return expiry.isOver
                ? "The time of \(first.name) is over; \(expiry.waitWords). \(keep)"
                : "\(first.name) is deleted in \(ExpiryState.words(seconds: expiry.secondsLeft)). \(keep)"
        }
        return "\(ending.count) copies are deleted within 24 hours: "
            + ending.map(\.name).joined(separator: ", ") + ". 'pitr update -n NAME --hold' keeps one."
    }
}
