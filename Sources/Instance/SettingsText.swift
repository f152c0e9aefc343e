/// Lines of `postgresql.conf`, quoted as PostgreSQL's `guc-file.l` reads them.
public enum SettingsText {
    /// `name = 'value'`.
    public static func line(_ name: String, _ value: String) -> String {
        name + " = " + quoted(value)
    }

    /// The value in single quotes: quotes and backslashes doubled, line ends as escapes.
    ///
    /// A zero byte, which no setting can hold, is left out.
    public static func quoted(_ value: String) -> String {
        var result = "'"
        for scalar in value.unicodeScalars {
            switch scalar {
            case "'": result += "''"
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\0": break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "'"
    }
}

extension SettingsText {
    /// One element of a setting that is a list of names, in double quotes: PostgreSQL splits such values at
    /// commas.
    public static func listItem(_ value: String) -> String {
        "\"" + value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
