#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// Gives each server a loopback address of its own, so that all of them can have PostgreSQL's usual port.
public enum LoopbackAddress {
    /// An address and a port to listen on.
    public struct Endpoint: Sendable, Hashable {
        public var address: IPv4Address
        public var port: UInt16

        public init(address: IPv4Address, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// The addresses that are given out: away from 127.0.x.y, which other programs like to take.
    static let range = 0x7F36_0001...0x7F36_FFFE as ClosedRange<UInt32>

    /// The first free address with the wanted port; where something listens on that port of every address,
    /// the next port that is free.
    ///
    /// - Parameters:
    ///   - taken: what other servers own, running or not.
    ///   - place: the state directory; each one begins at addresses of its own, because two tools that choose
    ///     at the same moment cannot see each other's servers yet.
    ///   - isFree: whether the system would let a server listen there.
    ///
    /// Throws `.portInUse` when nothing is free.
    public static func pick(
        taken: Set<Endpoint>, port: UInt16 = 5432, place: String = "",
        isFree: (Endpoint) -> Bool = { canBind($0) }
    ) throws(Problem) -> Endpoint {
        let addresses = Set(taken.map(\.address))
        var attempts = 0
        var fallback: IPv4Address?
        let base = first(for: place).rawValue
        for offset in 0..<UInt32(range.count) {
            let raw = range.lowerBound + (base - range.lowerBound + offset) % UInt32(range.count)
            let address = IPv4Address(raw)
            guard address.rawValue & 0xFF != 0, address.rawValue & 0xFF != 0xFF, !addresses.contains(address)
            else { continue }
            let endpoint = Endpoint(address: address, port: port)
            if isFree(endpoint) { return endpoint }
            fallback = fallback ?? address
            attempts += 1
            if attempts == 32 { break }
        }
        guard let address = fallback else {
            throw Problem(.portInUse, "every loopback address is taken", hint: "Name one with --listen.")
        }
        for offset in 1...200 {
            guard let next = UInt16(exactly: Int(port) + offset) else { break }
            let endpoint = Endpoint(address: address, port: next)
            if isFree(endpoint) { return endpoint }
        }
        throw Problem(.portInUse, "no free port from \(port) on", hint: "Name one with --port.")
    }

    /// Where a state directory's addresses begin: at one of 64 000, by a hash (FNV-1a) of its path.
    private static func first(for place: String) -> IPv4Address {
        guard !place.isEmpty else { return IPv4Address(range.lowerBound) }
        let hash = place.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return IPv4Address(range.lowerBound + hash % 64_000)
    }

    /// Whether a socket can be bound there, as PostgreSQL would bind it.
    public static func canBind(_ endpoint: Endpoint) -> Bool { bindingFailure(endpoint) == 0 }

    /// Whether somebody else listens there.
    static func isTaken(_ endpoint: Endpoint) -> Bool { bindingFailure(endpoint) == EADDRINUSE }

    /// The system's number for why nobody can listen there; 0 where somebody can.
    private static func bindingFailure(_ endpoint: Endpoint) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = endpoint.address.rawValue.bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                let isBound =
                    bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                    && listen(descriptor, 1) == 0
                return isBound ? 0 : errno
            }
        }
    }
}
