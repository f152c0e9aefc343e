public import ControlPlane
import Foundation
import Platform
import PostgresFormat
import ServiceModel

/// Who is signed in to the portal, and by which links one may yet sign in.
///
/// Both are small files in the state directory, named by the hash of a secret that is nowhere on this disk:
/// they outlive the daemon, and a command can make and end them without asking it.
public struct PortalSessions: Sendable {
    /// A browser that is signed in.
    struct Session: Codable, Sendable {
        /// The identity's object id.
        var identity: String
        /// The account at the other end of the connection; nil where the kernel did not tell.
        var user: UInt32?
        /// Goes with every form.
        var token: String
        /// Microseconds since 1970.
        var expiresAt: Int64
    }

    /// A link that signs in once.
    private struct Link: Codable {
        /// Microseconds since 1970.
        var expiresAt: Int64
    }

    /// Seconds.
    public static let linkLifetime: Int64 = 120
    static let sessionLifetime: Int64 = 8 * 3600
    private static let mostSessions = 200
    static let mostOfIdentity = 20

    private let directory: String
    private let now: @Sendable () -> PostgresTimestamp

    public init(_ controlPlane: ControlPlane) {
        directory = controlPlane.account.home + "/api/portal"
        now = { controlPlane.now }
    }

    private var links: String { directory + "/links" }
    private var sessions: String { directory + "/sessions" }

    // MARK: Links

    /// A new link's code, 256 bits that are kept as a hash: good once, for two minutes.
    public func makeLink() throws -> String {
        try DurableFiles.makeDirectories(links)
        try removeExpired()
        let code = MachineSecret.fresh()
        let link = Link(expiresAt: now().advanced(bySeconds: Self.linkLifetime).unixMicroseconds)
        try DurableFiles.write(
            Array(try JSONEncoder().encode(link)), to: links + "/" + MachineSecret.hash(code), durable: false)
        return code
    }

    /// Whether the code is one that was made and is still good; afterwards it is not any more.
    func spend(_ code: String) throws -> Bool {
        let path = links + "/" + MachineSecret.hash(code)
        guard let link = try Self.read(Link.self, path) else { return false }
        // Of two that spend it at once, one removes it.
        guard try DurableFiles.removeFile(path) else { return false }
        return link.expiresAt > now().unixMicroseconds
    }

    // MARK: Sessions

    /// Signs a browser in. The answer is what its cookie holds.
    func begin(_ identity: Identity, user: UInt32?) throws -> String {
        try DurableFiles.makeDirectories(sessions)
        try removeExpired()
        try makeRoom(for: identity)
        guard try DurableFiles.list(sessions).count < Self.mostSessions else {
            throw Problem(
                .tooManyRequests, "too many browsers are signed in",
                hint: "End all of them with 'pitr portal --sign-out'.")
        }
        let secret = MachineSecret.fresh()
        let session = Session(
            identity: identity.id, user: user, token: MachineSecret.fresh(),
            expiresAt: now().advanced(bySeconds: Self.sessionLifetime).unixMicroseconds)
        try DurableFiles.write(
            Array(try JSONEncoder().encode(session)), to: sessions + "/" + MachineSecret.hash(secret),
            durable: false)
        return secret
    }

    /// Whoever signs in once more is out where that was longest ago: one identity takes no other's place.
    private func makeRoom(for identity: Identity) throws {
        let own = try DurableFiles.list(sessions).compactMap { name -> (path: String, end: Int64)? in
            let path = sessions + "/" + name
            guard let session = try Self.read(Session.self, path), session.identity == identity.id else {
                return nil
            }
            return (path, session.expiresAt)
        }.sorted { $0.end < $1.end }
        for session in own.prefix(max(0, own.count - Self.mostOfIdentity + 1)) {
            try DurableFiles.removeFile(session.path)
        }
    }

    /// The session of a cookie; nil when there is none, or it is over.
    func session(_ secret: String) throws -> Session? {
        let path = sessions + "/" + MachineSecret.hash(secret)
        guard let session = try Self.read(Session.self, path) else { return nil }
        if session.expiresAt > now().unixMicroseconds { return session }
        try DurableFiles.removeFile(path)
        return nil
    }

    func end(_ secret: String) throws {
        try DurableFiles.removeFile(sessions + "/" + MachineSecret.hash(secret))
    }

    /// Signs every browser out, and lets no link in that was made before. Answers how many were signed in.
    public func endAll() throws -> Int {
        let signedIn = try DurableFiles.listIfPresent(sessions).count
        for directory in [sessions, links] {
            for name in try DurableFiles.listIfPresent(directory) {
                try DurableFiles.removeFile(directory + "/" + name)
            }
        }
        return signedIn
    }

    private func removeExpired() throws {
        for directory in [sessions, links] {
            for name in try DurableFiles.listIfPresent(directory) {
                let path = directory + "/" + name
                let end = try Self.read(Link.self, path)?.expiresAt ?? 0
                if end <= now().unixMicroseconds { try DurableFiles.removeFile(path) }
            }
        }
    }

    /// Nil for what is not there, or cannot be read: it signs nobody in.
    private static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value? {
        guard let bytes = try DurableFiles.readIfPresent(path, limit: 4096) else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }
}
