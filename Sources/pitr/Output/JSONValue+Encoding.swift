import Foundation
import Notation

/// A result without its types: what every output format is printed from.
extension JSONValue {
    init(encoding value: some Encodable) throws {
        // Our own parser takes a fraction of the time that a decoder of values of any type takes.
        self = try JSONValue.parse(Array(JSONEncoder().encode(value)))
    }

    /// A number as short as it can be without losing anything; never `1.0`, never an exponent for small ones.
    static func text(of number: Double) -> String {
        number == number.rounded() && number.magnitude < 1e15 ? String(Int(number)) : String(number)
    }
}

extension JSONObject {
    /// The fields in the order in which az prints them.
    var sorted: [Member] { members.sorted { $0.name < $1.name } }
}
