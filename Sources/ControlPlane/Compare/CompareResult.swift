import Platform
public import Repair

/// What came of it.
public struct CompareResult: Sendable {
    /// What was read, in words: `server copy`, `a copy of shop as of …`.
    public var here: String
    public var there: String
    public var databases: [DatabaseComparison]
    /// Databases that are not compared on either side, and why.
    public var leftOut: [UncomparedPart]
    /// Words for tables of which nothing was read.
    public var unread: [String]
    public var notes: [String]
    public var operationID: String
    /// What each part took, in seconds.
    public var steps: [(name: String, seconds: Double)]

    /// Whether all that was asked for was read, and is equal.
    public var isEqual: Bool { unread.isEmpty && databases.allSatisfy(\.isEqual) }
}

/// Names of tables that a person means: `shop.orders`, `orders`, `shop.*`.
struct TablePattern {
    private let schema: [Character]?
    private let name: [Character]

    /// - Throws: `.usage` for what is no name.
    init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), !parts.contains("") else {
            throw Problem(
                .usage, "'\(text)' names no table", hint: "Say it like 'orders', 'public.orders' or 'shop.*'."
            )
        }
        schema = parts.count == 2 ? Array(parts[0]) : nil
        name = Array(parts[parts.count - 1])
    }

    func matches(schema: String, name: String) -> Bool {
        Self.matches(self.name[...], Array(name)[...])
            && (self.schema.map { Self.matches($0[...], Array(schema)[...]) } ?? true)
    }

    private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        var (place, at) = (pattern.startIndex, text.startIndex)
        var star: (pattern: Int, text: Int)?
        while at < text.endIndex {
            if place < pattern.endIndex, pattern[place] == "*" {
                star = (place, at)
                place += 1
            } else if place < pattern.endIndex, pattern[place] == text[at] {
                place += 1
                at += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (place, at) = (last.pattern + 1, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
