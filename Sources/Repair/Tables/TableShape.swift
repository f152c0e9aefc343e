import Notation
import Platform
public import PostgresFormat
import WALEvents

/// A table as the catalogs of one moment have it: what is needed to name its rows and to write them.
public struct TableShape: Hashable, Sendable {
    public struct Column: Hashable, Sendable {
        public var name: String
        /// `attnum`: stays when the column is renamed.
        public var number: Int
        /// With its modifiers, as `format_type` prints it without a search path.
        public var type: String
        /// Computed from others: never written.
        public var isGenerated: Bool
        public var isNotNull: Bool

        public init(
            name: String, number: Int, type: String, isGenerated: Bool = false, isNotNull: Bool = false
        ) {
            self.name = name
            self.number = number
            self.type = type
            self.isGenerated = isGenerated
            self.isNotNull = isNotNull
        }
    }

    /// Columns by which a row is found again: of the primary key, else of a unique index without NULLs.
    public struct Key: Hashable, Sendable {
        /// Places in `columns`.
        public var columns: [Int]
        /// For each, the operator that the index takes for equality: `OPERATOR(pg_catalog.=)`.
        public var operators: [String]

        public init(columns: [Int], operators: [String]) {
            self.columns = columns
            self.operators = operators
        }
    }

    /// A foreign key of another table, or of the same one, that refers to this one.
    public struct Reference: Hashable, Sendable {
        public var constraint: String
        public var table: QualifiedName
        public var tableNumber: ObjectID
        /// Of the table that refers.
        public var columns: [String]
        /// Places in `columns` of the table that is referred to.
        public var referenced: [Int]
        /// For each column, the operator by which the key referred to, on its left, equals it.
        public var operators: [String]
        /// Whether deleting a row deletes or changes those that refer to it, instead of being refused.
        public var actsOnDelete: Bool
        public var actsOnUpdate: Bool

        public init(
            constraint: String, table: QualifiedName, tableNumber: ObjectID, columns: [String],
            referenced: [Int], operators: [String], actsOnDelete: Bool, actsOnUpdate: Bool
        ) {
            self.constraint = constraint
            self.table = table
            self.tableNumber = tableNumber
            self.columns = columns
            self.referenced = referenced
            self.operators = operators
            self.actsOnDelete = actsOnDelete
            self.actsOnUpdate = actsOnUpdate
        }
    }

    public enum Kind: String, Hashable, Sendable {
        case table = "r"
        case partitioned = "p"
    }

    public var number: ObjectID
    public var name: QualifiedName
    public var kind: Kind
    /// Without those that were dropped.
    public var columns: [Column]
    public var key: Key?
    public var references: [Reference]
    /// A trigger that a user made, and that is enabled.
    public struct Trigger: Hashable, Sendable {
        /// The table or partition that it is on.
        public var table: QualifiedName
        public var name: String
        /// `O`, `A` or `R`, as `tgenabled` has it.
        public var state: String

        public init(table: QualifiedName, name: String, state: String) {
            self.table = table
            self.name = name
            self.state = state
        }

        /// Switches it off.
        public var disabling: String {
            "ALTER TABLE ONLY \(table.sql) DISABLE TRIGGER \(QualifiedName.quoted(name))"
        }

        /// Switches it on again as it was.
        public var enabling: String {
            let word = state == "A" ? "ALWAYS " : state == "R" ? "REPLICA " : ""
            return "ALTER TABLE ONLY \(table.sql) ENABLE \(word)TRIGGER \(QualifiedName.quoted(name))"
        }
    }

    /// Also those of partitions.
    public var switches: [Trigger] = []
    /// Their names.
    public var triggers: [String] {
        var names: [String] = []
        for trigger in switches where !names.contains(trigger.name) { names.append(trigger.name) }
        return names
    }

    public init(
        number: ObjectID, name: QualifiedName, kind: Kind = .table, columns: [Column], key: Key? = nil,
        references: [Reference] = []
    ) {
        self.number = number
        self.name = name
        self.kind = kind
        self.columns = columns
        self.key = key
        self.references = references
    }

    /// As it stands behind FROM: a partitioned table stands for all its partitions, any other for itself.
    public var source: String { kind == .partitioned ? name.sql : "ONLY \(name.sql)" }

    /// What reads a column: `xml` prints itself without its encoding otherwise.
    func reading(_ place: Int, alias: String) -> String {
        let column = columns[place]
        return column.type == "xml" ? "\(alias).\(column.sql)::pg_catalog.text" : "\(alias).\(column.sql)"
    }

    /// Places of the columns that can be written.
    public var written: [Int] { columns.indices.filter { !columns[$0].isGenerated } }

    /// Whether rows of one can be written into the other as they are.
    public func hasSameColumns(as other: TableShape) -> Bool {
        func plain(_ columns: [Column]) -> [Column] {
            columns.map { column in
                var plain = column
                plain.isNotNull = false
                return plain
            }
        }
        return plain(columns) == plain(other.columns)
    }
}

/// A relation's name with its schema's.
public struct QualifiedName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var schema: String
    public var name: String

    public init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    /// Both in double quotes where SQL needs them.
    public var description: String { "\(SQLName.quoted(schema)).\(SQLName.quoted(name))" }

    /// Both in double quotes, always.
    public var sql: String { "\(Self.quoted(schema)).\(Self.quoted(name))" }

    /// As `regclass` reads it: it knows no escapes.
    public var text: String { [schema, name].map(Self.doubled).joined(separator: ".") }

    private static func doubled(_ name: String) -> String {
        var text = "\""
        for scalar in name.unicodeScalars {
            if scalar == "\"" { text += "\"" }
            text.unicodeScalars.append(scalar)
        }
        return text + "\""
    }

    public static func < (left: QualifiedName, right: QualifiedName) -> Bool {
        (left.schema, left.name) < (right.schema, right.name)
    }

    /// In double quotes; with SQL's own escapes where it has control characters, so that it stays on its
    /// line.
    static func quoted(_ name: String) -> String {
        let isEscaped = name.unicodeScalars.contains { $0.actsOnTerminal }
        var text = isEscaped ? "U&\"" : "\""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"": text += "\"\""
            case "\\" where isEscaped: text += "\\\\"
            case _ where isEscaped && scalar.actsOnTerminal:
                text += "\\+" + Hexadecimal.text(scalar.value, digits: 6, .upper)
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

/// A value as PostgreSQL prints it. Two of them are equal only byte by byte: texts that Unicode takes for
/// equivalent are different values.
public struct Cell: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public init(stringLiteral text: String) {
        self.text = text
    }

    public var description: String { text }

    public static func == (left: Cell, right: Cell) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}

/// A row: PostgreSQL's text of each column in the order of the table's shape, nil for NULL.
public typealias Cells = [Cell?]

extension Cells {
    init(texts: ArraySlice<String?>) {
        self = texts.map { text in text.map { Cell($0) } }
    }
}
