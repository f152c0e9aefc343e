import Notation
import Platform

/// Prints JSON as az does: two blanks per level, names sorted, non-ASCII letters as they are; what acts on a
/// terminal is escaped.
struct JSONText {
    var colors = false
    private var text = ""

    init(colors: Bool = false) {
        self.colors = colors
    }

    static func render(_ value: JSONValue, colors: Bool = false) -> String {
        var printer = JSONText(colors: colors)
        printer.add(value, indent: "")
        return printer.text + "\n"
    }

    /// Prints an object with a long list among its fields, piece by piece.
    ///
    /// - Parameter output: takes text, and says whether anybody still reads it.
    static func write(
        _ fields: JSONObject, with list: LongList, colors: Bool,
        to output: (String) throws -> Bool
    ) throws {
        var printer = JSONText(colors: colors)
        var hasReader = true
        func flush() throws {
            if hasReader { hasReader = try output(printer.text) }
            printer.text = ""
        }
        printer.text += "{"
        var all = fields
        all[list.name] = all[list.name] ?? .array([])
        for (position, field) in all.sorted.enumerated() {
            printer.addName(field.name, isFirst: position == 0, indent: "  ")
            guard field.name == list.name, list.count > 0 else {
                printer.add(field.value, indent: "  ")
                continue
            }
            printer.text += "["
            var isFirst = true
            try list.forEachBatch { batch in
                for value in batch {
                    printer.text += (isFirst ? "\n" : ",\n") + "    "
                    printer.add(value, indent: "    ")
                    isFirst = false
                }
                try flush()
                return hasReader
            }
            printer.text += "\n  ]"
        }
        printer.text += "\n}\n"
        try flush()
    }

    private mutating func addName(_ name: String, isFirst: Bool, indent: String) {
        text += (isFirst ? "\n" : ",\n") + indent + paint(Self.quoted(name), .name) + ": "
    }

    private mutating func add(_ value: JSONValue, indent: String) {
        let inner = indent + "  "
        switch value {
        case .null: text += paint("null", .word)
        case .bool(let flag): text += paint(flag ? "true" : "false", .word)
        case .integer(let number): text += paint(String(number), .number)
        case .double(let number): text += paint(JSONValue.text(of: number), .number)
        case .string(let string): text += paint(Self.quoted(string), .string)
        case .array(let values) where values.isEmpty: text += "[]"
        case .array(let values):
            text += "["
            for (position, value) in values.enumerated() {
                text += (position == 0 ? "\n" : ",\n") + inner
                add(value, indent: inner)
            }
            text += "\n" + indent + "]"
        case .object(let fields) where fields.members.isEmpty: text += "{}"
        case .object(let fields):
            text += "{"
            for (position, field) in fields.sorted.enumerated() {
                addName(field.name, isFirst: position == 0, indent: inner)
                add(field.value, indent: inner)
            }
            text += "\n" + indent + "}"
        }
    }

    private func paint(_ token: String, _ color: TerminalColor) -> String {
        colors ? color.paint(token) : token
    }

    static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.actsOnTerminal:
                result += "\\u" + Hexadecimal.text(scalar.value, digits: 4, .lower)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
