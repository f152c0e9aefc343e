/// Prints tab-separated values as az does: a line per item, fields sorted by name.
///
/// Nested objects are left empty, lists are their length, missing values `None`.
enum TSVText {
    static func render(_ value: OutputValue) -> String {
        switch value {
        case .null: ""
        case .list(let rows): rows.map(line).joined()
        default: line(value)
        }
    }

    private static func line(_ row: OutputValue) -> String {
        switch row {
        case .object(let fields):
            OutputValue.sorted(fields).map { cell($0.value) }.joined(separator: "\t") + "\n"
        case .list(let values): values.map(cell).joined(separator: "\t") + "\n"
        case .bool(let flag): (flag ? "true" : "false") + "\n"
        case .null, .integer, .number, .text: cell(row) + "\n"
        }
    }

    private static func cell(_ value: OutputValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .integer(let number): String(number)
        case .number(let number): OutputValue.text(of: number)
        case .text(let string): string
        case .list(let values): String(values.count)
        case .object: ""
        }
    }
}
