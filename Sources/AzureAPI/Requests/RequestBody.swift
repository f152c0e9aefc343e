import Notation
import Platform
import PostgresFormat

/// The JSON object of a request, read field by field.
///
/// As in Azure: what is not asked for is passed over, names may have any case, `null` is as good as nothing,
/// and a value of the wrong kind is refused with its path.
struct RequestBody {
    private let object: JSONObject
    /// Where it stands in the whole: empty, or `properties.storage`.
    private let path: String

    /// Reads a body that has to be there.
    init(_ bytes: [UInt8]) throws(Problem) {
        guard !bytes.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) else {
            throw Self.invalid("it is empty, but an object is expected")
        }
        try self.init(text: bytes)
    }

    /// Reads a body that may be left out.
    static func optional(_ bytes: [UInt8]) throws(Problem) -> RequestBody {
        bytes.isEmpty ? RequestBody(JSONObject(), "") : try RequestBody(bytes)
    }

    private init(_ object: JSONObject, _ path: String) {
        self.object = object
        self.path = path
    }

    private init(text bytes: [UInt8]) throws(Problem) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes)
        } catch {
            throw Self.invalid("it is not JSON: \(error.reason) at byte \(error.offset)")
        }
        guard let object = value.object else {
            throw Self.invalid("it is \(Self.kind(value)), but an object is expected")
        }
        self.init(object, "")
    }

    // MARK: Fields

    func text(_ name: String) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw wrong(name, value, "a string") }
        return text
    }

    func number(_ name: String) throws(Problem) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer.flatMap({ Int(exactly: $0) }) else {
            throw wrong(name, value, "a whole number")
        }
        return number
    }

    /// A number that az sends as a text, as Azure takes it too.
    func numberOrDigits(_ name: String) throws(Problem) -> Int? {
        if let digits = value(name)?.string.flatMap({ Int($0) }) { return digits }
        return try number(name)
    }

    func flag(_ name: String) throws(Problem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.bool else { throw wrong(name, value, "true or false") }
        return flag
    }

    /// `Enabled` or `Disabled`, in any case.
    func toggle(_ name: String) throws(Problem) -> Bool? {
        guard let text = try text(name) else { return nil }
        switch text.lowercased() {
        case "enabled": return true
        case "disabled": return false
        default: throw Self.invalidParameter(name, text, allowed: ["Enabled", "Disabled"])
        }
    }

    /// An object in it; an empty one where there is none.
    func part(_ name: String) throws(Problem) -> RequestBody {
        guard let value = value(name) else { return RequestBody(JSONObject(), place(name)) }
        guard let object = value.object else { throw wrong(name, value, "an object") }
        return RequestBody(object, place(name))
    }

    /// Names and texts, of which there may be fifty.
    func tags() throws(Problem) -> [String: String]? {
        guard let value = value("tags") else { return nil }
        guard let object = value.object else { throw wrong("tags", value, "an object") }
        var tags: [String: String] = [:]
        for member in object.members {
            guard let text = member.value.string ?? (member.value.isNull ? "" : nil) else {
                throw wrong("tags.\(member.name)", member.value, "a string")
            }
            tags[member.name] = text
        }
        return try TagRule.checked(tags)
    }

    /// A list of texts; empty where there is none.
    func texts(_ name: String) throws(Problem) -> [String] {
        guard let value = value(name) else { return [] }
        guard let items = value.array else { throw wrong(name, value, "a list") }
        var texts: [String] = []
        for item in items {
            guard let text = item.string else { throw wrong(name, item, "a list of strings") }
            texts.append(text)
        }
        return texts
    }

    /// A list of objects; empty where there is none.
    func parts(_ name: String) throws(Problem) -> [RequestBody] {
        guard let value = value(name) else { return [] }
        guard let items = value.array else { throw wrong(name, value, "a list") }
        var parts: [RequestBody] = []
        for (number, item) in items.enumerated() {
            guard let object = item.object else { throw wrong(name, item, "a list of objects") }
            parts.append(RequestBody(object, "\(place(name))[\(number)]"))
        }
        return parts
    }

    /// Whether there is such a field at all.
    func has(_ name: String) -> Bool { value(name) != nil }

    // MARK: Refusals

    static func invalidParameter(_ name: String, _ value: String, allowed: [String]) -> Problem {
        Problem(
            .invalidParameterValue,
            "Invalid value given for parameter \(name). Specify a valid parameter value.",
            detail: "'\(value.prefix(80))' is none of \(allowed.joined(separator: ", "))")
    }

    /// The refusal of a field that has to be there.
    func missing(_ name: String) -> Problem {
        Self.invalid("'\(place(name))' is missing")
    }

    private static func invalid(_ why: String) -> Problem {
        Problem(
            .invalidRequestContent, "The request content was invalid and could not be deserialized.",
            detail: why)
    }

    private func wrong(_ name: String, _ value: JSONValue, _ wanted: String) -> Problem {
        Self.invalid("'\(place(name))' is \(Self.kind(value)), but \(wanted) is expected")
    }

    private static func kind(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .double: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    private func place(_ name: String) -> String { path.isEmpty ? name : path + "." + name }

    private func value(_ name: String) -> JSONValue? {
        let found =
            object[name]
            ?? object.members.first { $0.name.lowercased() == name.lowercased() }?.value
        guard let found, !found.isNull else { return nil }
        return found
    }
}
