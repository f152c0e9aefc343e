public import Foundation
public import GRDB

/// A row whose fields are columns by their names; what is neither a number nor a text is a column of JSON.
public protocol CatalogRow: Codable, FetchableRecord, PersistableRecord, Sendable {}

extension CatalogRow {
    /// The same text for the same value, which stays readable: members in order, slashes as they are.
    public static func databaseJSONEncoder(for column: String) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
