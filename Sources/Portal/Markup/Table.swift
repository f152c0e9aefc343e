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
        let isFormula = text.first.map { "=+-@\t\r".contains($0) } ?? false
        let plain = isFormula ? "'" + text : text
        guard plain.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return plain }
        var quoted = "\""
        for character in plain { quoted += character == "\"" ? "\"\"" : String(character) }
        return quoted + "\""
    }

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
