/// Where an attached server may be.
public struct SourceAddress: Hashable, Sendable, Codable, CustomStringConvertible {
    /// An address, a name, or the directory of a Unix socket.
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    public var isLocal: Bool { host.hasPrefix("/") }

    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// `a,b:5433,[::1]:5434,/socket/directory`; an address without a port has the one given. Nil where one
    /// cannot be read or is there twice.
    public static func list(_ text: String, port: UInt16) -> [SourceAddress]? {
        var found: [SourceAddress] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let address = one(part, port), !found.contains(address) else { return nil }
            found.append(address)
        }
        return found.isEmpty ? nil : found
    }

    private static func one(_ text: Substring, _ port: UInt16) -> SourceAddress? {
        guard !text.isEmpty, port > 0 else { return nil }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), end > text.index(after: text.startIndex) else {
                return nil
            }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return SourceAddress(host: host, port: port) }
            guard rest.hasPrefix(":"), let own = UInt16(rest.dropFirst()), own > 0 else { return nil }
            return SourceAddress(host: host, port: own)
        }
        let colons = text.count { $0 == ":" }
        // An IPv6 address alone has several; the directory of a socket may be any.
        if colons != 1 { return SourceAddress(host: String(text), port: port) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard !parts[0].isEmpty, let own = UInt16(parts[1]), own > 0 else { return nil }
        return SourceAddress(host: String(parts[0]), port: own)
    }
}
