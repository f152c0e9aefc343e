import Notation
import Platform

/// Whose a connection within this machine is, by the kernel's own word.
enum LoopbackPeer {
    /// An IPv4 address as one of IPv6, without the four bytes.
    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

    /// Whether an address of 4 or 16 bytes is one of this machine alone.
    static func isLoopback(_ address: [UInt8]) -> Bool {
        let plain = short(address)
        return plain.count == 4 ? plain[0] == 127 : plain == Array(repeating: 0, count: 15) + [1]
    }

    /// The account at the other end of a connection; nil when no table has it.
    ///
    /// - Parameter address: 4 or 16 bytes. A socket of IPv6 may have a peer of IPv4, and each end stands in
    ///   the
    ///   table of its own kind.
    static func user(ofPort port: Int, at address: [UInt8], to server: Int, at here: [UInt8]) -> UInt32? {
        let (there, here) = (short(address), short(here))
        switch SocketOwner.find(local: there, port: port, remote: here, remotePort: server) {
        case .account(let user): return user
        case .none: return nil
        case .unknown: return inTables(port, there, server, here)
        }
    }

    /// As `user`, in the kernel's tables of all connections.
    static func inTables(_ port: Int, _ there: [UInt8], _ server: Int, _ here: [UInt8]) -> UInt32? {
        if there.count == 4, here.count == 4,
            let user = look("/proc/net/tcp", entry(there, port), entry(here, server))
        {
            return user
        }
        return look("/proc/net/tcp6", entry(long(there), port), entry(long(here), server))
    }

    /// Finds an established connection in a table, and the account in its line.
    ///
    /// Only established ones tell whose they are: the lines of others have a zero there.
    static func look(_ table: String, _ peer: String, _ server: String) -> UInt32? {
        guard let line = KernelTable.line(in: table, with: ": \(peer) \(server) 01 ") else { return nil }
        let columns = line.split(separator: " ")
        return columns.count > 7 ? UInt32(columns[7]) : nil
    }

    /// As the tables write it: the address as numbers of this machine, four bytes each, the port as a plain
    /// one.
    static func entry(_ address: [UInt8], _ port: Int) -> String {
        let words = stride(from: 0, to: address.count, by: 4).map { start in
            address[start..<start + 4].reversed().map { Hexadecimal.text($0, digits: 2, .upper) }.joined()
        }
        return words.joined() + ":" + Hexadecimal.text(UInt(port), digits: 4, .upper)
    }

    /// A mapped address as the four bytes that it stands for.
    private static func short(_ address: [UInt8]) -> [UInt8] {
        address.starts(with: mapped) ? Array(address.dropFirst(mapped.count)) : address
    }

    private static func long(_ address: [UInt8]) -> [UInt8] {
        address.count == 4 ? mapped + address : address
    }
}
