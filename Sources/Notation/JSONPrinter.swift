/// Writes a `JSONValue` as text.
struct JSONPrinter {
    private let indented: Bool
    private var text: [UInt8] = []

    init(indented: Bool) {
        self.indented = indented
    }

    mutating func print(_ value: JSONValue) -> String {
        append(value, level: 0)
        if indented { text.append(0x0A) }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func append(_ value: JSONValue, level: Int) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .double(let value): append(value.isFinite ? value.description : "null")
        case .string(let value): Self.quote(value, into: &text)
        case .array(let elements):
            list("[", "]", elements, level) { printer, element, level in printer.append(element, level: level)
            }
        case .object(let object):
            list("{", "}", object.members, level) { printer, member, level in
                Self.quote(member.name, into: &printer.text)
                printer.append(printer.indented ? ": " : ":")
                printer.append(member.value, level: level)
            }
        }
    }

    private mutating func append(_ string: String) {
        text.append(contentsOf: string.utf8)
    }

    private mutating func list<Element>(
        _ opening: String, _ closing: String, _ elements: [Element], _ level: Int,
        _ body: (inout JSONPrinter, Element, Int) -> Void
    ) {
        append(opening)
        for (index, element) in elements.enumerated() {
            if index > 0 { append(",") }
            newLine(level + 1)
            body(&self, element, level + 1)
        }
        if !elements.isEmpty { newLine(level) }
        append(closing)
    }

    private mutating func newLine(_ level: Int) {
        guard indented else { return }
        text.append(0x0A)
        text.append(contentsOf: repeatElement(0x20, count: level * 2))
    }

    /// Appends the string in quotes, escaping what JSON demands and nothing else.
    static func quote(_ string: String, into text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0x0A: text.append(contentsOf: "\\n".utf8)
            case 0x0D: text.append(contentsOf: "\\r".utf8)
            case 0x09: text.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                text.append(contentsOf: ("\\u" + Hexadecimal.text(byte, digits: 4, .lower)).utf8)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
