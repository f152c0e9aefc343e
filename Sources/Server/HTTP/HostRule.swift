import Glibc
import Platform

/// By which names this server may be called.
///
/// A web page can have its own name lead to this machine, and would then be taken by the browser for the
/// server's own page. What it cannot do is to be called by a name or an address of this machine.
public struct HostRule: Sendable {
    private let names: Set<String>
    /// Behind a published port this server does not know its own addresses.
    private let takesAddresses: Bool

    /// - Parameters:
    ///   - listen: what the server was told to listen on.
    ///   - names: names of this machine that it does not know itself.
    public init(listen: String, names: [String] = [], isOpenToOthers: Bool) {
        self.init(
            known: [listen] + names, host: Self.hostName(),
            hostsFile: (try? DurableFiles.readIfPresent("/etc/hosts")) ?? [],
            isOpenToOthers: isOpenToOthers)
    }

    init(known: [String], host: String, hostsFile: [UInt8], isOpenToOthers: Bool) {
        let own = [host, String(host.prefix { $0 != "." })].map { $0.lowercased() }.filter { !$0.isEmpty }
        var names = Set(["localhost", "127.0.0.1", "::1"] + own + known.map(Self.plain))
        for line in String(decoding: hostsFile, as: UTF8.self).split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map {
                $0.lowercased()
            }
            guard let address = words.first else { continue }
            let isHere = Self.isLoopback(address) || !Set(words.dropFirst()).isDisjoint(with: own)
            if isHere { names.formUnion(words.dropFirst()) }
        }
        self.names = names
        takesAddresses = isOpenToOthers
    }

    /// Throws `.misdirectedRequest` for what is no name of this machine.
    ///
    /// - Parameters:
    ///   - authority: what the caller calls this server, with or without a port; nil where it does not say.
    ///   - local: the address that the connection came to.
    func check(_ authority: String?, local: String?) throws(Problem) {
        guard let authority else { return }
        let host = Self.host(of: authority)
        let isAddress = Self.isAddress(host)
        if names.contains(host) || Self.isLoopback(host) { return }
        if isAddress, takesAddresses || host == local?.lowercased() { return }
        throw Problem(
            .misdirectedRequest, "'\(API.printable(authority, limit: 100))' is no name of this machine",
            hint:
                "Call it localhost or by its own address; 'pitr serve --host-name NAME' gives it one more name."
        )
    }

    /// Without the port, and without the dot that a full name may end with.
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("[") { return plain(String(authority.dropFirst().prefix { $0 != "]" })) }
        return plain(String(authority.prefix { $0 != ":" }))
    }

    private static func plain(_ name: String) -> String {
        let name = name.lowercased()
        return name.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    private static func isAddress(_ host: String) -> Bool {
        var address = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "::1" || (host.hasPrefix("127.") && isAddress(host))
    }

    private static func hostName() -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "" }
        return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
