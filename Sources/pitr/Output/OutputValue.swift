import Foundation

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
        let data = try JSONEncoder().encode(value)
        self = try JSONDecoder().decode(OutputValue.self, from: data)
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

extension OutputValue: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([OutputValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: OutputValue].self))
        }
    }
}
