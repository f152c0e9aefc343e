import Glibc
import Platform

/// Asks before something is lost.
struct Confirmation: Sendable {
    /// Whether there is a person to ask.
    var isTerminal = isatty(0) == 1
    var ask: @Sendable (String) -> String? = { question in
        StandardStream.error.say(question.visible())
        return Interruption.whileAsking { readLine() }
    }

    /// Returns when the answer is yes, or was given beforehand; throws otherwise.
    func require(_ question: String, yes: Bool) throws {
        if yes { return }
        guard isTerminal else {
            throw Problem(
                .usage, "there is no terminal to ask on: \(question)",
                hint: "Use --yes to answer beforehand.")
        }
        while let answer = ask(question + " (y/n): ")?.lowercased() {
            switch answer {
            case "y", "yes": return
            case "n", "no": throw Problem(.canceled, "nothing was done")
            default: continue
            }
        }
        throw Problem(.canceled, "nothing was done")
    }
}
