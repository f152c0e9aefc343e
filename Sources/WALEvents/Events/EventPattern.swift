/// An event as people say it: `drop table shop.orders`, `delete from orders`, `restore point release-42`.
///
/// Words are in any letter case; for names see `ObjectPattern`. A line of a timeline, as it is printed there,
/// is that event alone; see `PrintedEvent`.
public struct EventPattern: Hashable, Sendable, CustomStringConvertible {
    /// Why some words are no pattern.
    public struct Flaw: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    public let actions: Set<WALEvent.Action>
    /// Empty for any.
    public let subjects: Set<WALEvent.Subject>
    /// Nil for any.
    let name: ObjectPattern?
    public let description: String
    /// What a timeline tells of it besides.
    let printed: PrintedEvent

    public init(_ whole: String) throws(Flaw) {
        description = whole
        // A restore point's name may look like anything.
        let front = PrintedEvent(frontOf: whole)
        printed = Self.restorePoint(String(front.words)) == nil ? PrintedEvent(whole) : front
        let text = String(printed.words)
        if let point = Self.restorePoint(text) {
            actions = [.restorePoint]
            subjects = []
            name = try ObjectPattern(words: [ObjectPattern.Word(text: point, isQuoted: true)])
            return
        }
        var words = try EventWords.read(text)
        guard !words.isEmpty else { throw Flaw(description: "it is empty") }
        let verb = words.removeFirst()
        let action = try Self.action(verb, &words)
        actions = [action]
        subjects = try Self.subjects(action, &words)
        let database = try EventWords.takeDatabase(&words)
        guard let spelled = words.first else {
            guard [.parameterChange, .timelineEnd, .checkpoint].contains(action) else {
                throw Flaw(description: "it does not say what: the name is missing behind \"\(text)\"")
            }
            name = nil
            return
        }
        if words.count == 2, action == .drop || action == .truncate,
            ["cascade", "restrict"].contains(words[1].keyword)
        {
            words.removeLast()
        }
        guard words.count == 1 else {
            throw Flaw(description: "\"\(words[1].spelling)\" behind the name is not understood")
        }
        name = try ObjectPattern(words: spelled.parts, database: database)
    }

    /// The name behind `restore point`, whatever it has in it.
    private static func restorePoint(_ text: String) -> String? {
        let words = text.split(maxSplits: 2, whereSeparator: \.isWhitespace)
        guard words.count == 3, words[0].lowercased() == "restore", words[1].lowercased() == "point" else {
            return nil
        }
        var name = words[2]
        while name.last?.isWhitespace ?? false { name.removeLast() }
        if name.count >= 2, let quote = name.first, quote == name.last, quote == "\"" || quote == "'" {
            name = name.dropFirst().dropLast()
        }
        return String(name)
    }

    /// Whether this event is meant.
    public func matches(_ event: WALEvent) -> Bool {
        guard actions.contains(event.action), subjects.isEmpty || subjects.contains(event.subject) else {
            return false
        }
        return printed.matchesPlace(of: event) && (name == nil || object(of: event) != nil)
    }

    /// What this names of an event: what it happened to or, of rows, a table of which that is a part.
    func object(of event: WALEvent) -> EventObject? {
        guard let name else { return nil }
        if name.matches(event.object) { return event.object }
        guard event.changesRows || event.action == .truncate else { return nil }
        return event.ancestors.first(where: name.matches)
    }

    // MARK: Reading

    private static func action(_ verb: EventWords, _ words: inout [EventWords]) throws(Flaw)
        -> WALEvent.Action
    {
        func skip(_ word: String) {
            if words.first?.keyword == word { words.removeFirst() }
        }
        switch verb.keyword {
        case "drop": return .drop
        case "create": return .create
        case "alter": return .alter
        case "truncate":
            skip("table")
            return .truncate
        case "delete":
            skip("from")
            return .delete
        case "update": return .update
        case "checkpoint": return .checkpoint
        case "insert":
            skip("into")
            return .insert
        case "restore", "parameter", "new":
            let second = words.isEmpty ? "" : words.removeFirst().keyword
            switch (verb.keyword, second) {
            case ("restore", "point"): return .restorePoint
            case ("parameter", "change"): return .parameterChange
            case ("new", "timeline"): return .timelineEnd
            default: break
            }
        default: break
        }
        throw Flaw(
            description:
                "\"\(verb.spelling)\" is no event: drop, truncate, delete from, update, insert into, "
                + "create, alter or restore point")
    }

    private static func subjects(
        _ action: WALEvent.Action, _ words: inout [EventWords]
    ) throws(Flaw) -> Set<WALEvent.Subject> {
        guard action == .drop || action == .create || action == .alter else { return [] }
        let subject: WALEvent.Subject? =
            switch words.first?.keyword {
            case "table": .table
            case "view": .view
            case "index": .index
            case "sequence": .sequence
            case "type": .type
            case "schema": .schema
            case "database": .database
            case "tablespace": .tablespace
            case "materialized" where words.count > 1 && words[1].keyword == "view": .materializedView
            case "foreign" where words.count > 1 && words[1].keyword == "table": .foreignTable
            default: nil
            }
        guard let subject else {
            throw Flaw(
                description: "it does not say what kind of thing: table, view, index, sequence, schema, "
                    + "database …")
        }
        words.removeFirst(subject == .materializedView || subject == .foreignTable ? 2 : 1)
        if words.count > 2, words[0].keyword == "if", words[1].keyword == "exists" { words.removeFirst(2) }
        return [subject]
    }
}
