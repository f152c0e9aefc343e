import Glibc
import NIOCore

/// The two ends of an accepted connection.
struct ConnectionEnds: Sendable {
    private let there: [UInt8]
    private let here: [UInt8]
    private let port: Int
    private let server: Int
    /// The other end's address, as text.
    private let address: String

    /// Nil for what is no TCP connection, or one that has ended already.
    init?(_ channel: any Channel) {
        guard let remote = channel.remoteAddress, let local = channel.localAddress,
            let there = Self.bytes(remote), let here = Self.bytes(local), let port = remote.port,
            let server = local.port
        else { return nil }
        self.there = there
        self.here = here
        self.port = port
        self.server = server
        address = remote.ipAddress ?? ""
    }

    var isLoopback: Bool { LoopbackPeer.isLoopback(there) }

    /// The account of the process at the other end; nil where the system does not tell, or it is elsewhere.
    var user: UInt32? {
        isLoopback ? LoopbackPeer.user(ofPort: port, at: there, to: server, at: here) : nil
    }

    var caller: ConnectionGate.Caller {
        user.map { .account($0) } ?? .address(address)
    }

    var peer: Peer { Peer(isLoopback: isLoopback) { user } }

    /// The 4 or 16 bytes of an address, in the order of the network.
    private static func bytes(_ address: SocketAddress) -> [UInt8]? {
        switch address {
        case .v4(let address):
            withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address):
            withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: nil
        }
    }
}
