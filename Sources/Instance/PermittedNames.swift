/// The DNS names and addresses that the local authority may speak for; names below a name are with it.
///
/// Written as OpenSSL's configuration has them, one a line: `DNS:localhost`, `IP:127.0.0.0/255.0.0.0`.
struct PermittedNames: Equatable {
    private(set) var entries: [String]

    /// What is this machine's everywhere.
    static let base = PermittedNames(
        text: "DNS:localhost\nIP:127.0.0.0/255.0.0.0\nIP:::1/\(everyBitOfIPv6)")

    private static let everyBitOfIPv4 = "255.255.255.255"
    private static let everyBitOfIPv6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

    init(text: String) {
        entries = text.split(separator: "\n").map(String.init)
    }

    var text: String { entries.map { $0 + "\n" }.joined() }

    /// The value of the certificate's extension.
    var constraints: String { entries.map { "permitted;" + $0 }.joined(separator: ", ") }

    func covers(names: [String], addresses: [String]) -> Bool {
        with(names: names, addresses: addresses) == self
    }

    /// These and more.
    func with(names: [String], addresses: [String]) -> PermittedNames {
        var result = self
        for name in names.map({ $0.lowercased() }) where !result.covers(name) {
            result.entries.append("DNS:" + name)
        }
        for address in addresses where !(address.hasPrefix("127.") && IPv4Address(address) != nil) {
            let entry =
                "IP:\(address)/" + (address.contains(":") ? Self.everyBitOfIPv6 : Self.everyBitOfIPv4)
            if !result.entries.contains(entry) { result.entries.append(entry) }
        }
        return result
    }

    private func covers(_ name: String) -> Bool {
        entries.contains { entry in
            guard entry.hasPrefix("DNS:") else { return false }
            let permitted = entry.dropFirst(4)
            return name == permitted || name.hasSuffix("." + permitted)
        }
    }
}
