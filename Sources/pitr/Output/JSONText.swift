import Platform

/// Prints JSON as az does: two blanks per level, names sorted, non-ASCII letters as they are; what acts on a
/// terminal is escaped.
struct JSONText {
    var colors = false
    private var text = ""

    init(colors: Bool = false) {
        self.colors = colors
    }

    static func render(_ value: OutputValue, colors: Bool = false) -> String {
        var printer = JSONText(colors: colors)
        printer.add(value, indent: "")
        return printer.text + "\n"
    }

    /// Prints an object with a long list among its fields, piece by piece.
    ///
    /// - Parameter output: takes text, and says whether anybody still reads it.
    static func write(
        _ fields: [String: OutputValue], with list: LongList, colors: Bool,
        to output: (String) throws -> Bool
    ) throws {
        var printer = JSONText(colors: colors)
        var hasReader = true
        func flush() throws {
            if hasReader { hasReader = try output(printer.text) }
            printer.text = ""
        }
        printer.text += "{"
        let all = fields.merging([list.name: .list([])]) { first, _ in first }
        for (position, field) in OutputValue.sorted(all).enumerated() {
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

    private mutating func add(_ value: OutputValue, indent: String) {
        let inner = indent + "  "
        switch value {
        case .null: text += paint("null", .word)
        case .bool(let flag): text += paint(flag ? "true" : "false", .word)
        case .integer(let number): text += paint(String(number), .number)
        case .number(let number): text += paint(OutputValue.text(of: number), .number)
        case .text(let string): text += paint(Self.quoted(string), .string)
        case .list(let values) where values.isEmpty: text += "[]"
        case .list(let values):
            text += "["
            for (position, value) in values.enumerated() {
                text += (position == 0 ? "\n" : ",\n") + inner
                add(value, indent: inner)
            }
            text += "\n" + indent + "]"
        case .object(let fields) where fields.isEmpty: text += "{}"
        case .object(let fields):
            text += "{"
            for (position, field) in OutputValue.sorted(fields).enumerated() {
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
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
