import ArgumentParser
import TestKit
import Testing
import TestValues

@testable import pitr

/// Words that are no commands and no options.
struct MistypedWordTests {
    private func hint(_ line: String) -> String? {
        MistypedWord.command(in: line.split(separator: " ").map(String.init))?.hint
    }

    private func optionHint(_ line: String) -> String? {
        MistypedWord.option(in: line.split(separator: " ").map(String.init))?.hint
    }

    @Test(arguments: [
        ("ls", "list"), ("status -n shop", "show"), ("backups", "backup list"), ("restor --help", "restore"),
        ("resotre", "restore"), ("erstore", "restore"), ("timelin", "timeline"), ("rollback", "restore"),
        ("rm -n shop", "delete"), ("undelete", "revive-dropped"), ("parameters", "parameter list"),
        ("databases", "db list"), ("log", "activity-log list"), ("history", "timeline"), ("top", "show"),
        ("firewall", "firewall-rule list"), ("backup ls", "backup list"), ("wal dump", "wal show"),
        ("backup verfy", "backup verify"), ("db drop", "db delete"), ("operation stop", "operation cancel"),
        ("firewall-rule set", "firewall-rule update"), ("parameter update", "parameter set"),
        ("postgres flexible-server restore -n x", "restore"), ("server list", "list"),
        ("help restor", "restore"), ("diff -n x", "compare"),
        ("az postgres flexible-server show", "show"), ("completions bash", "completion"),
    ])
    func `suggests the command that is meant`(_ line: String, _ command: String) {
        #expect(hint(line) == "Did you mean 'pitr \(command)'?")
    }

    @Test(arguments: ["psql", "shell", "sql"])
    func `suggests only commands that exist`(_ word: String) throws {
        let found = try #require(hint(word))
        let connects = CommandTree.root.holds("connect")
        #expect(found.contains("'pitr connect'") == connects)
        #expect(connects || found.contains("'pitr show-connection-string'"))
    }

    @Test func `names two commands where a word begins both, and none rather than a wrong one`() {
        #expect(hint("rest")?.contains("'pitr restart' or 'pitr restore'") == true)
        #expect(hint("help tiems") == "Did you mean 'pitr help times'?")
        for line in ["frobnicate", "x", "vacuum", "tap", "backup frobnicate"] {
            #expect(hint(line)?.hasSuffix("--help' lists the commands.") == true, "\(line)")
        }
        for line in ["restore --frob x", "restore --xyz", "show --tble"] {
            #expect(optionHint(line)?.hasSuffix("--help' lists the options.") == true, "\(line)")
        }
    }

    @Test(arguments: [
        ("restore --to 04:37", "restore-time"), ("restore --time=04:37 -n x", "restore-time"),
        ("restore -n x --source shop", "source-server"), ("plan --at 04:37", "restore-time"),
        ("show --server shop", "name"), ("backup list --name shop", "server-name"),
        ("timeline --since 04:37", "from"), ("timeline -s shop --until 04:37", "to"),
        ("activity-log list --since 04:37", "start-time"), ("create --password x", "admin-password"),
        ("list --format json", "output"), ("restore --restor-time 04:37", "restore-time"),
        ("restore --sorce-server x", "source-server"), ("wal show --count 3", "limit"),
        ("restore --ttl 8h", "expires"), ("update --keep", "hold"), ("restore --overwrite", "replace"),
        ("delete -n x --force", "yes"), ("restore -n x --force", "replace"),
        ("restore --target 04:37", "restore-time"), ("restore --point p", "restore-point"),
        ("restore --host 127.0.0.1", "listen"), ("firewall-rule show -s shop --rule-name r", "name"),
        ("backup show -s shop --backup-name b", "name"), ("restore --backup-name b", "backup"),
    ])
    func `suggests the option that is meant, also where another is missing`(_ line: String, _ option: String)
    {
        #expect(optionHint(line) == "Did you mean '--\(option)'?")
    }

