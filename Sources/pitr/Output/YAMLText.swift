import Yams

/// Prints YAML in block style with names sorted.
enum YAMLText {
    static func render(_ value: OutputValue, colors: Bool = false) throws -> String {
        let text = try Yams.serialize(node: node(value), width: -1, allowUnicode: true, sortKeys: true)
        return colors ? paint(text) : text
    }

    private static func node(_ value: OutputValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .integer(let number): Node(String(number), Tag(.int))
        case .number(let number): Node(OutputValue.text(of: number), Tag(.float))
        // Text that reads like something else ("15", "null") is quoted.
        case .text(let string): Node.scalar(string.represented())
        case .list(let values): Node(values.map(node))
        case .object(let fields):
            Node(OutputValue.sorted(fields).map { (Node($0.name), node($0.value)) })
        }
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
