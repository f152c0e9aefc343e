/// How many connections are open at once.
struct ConnectionLimits: Sendable, Equatable {
    /// What the daemon asks the system for: connections, the catalog, locks, and children's pipes.
    static let openFiles = 4096
    /// Files that are kept free of connections.
    private static let reserve = 128

    /// Connections in all.
    let total: Int
    /// Those that only owners of the state directory get.
    let forOwners: Int
    /// Of one account of this machine, or of one address elsewhere.
    let perPeer: Int

    /// - Parameter openFiles: the limit that holds for the process.
    init(openFiles: Int) {
        total = min(512, max(16, openFiles - Self.reserve))
        forOwners = max(4, total / 8)
        perPeer = max(4, total / 4)
    }
}
