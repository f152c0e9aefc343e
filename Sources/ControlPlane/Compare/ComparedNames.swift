import Platform
import Repair

/// Which databases of two servers are compared.
struct ComparedDatabases {
    /// By name; those that have parts left out, or are on one side only, are not to be read.
    private(set) var chosen: [DatabaseComparison] = []
    /// For what both sides have alike.
    private(set) var leftOut: [UncomparedPart] = []

    /// - Parameters:
    ///   - here: all names, each with why it is not compared; nil where it is.
    ///   - only: the one that was asked for, if any.
    /// - Throws: `.resourceNotFound` where neither side has that one, `.usage` where it is not compared.
    init(here: [Cell: String?], there: [Cell: String?], only: String?) throws(Problem) {
        let all = Set(here.keys).union(there.keys).sorted {
            $0.text.utf8.lexicographicallyPrecedes($1.text.utf8)
        }
        let wanted = only.map { Cell($0) }
        for cell in all where wanted == nil || wanted == cell {
            let name = cell.text
            var found = DatabaseComparison(name: name)
            switch (here[cell], there[cell]) {
            case (let mine?, let its?) where mine == its:
                guard let mine else { break }
                guard only == nil else {
                    throw Problem(
                        .usage, "database '\(name)' is not compared: \(mine)",
                        hint: "Name one that takes connections and is no template.")
                }
                leftOut.append(UncomparedPart(subject: "database \(name)", reason: mine))
                continue
            case (let mine?, let its?):
                let normal = "it is an ordinary database"
                found.leftOut.append(
                    UncomparedPart(
                        subject: "all of it", reason: "here \(mine ?? normal), there \(its ?? normal)",
                        isShared: false))
            case (_, nil): found.presence = .onlyHere
            case (nil, _): found.presence = .onlyThere
            }
            chosen.append(found)
        }
        guard let only, chosen.isEmpty else { return }
        let ordinary = all.filter { here[$0] == .some(nil) || there[$0] == .some(nil) }
        throw Problem(
            .resourceNotFound, "there is no database '\(only)' on either side",
            hint: "They have \(ordinary.map(\.text).joined(separator: ", ")).")
    }
}

/// The tables that were asked for, and what each of the words matched.
final class ComparedTables {
    private struct Named: Hashable {
        var database: Cell
        var name: Cell
    }

    private let words: [String]
    private let patterns: [TablePattern]
    private var matched: [Set<Named>]

    /// - Parameter words: none for all tables.
    init(_ words: [String]) throws(Problem) {
        self.words = words
        patterns = try words.map { (word) throws(Problem) in try TablePattern(word) }
        matched = words.map { _ in [] }
    }

    var isAll: Bool { words.isEmpty }

    func wants(_ table: QualifiedName, in database: String) -> Bool {
        var isWanted = isAll
        for (place, pattern) in patterns.enumerated()
        where pattern.matches(schema: table.schema, name: table.name) {
            matched[place].insert(Named(database: Cell(database), name: Cell(table.sql)))
            isWanted = true
        }
        return isWanted
    }

    /// The words of which nothing was read, for reasons that both sides share.
    ///
    /// Throws `.resourceNotFound` for a word that matched nothing.
    func unread(in databases: [DatabaseComparison]) throws(Problem) -> [String] {
        // What could not be looked into may have it, and is not equal anyhow.
        let isComplete = databases.allSatisfy { $0.presence == .both && $0.leftOut.allSatisfy(\.isShared) }
        if isComplete, let place = matched.firstIndex(where: \.isEmpty) {
            throw Problem(
                .resourceNotFound, "no table or sequence on either side is named like '\(words[place])'",
                hint: "Name tables as orders, shop.orders or shop.*.")
        }
        var passedOver: Set<Named> = []
        for database in databases {
            for relation in database.leftOut.compactMap(\.relation) {
                passedOver.insert(Named(database: Cell(database.name), name: Cell(relation.sql)))
            }
        }
        return words.indices.filter { !matched[$0].isEmpty && matched[$0].isSubset(of: passedOver) }
            .map { words[$0] }
    }
}
