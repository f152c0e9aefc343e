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
            entries = entries.filter { $0.value.end > now }
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
            guard let entry = entries[key], entry.session == session, entry.end > now else { return nil }
            return entry.password
        }
    }

    func forget(_ key: String) {
        entries.withLock { $0[key] = nil }
    }
}
