import Platform

/// What is said beside the result, on standard error.
struct Messages: Sendable {
    var isQuiet: Bool
    var isVerbose: Bool
    /// Wiped before a line is printed over it.
    var progress: TerminalProgress?

    /// A remark; not with `--only-show-errors`.
    func note(_ text: String) {
        if !isQuiet { print(text) }
    }

    func warning(_ text: String) {
        if !isQuiet { print("WARNING: " + text) }
    }

    /// Only with `--verbose`.
    func detail(_ text: String) {
        if isVerbose { print(text) }
    }

    private func print(_ text: String) {
        progress?.wipe()
        StandardStream.error.say(text.visible(keepsLines: true) + "\n")
    }
}
