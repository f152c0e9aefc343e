import Foundation
import Notation
import ServiceModel

/// A request as the rules look at it: no socket, no stream.
public struct APIRequest: Sendable {
    public var method: String
    /// As it came, without the query.
    public var path: String
    /// Decoded, by lower-case name; of several with one name the last.
    public var query: [String: String]
    /// By lower-case name.
    public var headers: [String: String]
    public var body: [UInt8]
    /// What the caller calls this server, with the port.
    public var host: String
    public var peer: Peer
    /// The authority as it came; nil where the caller sent none.
    public var authority: String?
    /// The address that the connection came to.
    public var localAddress: String?
    /// Whether the body was larger than what is taken; then it is empty here.
    public var isTooLarge = false

    /// - Parameter target: path and query as in the request line.
    public init(
        method: String, target: String, headers: [String: String] = [:], body: [UInt8] = [],
        host: String, peer: Peer
    ) {
        self.method = method.uppercased()
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? ""
        query = parts.count > 1 ? Self.form(String(parts[1])) : [:]
        self.headers = headers
        self.body = body
        self.host = host
        self.peer = peer
    }

    /// Where this server is, as the caller reaches it.
    public var origin: String { "https://" + host }

    /// `a=b&c=d`, decoded; what cannot be decoded stays as it is.
    static func form(_ text: String) -> [String: String] {
        func plain(_ text: Substring) -> String {
            let spaced = String(text).replacing("+", with: " ")
            return PercentCoding.decode(spaced) ?? spaced
        }
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[plain(parts[0]).lowercased()] = parts.count > 1 ? plain(parts[1]) : ""
        }
        return fields
    }

    /// The fields of a form in the body.
    var form: [String: String] { Self.form(String(decoding: body, as: UTF8.self)) }
}

/// Who is at the other end of the connection.
public struct Peer: Sendable {
    /// Whether the connection comes from this machine.
    public var isLoopback: Bool
    /// Looks up the account of the process at the other end; nil where the system does not tell.
    public var user: @Sendable () -> UInt32?

    public init(isLoopback: Bool, user: @escaping @Sendable () -> UInt32?) {
        self.isLoopback = isLoopback
        self.user = user
    }
}
