extension Problem {
    /// Message, detail and hint on one line, as sentences in a row, for whoever has only one text.
    public var sentences: String {
        [message, detail, hint].compactMap { $0 }.map(Self.sentence).filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    /// The same on one line, begun with a capital letter and ended with a full stop.
    private static func sentence(_ text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let first = words.first else { return "" }
        var line = words.joined(separator: " ")
        // What is not a plain word is somebody's name, and stays as it is spelled.
        let plain = first.allSatisfy { $0.isASCII && ($0.isLowercase || ",:;.!?".contains($0)) }
        if plain, first != "pitr", first != "az" {
            line = line.prefix(1).uppercased() + line.dropFirst()
        }
        if let last = line.last, !".!?".contains(last) {
            line = (",:;".contains(last) ? String(line.dropLast()) : line) + "."
        }
        return line
    }
}
