/// Rows that differ as CSV: one line for each cell, NULL as nothing at all and the empty string as a pair of
/// quotes, as PostgreSQL's own COPY has them.
public enum DifferenceLines {
    public static let header = "database,table,difference,key,column,here,there\n"

    /// - Parameter table: with its schema.
    public static func lines(database: String, table: String, _ row: RowDifference) -> String {
        let start = [database, table, row.kind.rawValue, key(of: row)]
        // What differs in bytes that are no text of the encoding has no cell to show.
        let cells = row.cells.isEmpty ? [nil] : row.cells.map { Optional($0) }
        return cells.map { cell in
            (start.map { $0 as String? } + [cell?.column, cell?.here?.text, cell?.there?.text])
                .map(CSVText.field).joined(separator: ",") + "\n"
        }.joined()
    }

    /// As `id=7`.
    public static func key(of row: RowDifference) -> String {
        row.key.map { "\($0.column)=\(($0.here ?? $0.there)?.text ?? "")" }.joined(separator: " ")
    }
}

/// A field of a CSV file as PostgreSQL writes it.
enum CSVText {
    static func field(_ text: String?) -> String {
        guard let text else { return "" }
        let needsQuotes =
            text.isEmpty || text.utf8.contains { [UInt8(ascii: ","), 34, 10, 13].contains($0) }
        guard needsQuotes else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
