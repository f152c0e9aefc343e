import Platform
import PostgresFormat
import ControlPlane
import Synchronization

/// Passwords that were typed on Basics and wait for Create: in memory alone, for a quarter of an hour.
///
/// A page between the two would else have to hold the password, or ask for it twice. What the page holds
/// is a number that is worth nothing in another session.
final class PortalPasswords: Sendable {
    private static let most = 100
    /// Of one session: whoever reviews again and again takes nobody else's place.
    static let mostOfSession = 3
    /// Seconds.
    static let lifetime: Int64 = 900

    private struct Entry {
        var session: String
        var password: String
        var end: PostgresTimestamp
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// Answers by what the password is found again.
    func keep(_ password: String, session: String, now: PostgresTimestamp) -> String {
        let key = MachineSecret.fresh()
        entries.withLock { entries in
            Self.removeExpired(&entries, now)
            let own = entries.filter { $0.value.session == session }.sorted { $0.value.end < $1.value.end }
            for (key, _) in own.prefix(max(0, own.count - Self.mostOfSession + 1)) { entries[key] = nil }
            if entries.count >= Self.most, let oldest = entries.min(by: { $0.value.end < $1.value.end }) {
                entries[oldest.key] = nil
            }
            entries[key] = Entry(
                session: session, password: password, end: now.advanced(bySeconds: Self.lifetime))
        }
        return key
    }

    /// Nil where it was kept for another session, or no longer is.
    func password(_ key: String, session: String, now: PostgresTimestamp) -> String? {
        entries.withLock { entries in
            Self.removeExpired(&entries, now)
            guard let entry = entries[key], entry.session == session else { return nil }
            return entry.password
        }
    }

    func forget(_ key: String, now: PostgresTimestamp) {
        entries.withLock { entries in
            entries[key] = nil
            Self.removeExpired(&entries, now)
        }
    }

    /// All of a session that is over.
    func forget(session: String) {
        entries.withLock { entries in entries = entries.filter { $0.value.session != session } }
    }

    private static func removeExpired(_ entries: inout [String: Entry], _ now: PostgresTimestamp) {
        entries = entries.filter { $0.value.end > now }
    }
}
