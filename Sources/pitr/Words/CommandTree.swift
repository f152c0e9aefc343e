import ArgumentParser
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
        // Only of this command: the description of all of them takes longer than most commands.
        guard let dump = try? JSONValue.parse(Array(type._dumpHelp().utf8)) else { return ([], []) }
        let arguments = dump["command"]?["arguments"]?.array ?? []
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
}
