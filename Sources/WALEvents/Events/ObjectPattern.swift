import PostgresFormat

/// The name of a relation or something else, as people write it.
///
/// A name is `table`, `schema.table`, `database.table` or `database.schema.table`, the first two also with
/// `in database NAME` behind them; a part in double quotes matches exactly, also with SQL's escapes
/// (`U&"line\000Abreak"`), any other in any letter case.
public struct ObjectPattern: Hashable, Sendable {
    /// One part of a name.
    struct Word: Hashable, Sendable {
        var text: String
        var isQuoted: Bool

        func matches(_ name: String) -> Bool {
            isQuoted ? name == text : name.lowercased() == text.lowercased()
        }
    }

    let words: [Word]
    /// What stood behind `in database`.
    let database: Word?

    init(words: [Word], database: Word? = nil) throws(EventPattern.Flaw) {
        guard (1...3).contains(words.count) else {
            throw EventPattern.Flaw(description: "a name has at most three parts: database.schema.table")
        }
        guard database == nil || words.count < 3 else {
            throw EventPattern.Flaw(
                description: "the database is named twice: in front of the schema and behind \"in database\"")
        }
        self.words = words
        self.database = database
    }

    public init(_ text: String) throws(EventPattern.Flaw) {
        var spellings = try EventWords.read(text)
        let database = try EventWords.takeDatabase(&spellings)
        guard spellings.count == 1, let name = spellings.first else {
            throw EventPattern.Flaw(
                description:
                    "\"\(text)\" is not one name; what has blanks in it goes in double quotes, as in "
                    + "'\"My Schema\".\"Order\"'")
        }
        try self.init(words: name.parts, database: database)
    }

    /// Whether it happened to what this names: now, or before a change of its name, or to a part of it.
    public func matches(_ event: WALEvent) -> Bool {
        matches(event.object) || event.former.map(matches) ?? false
            || event.ancestors.contains(where: matches)
    }

    public func matches(_ object: EventObject) -> Bool {
        let last = object.name ?? (object.number == 0 ? nil : String(object.number))
        guard let wanted = words.last, let last, wanted.matches(last) else { return false }
        let database = object.database ?? object.databaseID.description
        if let wanted = self.database {
            guard wanted.matches(database) else { return false }
            return words.count == 1 || object.schema.map(words[0].matches) ?? false
        }
        switch words.count {
        case 1: return true
        case 2: return words[0].matches(database) || object.schema.map(words[0].matches) ?? false
        default: return words[0].matches(database) && object.schema.map(words[1].matches) ?? false
        }
    }
}

/// One word of what people type: a keyword, or a name of several parts.
struct EventWords {
    private(set) var parts: [ObjectPattern.Word] = []
    /// As it was typed.
    private(set) var spelling = ""

    /// The word in lower case; empty if it is a quoted or composed name.
    var keyword: String {
        parts.count == 1 && !parts[0].isQuoted ? parts[0].text.lowercased() : ""
    }

    /// Takes `in database NAME` from the end, where it stands behind something.
    static func takeDatabase(_ words: inout [EventWords]) throws(EventPattern.Flaw) -> ObjectPattern.Word? {
        let place = words.count - 3
        guard place > 0, words[place].keyword == "in", words[place + 1].keyword == "database",
            let database = words.last
        else { return nil }
        guard database.parts.count == 1 else {
            throw EventPattern.Flaw(
                description:
                    "\"\(database.spelling)\" is not the name of a database; one with a dot in it goes "
                    + "in double quotes")
        }
        words.removeLast(3)
        return database.parts[0]
    }

    /// Splits at blanks and semicolons outside of double quotes, and each word at its dots.
    static func read(_ text: String) throws(EventPattern.Flaw) -> [EventWords] {
        var words: [EventWords] = []
        var word = EventWords()
        var part: ObjectPattern.Word?
        var isInQuotes = false
        var isEscaped = false
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            index += 1
            if isInQuotes {
                word.spelling.append(character)
                if character != "\"" {
                    part?.text.append(character)
                } else if index < characters.count, characters[index] == "\"" {
                    part?.text.append("\"")
                    index += 1
                } else {
                    isInQuotes = false
                    if isEscaped, let written = part?.text {
                        part?.text = try unescaped(written)
                    }
                }
                continue
            }
            switch character {
            case " ", "\t", "\n", ";":
                try word.end(&part, of: text, mayBeEmpty: word.parts.isEmpty)
                if !word.parts.isEmpty { words.append(word) }
                word = EventWords()
            case ".":
                word.spelling.append(character)
                try word.end(&part, of: text, mayBeEmpty: false)
            case "\"":
                word.spelling.append(character)
                isInQuotes = true
                isEscaped = part?.isQuoted == false && part?.text.lowercased() == "u&"
                part = ObjectPattern.Word(text: isEscaped ? "" : part?.text ?? "", isQuoted: true)
            default:
                word.spelling.append(character)
                part = part ?? ObjectPattern.Word(text: "", isQuoted: false)
                part?.text.append(character)
            }
        }
        guard !isInQuotes else {
            throw EventPattern.Flaw(description: "a double quote is missing in \"\(text)\"")
        }
        try word.end(&part, of: text, mayBeEmpty: word.parts.isEmpty)
        if !word.parts.isEmpty { words.append(word) }
        return words
    }

    /// Takes SQL's escapes apart: `\\`, `\000A`, `\+01F600`.
    private static func unescaped(_ written: String) throws(EventPattern.Flaw) -> String {
        var text = ""
        var rest = Substring(written)
        while let character = rest.popFirst() {
            guard character == "\\" else {
                text.append(character)
                continue
            }
            if rest.first == "\\" {
                text.append(rest.removeFirst())
                continue
            }
            let isLong = rest.first == "+"
            if isLong { rest.removeFirst() }
            let digits = rest.prefix(isLong ? 6 : 4)
            guard digits.count == (isLong ? 6 : 4), digits.allSatisfy(\.isHexDigit),
                let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
            else {
                throw EventPattern.Flaw(description: "an escape in U&\"\(written)\" is not understood")
            }
            text.unicodeScalars.append(scalar)
            rest.removeFirst(digits.count)
        }
        return text
    }

    private mutating func end(
        _ part: inout ObjectPattern.Word?, of text: String, mayBeEmpty: Bool
    ) throws(EventPattern.Flaw) {
        if let part {
            parts.append(part)
        } else if !mayBeEmpty {
            throw EventPattern.Flaw(description: "a part of a name is empty in \"\(text)\"")
        }
        part = nil
    }
}