    @Test func `says behind which option a name belongs`() {
        func bare(_ line: String) -> String? {
            MistypedWord.bareName(in: line.split(separator: " ").map(String.init))?.hint
        }
        #expect(bare("show shop") == "Did you mean 'pitr show -n shop'?")
        #expect(bare("connect shop -d x") == "Did you mean 'pitr connect -n shop'?")
        #expect(bare("timeline shop") == "Did you mean 'pitr timeline -s shop'?")
        for verb in ["start", "stop", "restart", "create", "env"] {
            #expect(bare("\(verb) shop") == "Did you mean 'pitr \(verb) -n shop'?")
        }
        #expect(bare("start -g team shop") == "Did you mean 'pitr start -n shop'?")
        #expect(bare("start --resource-group=team --no-wait shop") == "Did you mean 'pitr start -n shop'?")
        #expect(bare("start --nothing shop") == nil)
        #expect(bare("restore shop") == "Did you mean 'pitr restore -s shop'?")
        #expect(bare("restore copy -s shop") == "Did you mean 'pitr restore -n copy'?")
        #expect(bare("restore copy --source-server=shop") == "Did you mean 'pitr restore -n copy'?")
        for line in [
            "wal show 0/1..0/2", "show -n shop", "completion bash", "list shop", "explain shop",
            "start --all",
        ] {
            #expect(bare(line) == nil, "\(line)")
        }
    }

    @Test func `lets every command and option pass that there is`() {
        func walk(_ tree: CommandTree) {
            #expect(MistypedWord.command(in: tree.path) == nil)
            #expect(MistypedWord.command(in: ["help"] + tree.path) == nil)
            for child in tree.children { walk(child) }
            guard tree.children.isEmpty else { return }
            // In one line: each look at a command's options takes longer than most commands.
            let all = tree.options.known.map { "--" + $0 }
            #expect(MistypedWord.option(in: tree.path + all + ["--", "--not-ours"]) == nil)
        }
        walk(.root)
        for line in [
            "help", "--help", "help times", "help exit statuses", "help backup list", "restore --vnet x",
        ] {
            #expect(hint(line) == nil && optionHint(line) == nil, "\(line)")
        }
    }

    @Test func `has no synonym that leads nowhere, and none for a word that exists`() {
        // What is made elsewhere may come first, as long as something that is there follows.
        for (word, candidates) in Synonyms.commands {
            let isThere = candidates.contains(where: CommandTree.root.holds)
            #expect(isThere || candidates == ["execute", "connect"], "\(word)")
            #expect(CommandTree.root.child(word) == nil, "\(word)")
        }
        func leaves(_ tree: CommandTree) -> [CommandTree] {
            tree.children.isEmpty ? [tree] : tree.children.flatMap(leaves)
        }
        let shown = Set(leaves(.root).flatMap(\.options.shown))
        for (word, candidates) in Synonyms.options {
            #expect(candidates.contains(where: shown.contains), "\(word)")
        }
        let below = Set(CommandTree.root.children.flatMap(\.words))
        for (word, candidates) in Synonyms.subcommands {
            #expect(candidates.contains(where: below.contains), "\(word)")
        }
    }

    @Test func `understands a slip of the finger in any command, or says nothing`() throws {
        var random = SeededRandom()
        let words = CommandTree.root.words
        for _ in 0..<500 {
            let word = try #require(words.randomElement(using: &random))
            var letters = Array(word)
            let place = Int.random(in: 1..<letters.count, using: &random)
            letters[place] = "q"
            let found = NearWord.candidates(for: String(letters), among: words)
            #expect(found.isEmpty || found.contains(word), "\(String(letters)): \(found), \(random.seed)")
        }
    }

    @Test func `has help on what all commands share`() {
        #expect(HelpTopic.named(["exit", "statuses"]) == .exitStatuses)
        #expect(HelpTopic.named(["restore"]) == nil && HelpTopic.named([String]()) == nil)
        for topic in HelpTopic.allCases {
            #expect(HelpTopic.named([topic.rawValue]) == topic)
            #expect(topic.text.split(separator: "\n").allSatisfy { $0.count <= 110 })
            #expect(Pitr.helpMessage(columns: 500).contains("'pitr help \(topic.rawValue)'"))
            #expect(CommandTree.root.child(topic.rawValue) == nil)
        }
    }
}
