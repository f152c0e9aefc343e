import Platform
import ServiceModel

/// What is chosen on the page of a preview: which tables, and what becomes of rows in conflict.
///
/// It goes from page to page in the form itself, and is kept nowhere else: what is sent is what was chosen
/// on these pages, whatever another tab does.
struct ConflictChoices {
    typealias Choice = ConflictDecision.Choice

    /// Names of fields.
    static let decisionPrefix = "decision"

    /// By the place of a row's first cell in the file; nil for one that is left to the rule.
    private(set) var rows: [Int: Choice?] = [:]
    /// For the rows of a table that nothing is chosen for one by one.
    private(set) var rules: [Int: Choice] = [:]
    /// Which page of its rows in conflict is shown of a table.
    private(set) var pages: [Int: Int] = [:]
    private(set) var unticked: Set<Int> = []
    private(set) var rule = ConflictRule.stop
    /// Whether another page was asked for, and not the script.
    private(set) var isOnTheWay = false

    /// Of a page that nobody has sent yet.
    init() {}

    /// - Parameter tables: how many the result has.
    /// - Throws: `.usage` for what no page sends.
    init(_ form: [String: String], tables: Int) throws {
        rule = ConflictRule(rawValue: form["conflicts"] ?? "") ?? .stop
        for table in 0..<tables {
            if form["table\(table)"] == nil { unticked.insert(table) }
            if let word = form["rule\(table)"], !word.isEmpty { rules[table] = try Self.choice(word) }
            if let word = form["page\(table)"] { pages[table] = max(0, Int(word) ?? 0) }
        }
        for word in (form["chosen"] ?? "").split(separator: ",") {
            guard let row = Int(word.dropLast()), let letter = word.last, let choice = Self.letters[letter]
            else { throw Self.unknown(String(word)) }
            rows[row] = .some(choice)
        }
        for (field, word) in form where field.hasPrefix(Self.decisionPrefix) {
            guard let row = Int(field.dropFirst(Self.decisionPrefix.count)) else { continue }
            rows[row] = try .some(word.isEmpty ? nil : Self.choice(word))
        }
        if let wanted = form["show"]?.split(separator: ":"), wanted.count == 2,
            let table = Int(wanted[0]), let page = Int(wanted[1])
        {
            isOnTheWay = true
            pages[table] = max(0, page)
        }
    }

    private static let letters: [Character: Choice?] = ["b": .before, "n": .now, "s": .skip, "r": nil]

    /// The rows as a field of the form has them.
    static func field(_ rows: [Int: Choice?]) -> String {
        rows.sorted { $0.key < $1.key }.map { "\($0.key)\($0.value?.rawValue.prefix(1) ?? "r")" }
            .joined(separator: ",")
    }

    private static func choice(_ word: String) throws -> Choice {
        guard let choice = Choice(rawValue: word) else { throw unknown(word) }
        return choice
    }

    private static func unknown(_ word: String) -> Problem {
        Problem(
            .usage, "'\(word.prefix(20))' is no decision about a row",
            hint: "Open the result again, and choose there.")
    }
}
