import Foundation
import PostgresFormat

/// A result without its types: what every output format is printed from.
enum OutputValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([OutputValue])
    case object([String: OutputValue])

    init(encoding value: some Encodable) throws {
        // Our own parser takes a fraction of the time that a decoder of values of any type takes.
        self.init(try JSONValue.parse(Array(JSONEncoder().encode(value))))
    }

    /// The fields in the order in which az prints them.
    static func sorted(_ fields: [String: OutputValue]) -> [(name: String, value: OutputValue)] {
        fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    /// A number as short as it can be without losing anything; never `1.0`, never an exponent for small ones.
    static func text(of number: Double) -> String {
        number == number.rounded() && number.magnitude < 1e15 ? String(Int(number)) : String(number)
    }
}

extension OutputValue {
    private init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(Int(value))
        case .double(let value): self = .number(value)
        case .string(let value): self = .text(value)
        case .array(let values): self = .list(values.map(Self.init))
        case .object(let object):
            self = .object(
                Dictionary(
                    object.members.map { ($0.name, Self($0.value)) }, uniquingKeysWith: { first, _ in first })
            )
        }
    }
}
