/// The rows of a page's table, for programs.
public struct Table: Sendable, Hashable {
    public var columns: [String]
    public var rows: [[String]] = []

    public init(_ columns: [String]) {
        self.columns = columns
    }

    /// RFC 4180: quoted where it has to be, lines that end with CRLF.
    ///
    /// What a spreadsheet would take for a formula is written as text, with an apostrophe in front.
    public var csv: String {
        ([columns] + rows).map { row in row.map(Self.cell).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func cell(_ text: String) -> String {
        let plain = text.unicodeScalars.first.map(formulas.contains) == true ? "'" + text : text
        guard plain.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return plain }
        // By scalars: with a combining mark behind it a quote is another character, but a quote all the same.
        var quoted = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in plain.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

    /// What begins a formula, the full-width forms too, which spreadsheets read as the narrow ones.
    private static let formulas: Set<Unicode.Scalar> = [
        "=", "+", "-", "@", "\t", "\r", "\n", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
    ]

    /// Where both forms are, beneath a table.
    static func links(_ place: Place, _ query: String = "") -> HTML {
        tag("p", ["class": "export"]) {
            "Export: "
            tag("a", ["href": "\(place.path)?format=csv\(query)", "download": ""], "CSV")
            " "
            tag("a", ["href": "\(place.path)?format=json\(query)", "download": ""], "JSON")
        }
    }
}
