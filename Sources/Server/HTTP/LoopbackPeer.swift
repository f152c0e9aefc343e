import Foundation

/// Whose a connection within this machine is, by the kernel's table of connections.
enum LoopbackPeer {
    /// The account at the other end of an IPv4 connection; nil when the table does not have it.
    static func user(ofPort port: Int, at address: [UInt8], to server: Int, at here: [UInt8]) -> UInt32? {
        guard let table = FileManager.default.contents(atPath: "/proc/net/tcp") else { return nil }
        return user(
            in: String(decoding: table, as: UTF8.self), of: entry(address, port), to: entry(here, server))
    }

    /// Finds an established connection in the text of `/proc/net/tcp`, and its eighth column.
    static func user(in table: String, of peer: String, to server: String) -> UInt32? {
        for line in table.split(separator: "\n") {
            let columns = line.split(separator: " ", omittingEmptySubsequences: true)
            guard columns.count > 7, columns[1] == peer, columns[2] == server, columns[3] == "01" else {
                continue
            }
            return UInt32(columns[7])
        }
        return nil
    }

    /// As the table writes it: the address as a number of this machine, the port as a plain one.
    static func entry(_ address: [UInt8], _ port: Int) -> String {
        func hexadecimal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 16, uppercase: true)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        return address.reversed().map { hexadecimal(Int($0), 2) }.joined() + ":" + hexadecimal(port, 4)
    }
}
