import Foundation

/// The value at a dotted path of the JSON that a document encodes to.
func field(_ path: String, of document: some Encodable) throws -> Any? {
    var current: Any? = try JSONSerialization.jsonObject(with: JSONEncoder().encode(document))
    for name in path.split(separator: ".") {
        guard let object = current as? [String: Any] else { return nil }
        current = object[String(name)]
    }
    return current
}
