/// Why a text is not a JSON document, and the offset in bytes at which that showed.
public struct JSONError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case trailingBytes
        case tooDeep
        case invalidUTF8
        /// An escape that is none, or half of a surrogate pair.
        case invalidEscape
        case controlCharacterInString
        case duplicateName(String)
        /// An integer beyond 64 signed bits, or a number beyond the largest double.
        case numberOutOfRange
    }

    public let reason: Reason
    public let offset: Int

    public init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

/// A recursive-descent parser over bytes; depth is limited so that no input can exhaust the stack.
struct JSONParser {
    private let bytes: [UInt8]
    private let maximumDepth: Int
    private var position = 0
    private var depth = 0
    /// The member of the document whose elements are handed over one by one instead of being kept.
    private let passedOn: String?
    private let pass: (JSONValue) -> Void

    init(
        bytes: [UInt8], maximumDepth: Int, passingOn passedOn: String? = nil,
        to pass: @escaping (JSONValue) -> Void = { _ in }
    ) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.passedOn = passedOn
        self.pass = pass
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value()
        skipWhiteSpace()
        guard position == bytes.count else { throw failure(.trailingBytes) }
        return value
    }

    private func failure(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: position)
    }

    private func unexpected() -> JSONError {
        failure(position < bytes.count ? .unexpectedByte(bytes[position]) : .unexpectedEnd)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        skipWhiteSpace()
        switch next {
        case UInt8(ascii: "{"): return try nested(Self.object)
        case UInt8(ascii: "["): return try nested(Self.array)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard depth < maximumDepth else { throw failure(.tooDeep) }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for offset in 0..<text.utf8CodeUnitCount where !take(text.utf8Start[offset]) {
            throw unexpected()
        }
        return value
    }

    private static func object(_ parser: inout JSONParser) throws(JSONError) -> JSONValue {
        var members: [JSONObject.Member] = []
        var names: Set<String> = []
        parser.skipWhiteSpace()
        if parser.take(UInt8(ascii: "}")) { return .object(JSONObject()) }
        while true {
            parser.skipWhiteSpace()
            guard parser.next == UInt8(ascii: "\"") else { throw parser.unexpected() }
            let name = try parser.string()
            guard names.insert(name).inserted else { throw parser.failure(.duplicateName(name)) }
            parser.skipWhiteSpace()
            guard parser.take(UInt8(ascii: ":")) else { throw parser.unexpected() }
            let isPassedOn = parser.depth == 1 && name == parser.passedOn
            members.append(
                JSONObject.Member(
                    name: name, value: try isPassedOn ? parser.passedOnArray() : parser.value()))
            parser.skipWhiteSpace()
            if parser.take(UInt8(ascii: "}")) { return .object(JSONObject(unique: members)) }
            guard parser.take(UInt8(ascii: ",")) else { throw parser.unexpected() }
        }
    }

    private static func array(_ parser: inout JSONParser) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        try parser.elements { elements.append($0) }
        return .array(elements)
    }

    /// An array of which nothing is kept; any other value as usual.
    private mutating func passedOnArray() throws(JSONError) -> JSONValue {
        skipWhiteSpace()
        guard next == UInt8(ascii: "[") else { return try value() }
        return try nested { (parser) throws(JSONError) in
            let pass = parser.pass
            try parser.elements(pass)
            return .array([])
        }
    }

    private mutating func elements(_ body: (JSONValue) -> Void) throws(JSONError) {
        skipWhiteSpace()
        if take(UInt8(ascii: "]")) { return }
        while true {
            body(try value())
            skipWhiteSpace()
            if take(UInt8(ascii: "]")) { return }
            guard take(UInt8(ascii: ",")) else { throw unexpected() }
        }
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            position += 1
        }
        if next == UInt8(ascii: "\"") {
            let text = try validated(bytes[start..<position])
            position += 1
            return text
        }
        return try stringWithEscapes(beginning: Array(bytes[start..<position]))
    }

    private mutating func stringWithEscapes(beginning: [UInt8]) throws(JSONError) -> String {
        var text = beginning
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let result = try validated(text[...])
                position += 1
                return result
            case UInt8(ascii: "\\"):
                position += 1
                text.append(contentsOf: try escaped())
            case 0..<0x20:
                throw failure(.controlCharacterInString)
            default:
                text.append(byte)
                position += 1
            }
        }
        throw failure(.unexpectedEnd)
    }

    private func validated(_ text: ArraySlice<UInt8>) throws(JSONError) -> String {
        guard let string = String(validating: text, as: UTF8.self) else { throw failure(.invalidUTF8) }
        return string
    }

    private mutating func escaped() throws(JSONError) -> [UInt8] {
        guard let byte = next else { throw failure(.unexpectedEnd) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try codePoint()
        default: throw failure(.invalidEscape)
        }
    }

    private mutating func codePoint() throws(JSONError) -> [UInt8] {
        var code = UInt32(try fourHexDigits())
        if (0xD800..<0xDC00).contains(code) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure(.invalidEscape) }
            let low = UInt32(try fourHexDigits())
            guard (0xDC00..<0xE000).contains(low) else { throw failure(.invalidEscape) }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure(.invalidEscape) }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt16 {
        guard bytes.count - position >= 4, bytes[position..<position + 4].allSatisfy(\.isHexDigit),
            let value = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure(.invalidEscape) }
        position += 4
        return value
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) {
            try digits()
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        if !isInteger, let value = Double(text), value.isFinite { return .double(value) }
        throw JSONError(reason: .numberOutOfRange, offset: start)
    }

    private mutating func digits() throws(JSONError) {
        guard let first = next, (48...57).contains(first) else { throw unexpected() }
        while let byte = next, (48...57).contains(byte) {
            position += 1
        }
    }
}
