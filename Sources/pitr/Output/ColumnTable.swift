import Platform

/// Rows under a header, columns apart by two blanks, as az prints tables.
struct ColumnTable: Hashable, Sendable {
    var header: [String]
    var rows: [[String]]

    /// Nothing at all for no rows.
    func render() -> String {
        guard !rows.isEmpty else { return "" }
        let rows = rows.map { cells in cells.map { $0.visible() } }
        let widths = header.indices.map { column in
            rows.map { $0[column].count }.reduce(header[column].count, max)
        }
        let rule = widths.map { String(repeating: "-", count: $0) }
        return ([header, rule] + rows).map { cells in
            var line = ""
            for (cell, width) in zip(cells, widths) {
                if !line.isEmpty { line += "  " }
                line += cell + String(repeating: " ", count: width - cell.count)
            }
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }
}
