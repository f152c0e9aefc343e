#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Platform

/// JSON in the catalog's text columns.
enum CatalogJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: [UInt8](text.utf8).data)
        } catch {
            throw Problem(
                .stateDamaged, "the catalog contains a value that cannot be decoded", detail: "\(error)",
                hint: "Run 'pitr doctor'.")
        }
    }
}

extension [UInt8] {
    var data: Data { Data(self) }
}
