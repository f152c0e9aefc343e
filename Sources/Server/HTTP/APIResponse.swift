import Foundation
import Notation
import PostgresFormat
import ServiceModel

/// An answer before it goes to a socket.
public struct APIResponse: Sendable {
    public var status: Int
    /// In order; names as they are sent.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// Where events about operations follow, as long as the caller listens: to whom.
    var follows: LiveFollower?

    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A document of Azure's.
    static func document(_ value: some Encodable, status: Int = 200) throws -> APIResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return bytes(Array(try encoder.encode(value)), status: status)
    }

    static func json(_ value: JSONValue, status: Int = 200) -> APIResponse {
        bytes(Array(value.printed().utf8), status: status)
    }

    private static func bytes(_ body: [UInt8], status: Int) -> APIResponse {
        APIResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")], body: body)
    }

    static func empty(_ status: Int) -> APIResponse {
        APIResponse(status: status)
    }

    /// A header's value, whatever the case of its name.
    public subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
