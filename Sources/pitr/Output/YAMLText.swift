import Notation
import Platform
import Yams

/// Prints YAML in block style with names sorted.
enum YAMLText {
    ///
    /// Written element by element where the document is a list or has lists: the writer of YAML takes some
    /// kilobytes for each, and there may be a hundred thousand.
    static func render(_ value: JSONValue, colors: Bool = false) throws -> String {
        var text = ""
        switch value {
        case .array(let values) where !values.isEmpty:
            for element in values { text += try written(.array([element])) }
        case .object(let fields) where !fields.members.isEmpty:
            for field in fields.sorted {
                guard case .array(let values) = field.value, let first = values.first else {
                    text += try written(.object([field.name: field.value]))
                    continue
                }
                // Behind its name a list is not indented.
                text += try written(.object([field.name: .array([first])]))
                for element in values.dropFirst() { text += try written(.array([element])) }
            }
        default: text = try written(value)
        }
        return colors ? paint(text) : text
    }

    private static func written(_ value: JSONValue) throws -> String {
        escaped(try Yams.serialize(node: node(value), width: -1, allowUnicode: true, sortKeys: true))
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .integer(let number): Node(String(number), Tag(.int))
        case .double(let number): Node(JSONValue.text(of: number), Tag(.float))
        case .string(let string): scalar(string)
        case .array(let values): Node(values.map(node))
        case .object(let fields):
            Node(fields.sorted.map { (name($0.name), node($0.value)) })
        }
    }

    // Text that reads like something else ("15", "null") is quoted.
    private static func scalar(_ string: String) -> Node {
        quoted(string) ?? Node.scalar(string.represented())
    }

    private static func name(_ string: String) -> Node {
        quoted(string) ?? Node(string)
    }

    /// What acts on a terminal can be escaped only between double quotes; nil for other text.
    private static func quoted(_ string: String) -> Node? {
        string.unicodeScalars.contains(where: isEscaped) ? Node(string, Tag(.str), .doubleQuoted) : nil
    }

    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        scalar.actsOnTerminal && scalar != "\n" && scalar != "\t"
    }

    /// Escapes what the writer of YAML takes for printable; all of it stands between double quotes.
    private static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isEscaped) else { return text }
        return text.unicodeScalars.map { scalar in
            guard isEscaped(scalar) else { return String(scalar) }
            return "\\u" + Hexadecimal.text(scalar.value, digits: 4, .lower)
        }.joined()
    }

    /// Colours the name at the beginning of a line.
    private static func paint(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let start = line.firstIndex { $0 != " " && $0 != "-" } ?? line.endIndex
            guard let colon = line[start...].firstIndex(of: ":"), line[start...].first != "'" else {
                return String(line)
            }
            return line[..<start] + TerminalColor.name.paint(String(line[start..<colon])) + line[colon...]
        }.joined(separator: "\n")
    }
}
