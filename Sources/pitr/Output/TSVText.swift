import Notation

/// Prints tab-separated values as az does: a line per item, fields sorted by name.
///
/// Nested objects are left empty, lists are their length, missing values `None`.
enum TSVText {
    static func render(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .array(let rows): rows.map(line).joined()
        default: line(value)
        }
    }

    private static func line(_ row: JSONValue) -> String {
        switch row {
        case .object(let fields):
            fields.sorted.map { cell($0.value) }.joined(separator: "\t") + "\n"
        case .array(let values): values.map(cell).joined(separator: "\t") + "\n"
        case .bool(let flag): (flag ? "true" : "false") + "\n"
        case .null, .integer, .double, .string: cell(row) + "\n"
        }
    }

    private static func cell(_ value: JSONValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .integer(let number): String(number)
        case .double(let number): JSONValue.text(of: number)
        case .string(let string): string
        case .array(let values): String(values.count)
        case .object: ""
        }
    }
}
