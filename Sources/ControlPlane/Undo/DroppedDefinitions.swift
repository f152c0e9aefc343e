import Instance
import Platform
import PostgresClient
import PostgresFormat
import Repair

/// Finds what a transaction dropped, by dumps of the schema from just before it, just after it and now, and
/// has `pg_restore` write how it is made.
struct DroppedDefinitions {
    private let runner: any CommandRunner
    private let database: String
    private let folder: String
    private let tools: PostgresInstallation
    /// Of just before the transaction.
    private let contents: SchemaContents
    private let nowContents: SchemaContents
    private let missing: [SchemaContents.Entry]
    /// Kind, schema, name and owner of what is there again by now.
    let there: [String]
    /// What the transaction made.
    private(set) var made: [String] = []
    /// Whether it altered objects that it kept.
    private(set) var hasAltered = false

    /// - Parameter copies: of just before the transaction, just after it, and now.
    init(
        _ copies: [PrivateCopy], _ database: String, folder: String, _ runner: any CommandRunner
    ) throws(Problem) {
        // Of a table in others its indexes are not told.
        guard copies.allSatisfy(\.isWhole) else {
            throw Problem(.recoveryFailed, "definitions are wanted, and the copies have only rows")
        }
        self.runner = runner
        self.database = database
        self.folder = folder
        tools = copies[0].server.installation
        var found: [SchemaContents] = []
        for (name, copy) in zip(["before", "after", "now"], copies) {
            let path = "\(folder)/\(name).dump"
            try Self.dump(copy, database, path, runner)
            found.append(try Self.contents(path, tools, runner))
        }
        contents = found[0]
        nowContents = found[2]
        let parted = found[0].dropped(by: found[1]).parted(by: found[2])
        missing = parted.missing
        there = parted.there.filter(\.isRelation).map(\.words)
        made = found[1].dropped(by: found[0]).entries.map(\.words)
        let (old, new) = (found[0].kept(by: found[1]), found[1].kept(by: found[0]))
        for section in ["pre-data", "post-data"] where !old.isEmpty && !new.isEmpty {
            let before = try text(old, of: "before", section: section)
            let after = try text(new, of: "after", section: section)
            if Self.sorted(before) != Self.sorted(after) { hasAltered = true }
        }
    }

    /// Whether the table with that number is made again.
    func makes(_ table: ObjectID) -> Bool { missing.contains { $0.isTable && $0.object == table } }

    /// Whether tables are made again.
    var makesTables: Bool { missing.contains(where: \.isTable) }

    /// What the script makes again.
    func definitions(_ before: Connection) throws(Problem) -> Definitions {
        guard !missing.isEmpty else { return Definitions() }
        var definitions = Definitions()
        definitions.entries = missing.map { $0.words.visible() }
        definitions.before = [Self.local(try text(missing, of: "before", section: "pre-data"))]
        definitions.after = [Self.local(try text(missing, of: "before", section: "post-data"))]
        for entry in missing where entry.isSequence {
            let names = try before.query(
                "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                    + "WHERE c.oid = $1::oid", [entry.object.description])
            guard let schema = names[0, "nspname"], let name = names[0, "relname"] else { continue }
            let sequence = QualifiedName(schema: schema, name: name)
            let place = try before.query(
                "SELECT last_value::text AS v, is_called::text AS c FROM \(sequence.sql)")
            definitions.sequences.append(
                .init(name: sequence, value: place[0, "v"] ?? "1", isCalled: place[0, "c"] == "true"))
        }
        return definitions
    }

    /// What differs, in a copy in which the script was run, from the definitions that it was to make; nothing
    /// where they are the same and no others have come or gone.
    func differences(in copy: PrivateCopy) throws(Problem) -> [String] {
        try Self.dump(copy, database, folder + "/made.dump", runner)
        let made = try Self.contents(folder + "/made.dump", tools, runner)
        var expected: [String: Int] = [:]
        for entry in nowContents.entries + missing { expected[entry.words, default: 0] += 1 }
        for entry in made.entries { expected[entry.words, default: 0] -= 1 }
        let other = expected.filter { $0.value != 0 }.keys.sorted()
        guard other.isEmpty else { return other.map { "not as planned: \($0)" } }
        let (stayed, same) = (nowContents.kept(by: made), made.kept(by: nowContents))
        for section in ["pre-data", "post-data"] where !stayed.isEmpty {
            let before = try text(stayed, of: "now", section: section)
            if Self.sorted(before) != Self.sorted(try text(same, of: "made", section: section)) {
                return ["a definition that was there was changed"]
            }
        }
        let words = Set(missing.map(\.words))
        let own = made.entries.filter { words.contains($0.words) }
        for section in ["pre-data", "post-data"] {
            let wanted = try text(missing, of: "before", section: section)
            let found = try text(own, of: "made", section: section)
            if Self.sorted(wanted) != Self.sorted(found) { return ["a definition is not what it was"] }
        }
        return []
    }

    private static func sorted(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { !isGuard($0) }.sorted()
    }

    /// The settings in front of the first object are for the transaction alone.
    private static func local(_ text: String) -> String {
        var isPreamble = true
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.hasPrefix("-- Name:") { isPreamble = false }
            guard isPreamble else { return String(line) }
            if line.hasPrefix("SET ") { return "SET LOCAL " + line.dropFirst(4) }
            return line.hasPrefix("SELECT pg_catalog.set_config(")
                ? "SELECT pg_catalog.set_config('search_path', '', true);" : String(line)
        }.joined(separator: "\n")
    }

    /// Newer minor versions put a random word around what they write, so that `psql` takes no command of its
    /// own from there.
    static func isGuard(_ line: Substring) -> Bool {
        line.hasPrefix("\\restrict ") || line.hasPrefix("\\unrestrict ")
    }

    // MARK: Tools

    private static func dump(
        _ copy: PrivateCopy, _ database: String, _ path: String, _ runner: any CommandRunner
    ) throws(Problem) {
        let parameters = try copy.server.connectionParameters(database: database)
        try copy.withoutGrants(in: database) { () throws(Problem) in
            try runner.runChecked(
                Command(
                    copy.server.installation.tool("pg_dump"),
                    [
                        "-h", parameters.host, "-p", String(parameters.port), "-U", parameters.user, "-Fc",
                        "--schema-only", "-E", "UTF8", "-f", path, "-d", database,
                    ], workingDirectory: "/", timeoutSeconds: 3600))
        }
    }

    private static func contents(
        _ path: String, _ tools: PostgresInstallation, _ runner: any CommandRunner
    ) throws(Problem) -> SchemaContents {
        let list = path + ".list"
        try runner.runChecked(
            Command(
                tools.tool("pg_restore"), ["--list", "-f", list, path], workingDirectory: "/",
                timeoutSeconds: 600))
        return SchemaContents(String(decoding: try DurableFiles.read(list), as: UTF8.self))
    }

    private func text(
        _ entries: [SchemaContents.Entry], of name: String, section: String
    ) throws(Problem) -> String {
        let list = "\(folder)/\(name).wanted"
        let lines = entries.map(\.line).joined(separator: "\n") + "\n"
        try DurableFiles.write(Array(lines.utf8), to: list, durable: false)
        let output = "\(folder)/\(name).\(section).sql"
        try runner.runChecked(
            Command(
                tools.tool("pg_restore"),
                ["-L", list, "--section", section, "-f", output, "\(folder)/\(name).dump"],
                workingDirectory: "/", timeoutSeconds: 600))
        return String(decoding: try DurableFiles.read(output), as: UTF8.self)
    }
}
