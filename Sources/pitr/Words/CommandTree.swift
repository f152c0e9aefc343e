import ArgumentParser
import Notation
import PostgresFormat

/// A command and those below it, as the parser knows them.
struct CommandTree {
    let type: any ParsableCommand.Type
    /// Behind `pitr`; empty for the root.
    let path: [String]

    static let root = CommandTree(type: Pitr.self, path: [])

    /// How it is typed.
    var line: String { (["pitr"] + path).joined(separator: " ") }

    var children: [CommandTree] {
        type.configuration.subcommands.map { child in
            CommandTree(type: child, path: path + [child.configuration.commandName ?? child._commandName])
        }
    }

    func child(_ word: String) -> CommandTree? {
        children.first { $0.path.last == word || $0.type.configuration.aliases.contains(word) }
    }

    /// The words that may be suggested: not the commands that only the program itself calls.
    var words: [String] {
        children.filter { $0.type.configuration.shouldDisplay }.compactMap(\.path.last)
    }

    func holds(_ path: String) -> Bool {
        var tree = self
        for word in path.split(separator: " ") {
            guard let next = tree.child(String(word)) else { return false }
            tree = next
        }
        return true
    }

    /// The long options without their dashes, from the parser's own description of the command; those that
    /// are only understood to be refused are not to be suggested.
    var options: (known: Set<String>, shown: [String]) {
        var known: Set<String> = ["help", "version"]
        var shown: [String] = []
        for argument in arguments {
            for name in argument["names"]?.array ?? [] where name["kind"]?.string == "long" {
                guard let name = name["name"]?.string else { continue }
                known.insert(name)
                if argument["shouldDisplay"]?.bool != false { shown.append(name) }
            }
        }
        return (known, shown)
    }

    /// The first word that is neither an option nor the value of one; nil where an option before it is
    /// unknown, of which nobody can say whether it takes a value.
    func firstWord(of words: ArraySlice<String>) -> String? {
        var takesValue: [String: Bool] = [:]
        for argument in arguments {
            for name in argument["names"]?.array ?? [] {
                guard let text = name["name"]?.string else { continue }
                let dashes = name["kind"]?.string == "long" ? "--" : "-"
                takesValue[dashes + text] = argument["kind"]?.string == "option"
            }
        }
        var rest = words
        while let word = rest.popFirst() {
            guard word.hasPrefix("-") else { return word }
            guard let takes = takesValue[String(word.prefix { $0 != "=" })] else { return nil }
            if takes, !word.contains("=") { rest.removeFirst(min(1, rest.count)) }
        }
        return nil
    }

    /// The option that a name belongs behind, as it is typed: one that has to be there, else the name of the
    /// one thing that the command is about. Nil for a command that takes words without one, or no name.
    ///
    /// - Parameter words: what was typed behind the command; an option that is there already has its name.
    func nameOption(besides words: some Sequence<String>) -> String? {
        let arguments = arguments
        let takesWords = arguments.contains { argument in
            argument["kind"]?.string == "positional"
                && argument["parsingStrategy"]?.string != "postTerminator"
        }
        guard !takesWords else { return nil }
        let typed = Set(words.map { word in String(word.prefix { $0 != "=" }) })
        func option(_ long: String, isOptional: Bool) -> String? {
            for argument in arguments where argument["isOptional"]?.bool == isOptional {
                let names = argument["names"]?.array ?? []
                guard names.contains(where: { $0["name"]?.string == long }) else { continue }
                let spelled = names.compactMap { name in
                    name["name"]?.string.map { (name["kind"]?.string == "short" ? "-" : "--") + $0 }
                }
                if !typed.isDisjoint(with: spelled) { continue }
                return spelled.min { $0.count < $1.count }
            }
            return nil
        }
        for long in ["server-name", "source-server", "name"] {
            if let found = option(long, isOptional: false) { return found }
        }
        // Of a source and a copy that may both be named, nobody can tell which is meant.
        return option("source-server", isOptional: true) == nil ? option("name", isOptional: true) : nil
    }

    /// As the parser describes them; only of this command: the description of all of them takes longer than
    /// most commands.
    private var arguments: [JSONValue] {
        guard let dump = try? JSONValue.parse(Array(type._dumpHelp().utf8)) else { return [] }
        return dump["command"]?["arguments"]?.array ?? []
    }
}
