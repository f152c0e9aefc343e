import PostgresFormat

/// An event as timelines print it, taken apart: whoever copies a line, or the end of one, means that event.
///
/// `2026-03-22T18:20:22.123456Z  0/3000128  745  DELETE public.orders in database shop, 8 400 rows`; behind
/// the rows, or in their place, may stand details: `: in 2 tables`, ` (in 2 tables)`.
struct PrintedEvent: Hashable, Sendable {
    /// What remains for `EventPattern` to read.
    private(set) var words: Substring
    /// Where its commit record begins, or its own record; of a whole line.
    private(set) var position: LSN?
    private(set) var rows: Int64?
    private(set) var details: String?

    /// With what follows the event's words left among them.
    init(frontOf text: String) {
        words = text[...]
        takePosition()
    }

    init(_ text: String) {
        self.init(frontOf: text)
        guard let end = Self.end(of: words) else { return }
        let rest = words[end...]
        if let counted = rest.prefixMatch(of: /, ([0-9][0-9 ]*) rows?/),
            let rows = Int64(counted.1.filter { $0 != " " }),
            let details = Self.details(rest[counted.range.upperBound...])
        {
            self.rows = rows
            self.details = details.isEmpty ? nil : details
            words = words[..<end]
        } else if rest.hasPrefix(": ") {
            details = String(rest.dropFirst(2)).trimmed
            words = words[..<end]
        }
    }

    /// Takes the time, the position and the transaction from the front.
    private mutating func takePosition() {
        let line = /\s*(?:[0-9-]{10}T[0-9:.]+Z\s+)?([0-9A-Fa-f]+\/[0-9A-Fa-f]+)\s+(?:-|[0-9]+)\s+/
        guard let front = words.prefixMatch(of: line), let position = LSN(String(front.1))
        else { return }
        self.position = position
        words = words[front.range.upperBound...]
    }

    /// Where the words end and something is told of the event; names in double quotes may hold anything.
    private static func end(of words: Substring) -> Substring.Index? {
        var isInQuotes = false
        for place in words.indices {
            switch words[place] {
            case "\"": isInQuotes.toggle()
            case ",", ":":
                let next = words.index(after: place)
                if !isInQuotes, next < words.endIndex, words[next] == " " { return place }
            default: break
            }
        }
        return nil
    }

    /// What stands behind the rows; nil where that is nothing that is printed there.
    private static func details(_ text: Substring) -> String? {
        let rest = String(text).trimmed
        if rest.isEmpty { return "" }
        if rest.hasPrefix(": ") { return String(rest.dropFirst(2)) }
        if rest.hasPrefix("("), rest.hasSuffix(")") { return String(rest.dropFirst().dropLast()) }
        return nil
    }

    /// Whether it is that one, of those whose words fit.
    func matchesPlace(of event: WALEvent) -> Bool {
        position.map { $0 == event.commit ?? event.record } ?? true
    }

    /// Whether as much was changed, and in the same way.
    func matchesExtent(of event: WALEvent) -> Bool {
        rows.map { $0 == event.rows } ?? true
            && details.map { $0 == event.details.joined(separator: ", ") } ?? true
    }
}

extension String {
    fileprivate var trimmed: String {
        let kept = drop(while: \.isWhitespace)
        return String(kept.reversed().drop(while: \.isWhitespace).reversed())
    }
}
