public import ServiceModel

/// Who is let in, as far as it depends on where the request comes from.
public struct AccessPolicy: Sendable {
    /// Whether the server listens beyond this machine. Then the default identity is no use to anybody.
    public var isOpenToOthers: Bool
    /// The accounts that may read the default identity's secret, and so may be it without showing it.
    public var owners: Set<UInt32>
    /// By which names the server may be called.
    public var hosts: HostRule

    public init(isOpenToOthers: Bool, owners: Set<UInt32>, hosts: HostRule) {
        self.isOpenToOthers = isOpenToOthers
        self.owners = owners
        self.hosts = hosts
    }

    /// Whether an identity that proved itself is let in from there.
    public func admits(_ identity: Identity, from peer: Peer) -> Bool {
        !identity.isLocal || (!isOpenToOthers && peer.isLoopback)
    }

    /// Whether the process at the other end may be the default identity without its secret.
    public func mayBeLocal(_ peer: Peer) -> Bool {
        guard admits(.local, from: peer), let user = peer.user() else { return false }
        return owners.contains(user)
    }
}
