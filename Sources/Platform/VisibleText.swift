extension String {
    /// The text with its control characters written out, so that a name chosen by somebody else can neither
    /// break a line nor speak to the terminal, nor turn the direction of writing and with it what a line
    /// seems to say. Breaks of lines stay where they are meant.
    public func visible(keepsLines: Bool = false) -> String {
        func isKept(_ scalar: Unicode.Scalar) -> Bool {
            !scalar.actsOnTerminal || (keepsLines && (scalar == "\n" || scalar == "\t"))
        }
        guard !unicodeScalars.allSatisfy(isKept) else { return self }
        return unicodeScalars.map { scalar in
            isKept(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }.joined()
    }
}

extension Unicode.Scalar {
    /// Whether it is no sign to be read, but acts on what shows the text: controls of both kinds, breaks of
    /// lines, and what turns the direction of writing.
    public var actsOnTerminal: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: properties.isBidiControl
        default: false
        }
    }
}
