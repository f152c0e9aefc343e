import PostgresFormat
import ServiceModel

/// When a copy's time is over, for a person.
extension ServerView {
    /// Within how many seconds of its end it is told how many are left.
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

    /// For a list: the time, and how long it is until then where that is soon.
    static func expiryCell(_ server: ServerDetails) -> String {
        var parts: [String] = []
        if let expiry = server.expiry {
            parts.append(expiry.time.wholeSeconds)
            if expiry.isOver {
                parts.append("OVER")
            } else if expiry.secondsLeft <= soon {
                parts.append("in \(ExpiryState.words(seconds: expiry.secondsLeft))")
            }
        }
        if server.heldSince != nil { parts.append("held") }
        return parts.joined(separator: ", ")
    }

    /// Of a server that is deleted within a day; nil of every other.
    static func expiryWarning(_ server: ServerDetails) -> String? {
        guard server.heldSince == nil, let expiry = server.expiry, expiry.secondsLeft <= soon else {
            return nil
        }
        let keep = "'pitr update -n \(server.name) --hold' keeps it, '--expires 7d' gives it more time."
        return expiry.isOver
            ? "The time of \(server.name) is over; \(expiry.waitWords). \(keep)"
            : "\(server.name) is deleted in \(ExpiryState.words(seconds: expiry.secondsLeft)). \(keep)"
    }
}
