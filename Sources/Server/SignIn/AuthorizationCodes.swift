import ControlPlane
import Platform
import PostgresFormat
import Synchronization

/// Codes that are exchanged for tokens: used once, good for some minutes, lost when the daemon ends.
final class AuthorizationCodes: Sendable {
    struct Entry: Sendable {
        var expiresAt: PostgresTimestamp
        var nonce: String?
        /// Of RFC 7636, method S256.
        var challenge: String?
    }

    /// Seconds.
    static let lifetime: Int64 = 300
    private static let most = 1000
    private let entries = Mutex<[String: Entry]>([:])

    func make(now: PostgresTimestamp, nonce: String? = nil, challenge: String? = nil) throws -> String {
        let code = MachineSecret.fresh()
        try entries.withLock { entries in
            entries = entries.filter { $0.value.expiresAt > now }
            guard entries.count < Self.most else {
                throw SignInRefusal(
                    error: "temporarily_unavailable", description: "Too many codes wait to be used.",
                    status: 429)
            }
            entries[MachineSecret.hash(code)] = Entry(
                expiresAt: now.advanced(bySeconds: Self.lifetime), nonce: nonce, challenge: challenge)
        }
        return code
    }

    func take(_ code: String, now: PostgresTimestamp) -> Entry? {
        entries.withLock { $0.removeValue(forKey: MachineSecret.hash(code)) }
            .flatMap { $0.expiresAt > now ? $0 : nil }
    }
}
