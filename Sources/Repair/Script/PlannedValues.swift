import Notation

/// Rows of literals, as they stand behind WITH.
///
/// No value can become a command: each is one quoted literal in one line, without a line end or a control
/// character in it, and with the same meaning under both settings of `standard_conforming_strings`.
struct PlannedValues {
    struct Column {
        var name: String
        /// As `format_type` prints it.
        var type: String
    }

    var columns: [Column]
    var rows: [Cells] = []

    /// Types are told once, in the first row; they hold for the whole column.
    var sql: String {
        let lines = rows.enumerated().map { place, cells in
            let fields = zip(columns, cells).map { column, cell in
                place == 0 ? "\(Self.literal(cell?.text))::\(column.type)" : Self.literal(cell?.text)
            }
            return "(\(fields.joined(separator: ", ")))"
        }
        return "VALUES\n    " + lines.joined(separator: ",\n    ")
    }

    var names: String { columns.map(\.name).joined(separator: ", ") }

    static func literal(_ cell: String?) -> String {
        guard let cell else { return "NULL" }
        var text = ""
        var isEscaped = false
        for scalar in cell.unicodeScalars {
            switch scalar {
            case "'": text += "''"
            case "\\":
                text += "\\\\"
                isEscaped = true
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                text += "\\x" + Hexadecimal.text(scalar.value, digits: 2, .lower)
                isEscaped = true
            default: text.unicodeScalars.append(scalar)
            }
        }
        return (isEscaped ? "E'" : "'") + text + "'"
    }
}
