public import Notation
public import Platform
import PostgresFormat

/// A small JSON file that carries its format's version, and where it is sealed a checksum.
public struct DescribedDocument: Sendable {
    /// For messages.
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// Throws `.stateDamaged`, or `.formatTooNew` for a version above `format`.
    public func parse(_ bytes: [UInt8], format: Int64) throws(Problem) -> JSONValue {
        let json: JSONValue
        do {
            json = try JSONValue.parse(bytes)
        } catch {
            throw damaged("\(error)")
        }
        guard let found = json["format"]?.integer else { throw damaged("it names no format") }
        guard found <= format else {
            throw Problem(
                .formatTooNew, "'\(path)' was written by a newer version",
                detail: "its format is \(found), at most \(format) is understood here")
        }
        guard found >= 1 else { throw damaged("its format is \(found)") }
        return json
    }

    public func damaged(_ reason: String) -> Problem {
        Problem(.stateDamaged, "'\(path)' is damaged", detail: reason)
    }

    // MARK: Sealed

    /// The text of a document whose last member is the CRC-32C of the others, printed on one line.
    public static func seal(_ object: JSONObject) -> [UInt8] {
        var object = object
        object["crc32c"] = .string(checksum(of: object))
        return Array(JSONValue.object(object).printed(indented: true).utf8)
    }

    /// The members of a sealed document, without the checksum. Throws as `parse`.
    public func unseal(_ bytes: [UInt8], format: Int64) throws(Problem) -> JSONObject {
        let json = try parse(bytes, format: format)
        guard var object = json.object, let checksum = object["crc32c"]?.string else {
            throw damaged("its checksum is missing")
        }
        object["crc32c"] = nil
        guard Self.checksum(of: object) == checksum else { throw damaged("its checksum is wrong") }
        return object
    }

    private static func checksum(of object: JSONObject) -> String {
        WALArchive.hex(CRC32C.checksum(Array(JSONValue.object(object).printed().utf8)))
    }
}
