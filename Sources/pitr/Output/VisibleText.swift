extension String {
    /// The text with its control characters written out, so that a name chosen by somebody else can neither
    /// break a line nor speak to the terminal. Breaks of lines stay where they are meant.
    func visible(keepsLines: Bool = false) -> String {
        func isSilent(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control: !(keepsLines && (scalar == "\n" || scalar == "\t"))
            case .format: Self.directions.contains(scalar)
            case .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
        guard unicodeScalars.contains(where: isSilent) else { return self }
        return unicodeScalars.map { scalar in
            isSilent(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
    }

    /// What turns the direction of writing, and with it what a line seems to say.
    private static let directions: Set<Unicode.Scalar> = Set(
        (0x202A...0x202E).compactMap(Unicode.Scalar.init) + (0x2066...0x2069).compactMap(Unicode.Scalar.init))
}
