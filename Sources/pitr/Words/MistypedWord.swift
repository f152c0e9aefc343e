/// A word of the command line that is no command or no option, and what may have been meant.
struct MistypedWord: Error, Hashable {
    let message: String
    let hint: String

    var text: String { "ERROR: \(message)\nhint: \(hint)\n" }

    /// The first word that should be a command and is none; nil where all are.
    static func command(in arguments: [String]) -> MistypedWord? {
        var tree = CommandTree.root
        for (place, word) in arguments.enumerated() {
            if tree.children.isEmpty || word.hasPrefix("-") { return nil }
            if place == 0, word == "help" {
                return HelpTopic.named(arguments.dropFirst()) == nil
                    ? command(in: Array(arguments.dropFirst()), isHelp: true) : nil
            }
            guard let next = tree.child(word) else {
                return MistypedWord(command: word, of: tree, rest: arguments.dropFirst(place + 1))
            }
            tree = next
        }
        return nil
    }

    private static func command(in words: [String], isHelp: Bool) -> MistypedWord? {
        guard words.first != "help", let found = command(in: words) else { return nil }
        guard HelpTopic.allCases.contains(where: { NearWord.isNear(words[0], $0.rawValue) }) else {
            return found
        }
        let near = HelpTopic.allCases.filter { NearWord.isNear(words[0], $0.rawValue) }
        return MistypedWord(
            message: "there is no help on '\(words[0])'",
            hint: question(near.map { "pitr help \($0.rawValue)" }))
    }

    private init(message: String, hint: String) {
        self.message = message
        self.hint = hint
    }

    private init(command word: String, of tree: CommandTree, rest: ArraySlice<String>) {
        message = "'\(word)' is not a command of '\(tree.line)'"
        let table = tree.path.isEmpty ? Synonyms.commands : Synonyms.subcommands
        let meant = table[word.lowercased()]?.first(where: tree.holds)
        var candidates = meant.map { [$0] } ?? NearWord.candidates(for: word, among: tree.words)
        // `pitr server list`, `pitr postgres flexible-server list`: az's words around the command itself.
        if tree.path.isEmpty, meant == "list",
            let next = rest.first(where: { !Self.azWords.contains($0) }), tree.words.contains(next)
        {
            candidates = [next]
        }
        hint =
            candidates.isEmpty
            ? "'\(tree.line) --help' lists the commands."
            : Self.question(candidates.map { "\(tree.line) \($0)" })
    }

    private static let azWords: Set<String> = ["az", "postgres", "flexible-server", "server", "servers"]

    /// The first option that the command does not have; nil where it has all, or is itself unknown.
    static func option(in arguments: [String]) -> MistypedWord? {
        var tree = CommandTree.root
        for word in arguments {
            guard let next = tree.child(word) else { break }
            tree = next
        }
        guard tree.children.isEmpty else { return nil }
        let options = tree.options
        for argument in arguments.dropFirst(tree.path.count) {
            if argument == "--" { return nil }
            guard argument.hasPrefix("--") else { continue }
            let name = String(argument.dropFirst(2).prefix { $0 != "=" })
            if options.known.contains(name) { continue }
            let meant = Synonyms.options[name.lowercased()]?.first(where: options.shown.contains)
            let candidates = meant.map { [$0] } ?? NearWord.candidates(for: name, among: options.shown)
            return MistypedWord(
                message: "'\(tree.line)' has no option --\(name)",
                hint: candidates.isEmpty
                    ? "'\(tree.line) --help' lists the options."
                    : question(candidates.map { "--\($0)" }))
        }
        return nil
    }

    /// A name that stands behind the command where an option should be in front of it.
    static func bareName(in arguments: [String]) -> MistypedWord? {
        var tree = CommandTree.root
        for word in arguments {
            guard let next = tree.child(word) else { break }
            tree = next
        }
        let words = arguments.dropFirst(tree.path.count)
        guard tree.children.isEmpty, let word = tree.firstWord(of: words),
            let option = tree.nameOption(besides: words)
        else { return nil }
        return MistypedWord(
            message: "'\(tree.line)' takes a name behind \(option)",
            hint: "Did you mean '\(tree.line) \(option) \(word)'?")
    }

    private static func question(_ candidates: [String]) -> String {
        "Did you mean " + candidates.map { "'\($0)'" }.joined(separator: " or ") + "?"
    }
}

extension NearWord {
    static func isNear(_ word: String, _ other: String) -> Bool {
        !candidates(for: word, among: [other]).isEmpty
    }
}
