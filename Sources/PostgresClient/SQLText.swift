/// Names and values as they stand in a statement's text, for the statements that take no parameters.
public enum SQLText {
    /// The name in double quotes. A zero byte, which PostgreSQL cannot hold, is left out.
    public static func identifier(_ name: String) -> String {
        quoted(name, with: "\"", escape: "")
    }

    /// The value in single quotes, as an escape string where it has a backslash: safe under both settings of
    /// `standard_conforming_strings`. A zero byte, which PostgreSQL cannot hold, is left out.
    public static func literal(_ value: String) -> String {
        value.utf8.contains(UInt8(ascii: "\\"))
            ? " E" + quoted(value, with: "'", escape: "\\") : quoted(value, with: "'", escape: "")
    }

    private static func quoted(_ text: String, with quote: Unicode.Scalar, escape: String) -> String {
        var result = String.UnicodeScalarView([quote])
        for scalar in text.unicodeScalars where scalar.value != 0 {
            if scalar == quote || escape.unicodeScalars.contains(scalar) { result.append(scalar) }
            result.append(scalar)
        }
        result.append(quote)
        return String(result)
    }
}

/// Why PostgreSQL refused a statement, in its own words.
public struct QueryFailure: Sendable, Hashable {
    /// Five characters, see PostgreSQL's appendix “Error Codes”; empty when the connection itself broke.
    public let sqlState: String
    public let message: String
    public let detail: String?
    public let hint: String?
}
