/// Words for a shell.
public enum Shell {
    /// Quoted where it has to be.
    public static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case 0x25, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x40, 0x5F: true
                default: false
                }
            }
        return isPlain ? text : quoted(text)
    }

    /// Between single quotes, whatever it is.
    public static func quoted(_ text: String) -> String {
        // By scalars: for the shell a quote with a combining mark behind it is a quote.
        var quoted = String.UnicodeScalarView("'".unicodeScalars)
        for scalar in text.unicodeScalars {
            quoted.append(scalar)
            if scalar == "'" { quoted.append(contentsOf: "\\''".unicodeScalars) }
        }
        quoted.append("'")
        return String(quoted)
    }

    /// A command of words, each quoted where it has to be.
    public static func line(_ words: [String]) -> String { words.map(word).joined(separator: " ") }
}
