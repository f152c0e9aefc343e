import PostgresFormat

/// A row that differs, cell by cell, as PostgreSQL prints values.
public struct RowDifference: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case different
        case onlyHere = "only here"
        case onlyThere = "only there"
    }

    public struct NamedCell: Hashable, Sendable {
        public var column: String
        /// Nil for NULL, and on a side that has no such row.
        public var here: Cell?
        public var there: Cell?
    }

    public var kind: Kind
    /// Empty where the table has no key.
    public var key: [NamedCell]
    /// Of a row that is on both sides those that differ, else all.
    public var cells: [NamedCell]

    /// In bytes, of a value in an example.
    private static let longestExample = 1024

    /// With long values cut, and their length told.
    var shortened: RowDifference {
        func short(_ cell: Cell?) -> Cell? {
            guard let cell, cell.text.utf8.count > Self.longestExample else { return cell }
            let start = cell.text.unicodeScalars.prefix(Self.longestExample)
            var kept = String.UnicodeScalarView()
            var bytes = 0
            for scalar in start {
                bytes += UTF8.width(scalar)
                guard bytes <= Self.longestExample else { break }
                kept.append(scalar)
            }
            return Cell("\(String(kept))… (\(cell.text.utf8.count) bytes)")
        }
        func short(_ cells: [NamedCell]) -> [NamedCell] {
            cells.map { NamedCell(column: $0.column, here: short($0.here), there: short($0.there)) }
        }
        return RowDifference(kind: kind, key: short(key), cells: short(cells))
    }
}

/// What came of one table.
public struct TableComparison: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// All rows are the same, value by value.
        case equal
        case different
        case onlyHere
        case onlyThere
        /// Its columns differ, so its rows are not compared: how.
        case otherColumns([String])
        /// Its rows can be read on one side at most, and not for a reason that both sides share: why not;
        /// nil on the side where they can.
        case incomparable(here: String?, there: String?)
    }

    public var name: QualifiedName
    public var outcome: Outcome
    /// Columns by which a row on one side was found on the other.
    public var key: [String] = []
    /// Rows of each side, where they were counted.
    public var rowsHere: UInt64?
    public var rowsThere: UInt64?
    public var onlyHere: UInt64 = 0
    public var onlyThere: UInt64 = 0
    public var different: UInt64 = 0
    /// How many of the different rows differ in each column.
    public var changedColumns: [String: UInt64] = [:]
    /// The first ones that were found, long values cut.
    public var examples: [RowDifference] = []

    public init(name: QualifiedName, outcome: Outcome) {
        self.name = name
        self.outcome = outcome
    }

    /// Whether it is one of the catalogs that large objects are in: no other catalog is compared.
    public var isOfLargeObjects: Bool {
        name == ComparedCatalog.largeObjects || name == ComparedCatalog.largeObjectNumbers
    }
}

/// A sequence that stands elsewhere on the other side, or is not there.
public struct SequenceDifference: Hashable, Sendable {
    public var name: QualifiedName
    /// `last_value`, with `called` or `not called`; nil where there is none.
    public var here: String?
    public var there: String?
}

/// An object whose definition differs, or that is on one side only.
public struct SchemaDifference: Hashable, Sendable {
    /// PostgreSQL's word: `TABLE`, `INDEX`, `ACL`.
    public var kind: String
    public var schema: String
    public var name: String
    /// The statements that make it; nil where it is not there.
    public var here: String?
    public var there: String?
}

/// A part of a database that was not compared, and why.
public struct UncomparedPart: Hashable, Sendable {
    public var subject: String
    public var reason: String
    /// Whether the reason is the same on both sides; else they are not equal.
    public var isShared = true
    /// The relation that it is, if it is one.
    public var relation: QualifiedName?

    public init(subject: String, reason: String, isShared: Bool = true, relation: QualifiedName? = nil) {
        self.subject = subject
        self.reason = reason
        self.isShared = isShared
        self.relation = relation
    }
}

/// What a comparison of one database found.
public struct DatabaseComparison: Hashable, Sendable {
    public enum Presence: Hashable, Sendable { case both, onlyHere, onlyThere }

    public var name: String
    public var presence = Presence.both
    public var tables: [TableComparison] = []
    /// How many were compared.
    public var sequenceCount = 0
    public var sequences: [SequenceDifference] = []
    public var schema: [SchemaDifference] = []
    /// Whether definitions were compared.
    public var hasSchema = false
    public var leftOut: [UncomparedPart] = []

    public init(name: String) {
        self.name = name
    }

    /// Whether nothing differs of what was compared, and nothing was left out for what one side alone has.
    public var isEqual: Bool {
        presence == .both && sequences.isEmpty && schema.isEmpty
            && tables.allSatisfy { $0.outcome == .equal } && leftOut.allSatisfy(\.isShared)
    }
}
