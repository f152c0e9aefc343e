/// The text of a whole row but for its generated columns, as PostgreSQL prints a composite value
/// (`record_out`).
public enum RowText {
    /// The text of these cells.
    public static func of(_ cells: Cells, _ shape: TableShape) -> Cell {
        Cell("(" + shape.written.map { field(cells[$0]?.text) }.joined(separator: ",") + ")")
    }

    /// What makes PostgreSQL print a row of the table in the same way.
    public static func expression(_ shape: TableShape, alias: String) -> String {
        "ROW(" + shape.written.map { shape.reading($0, alias: alias) }.joined(separator: ", ")
            + ")::pg_catalog.text"
    }

    /// NULL is nothing at all, the empty string a pair of quotes.
    private static func field(_ cell: String?) -> String {
        guard let cell else { return "" }
        let needsQuotes =
            cell.isEmpty
            || cell.utf8.contains { byte in
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "("), UInt8(ascii: ")"),
                    UInt8(ascii: ","), UInt8(ascii: " "), 9...13:
                    true
                default: false
                }
            }
        guard needsQuotes else { return cell }
        var text = "\""
        for scalar in cell.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append(scalar) }
            text.unicodeScalars.append(scalar)
        }
        return text + "\""
    }
}

/// The settings on which the text of a value depends.
public enum CanonicalText {
    private static let values = [
        ("client_encoding", "'UTF8'"), ("standard_conforming_strings", "on"), ("search_path", "''"),
        ("row_security", "off"), ("DateStyle", "'ISO, YMD'"), ("IntervalStyle", "'postgres'"),
        ("TimeZone", "'UTC'"), ("extra_float_digits", "1"), ("bytea_output", "'hex'"),
        ("lc_monetary", "'C'"), ("xmlbinary", "'base64'"), ("xmloption", "'content'"),
        ("quote_all_identifiers", "off"), ("array_nulls", "on"), ("transform_null_equals", "off"),
    ]

    /// Statements that set them.
    ///
    /// - Parameter local: for the transaction alone.
    public static func settings(local: Bool) -> String {
        values.map { "SET \(local ? "LOCAL " : "")\($0.0) = \($0.1);" }.joined(separator: "\n")
    }
}
