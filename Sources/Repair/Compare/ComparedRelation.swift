public import PostgresFormat

/// A relation with rows as one side of a comparison has it.
public struct ComparedRelation: Hashable, Sendable {
    public struct Column: Hashable, Sendable {
        public var name: String
        /// With its modifiers.
        public var type: String
        /// Below all domains.
        public var base: String
        /// Number, type and value in rows that are older than the column: where these are alike, the same
        /// bytes are the same values.
        public var storage: [Cell] = []
        /// Whether its text depends on nothing but bytes in the row: not that of a virtual column.
        public var isPlain = false

        /// Instead of `oid`, for the number of a role.
        static let owner = "owner"
    }

    public var number: ObjectID
    public var name: QualifiedName
    /// In the order of the table.
    public var columns: [Column] = []
    /// Names of the key's columns; none where rows are only told apart by all they have.
    public var key: [String] = []
    /// Of the main fork.
    public var pages: UInt64
    /// Nil where it is not known.
    public var file: RelationLocator?
    /// Why its rows are not compared; nil where they are.
    public var obstacle: String?

    /// The text of a column's value in SQL, as the alias `r` has it: nothing that a database defines is
    /// called but the output functions of types.
    static func reading(_ column: Column) -> String {
        let name = "r." + QualifiedName.quoted(column.name)
        switch column.base {
        // It prints itself without its declaration otherwise.
        case "xml": return "\(name)::pg_catalog.xml::pg_catalog.text"
        case "xml[]": return "\(name)::pg_catalog.xml[]::pg_catalog.text[]"
        // Functions and operators of one name print alike.
        case "regproc", "regoper": return "\(name)::pg_catalog.oid"
        case Column.owner: return "\(name)::pg_catalog.regrole"
        default: return name
        }
    }

    /// The text of several columns as one: NULL and the empty string differ, and no two rows print alike.
    static func image(_ columns: [Column]) -> String {
        "ROW(" + columns.map(reading).joined(separator: ", ") + ")::pg_catalog.text COLLATE \"C\""
    }

    func columns(named names: [String]) -> [Column] {
        names.compactMap { name in columns.first { $0.name.utf8.elementsEqual(name.utf8) } }
    }

    /// The same columns in the order of another relation; nil where it has others.
    func ordered(as other: ComparedRelation) -> ComparedRelation? {
        var ordered = self
        ordered.columns = columns(named: other.columns.map(\.name))
        guard ordered.columns.map(\.typed) == other.columns.map(\.typed),
            columns.count == other.columns.count
        else { return nil }
        return ordered
    }

    /// Whether the same bytes in both are the same rows.
    func isStored(as other: ComparedRelation) -> Bool {
        file != nil && file == other.file && columns.allSatisfy(\.isPlain)
            && columns.map(\.storage) == other.columns.map(\.storage)
    }

    /// How the columns differ from another's.
    func differences(from other: ComparedRelation) -> [String] {
        let (mine, its) = (Set(columns.map(\.typed)), Set(other.columns.map(\.typed)))
        return columns.filter { !its.contains($0.typed) }.map {
            "\(SQLWords.quoted($0.name)) \($0.type) here"
        }
            + other.columns.filter { !mine.contains($0.typed) }.map {
                "\(SQLWords.quoted($0.name)) \($0.type) there"
            }
    }
}

extension ComparedRelation.Column {
    fileprivate var typed: [Cell] { [Cell(name), Cell(type)] }
}

/// Names as a person reads them.
enum SQLWords {
    static func quoted(_ name: String) -> String { QualifiedName.quoted(name) }
}
