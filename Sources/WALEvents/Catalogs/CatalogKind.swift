public import PostgresFormat

/// The system catalogs that names and events are read from; the raw values are their object numbers, which
/// are also their file numbers until they are rewritten.
public enum CatalogKind: UInt32, Hashable, Sendable, CaseIterable {
    case relations = 1259
    case columns = 1249
    case schemas = 2615
    case databases = 1262
    case tablespaces = 1213
    /// Which table is a partition of which, or inherits from it.
    case inheritances = 2611

    /// Those that are in no relation map: `pg_class` tells where they lie.
    static let unmapped: [CatalogKind] = [.schemas, .inheritances]

    /// Whether there is one for all databases.
    public var isShared: Bool { self == .databases || self == .tablespaces }
}

/// Where the columns of the catalogs lie behind a row's header, in bytes.
///
/// Source: the order and types of the columns in each release's `postgres.bki`, PostgreSQL 15 to 18. Only
/// columns before the first one of variable length are read.
struct CatalogLayout: Sendable {
    let columnNumber: Int
    let columnTypeModifier: Int
    let columnIsNotNull: Int
    let columnIsDropped: Int
    /// What `pg_class` has more before `reltoastrelid`, in bytes: since PostgreSQL 18 `relallfrozen`.
    let relationShift: Int

    init(_ version: WALVersion) {
        switch version {
        case .v15:
            (columnNumber, columnTypeModifier, columnIsNotNull, columnIsDropped) = (78, 88, 96, 101)
            relationShift = 0
        case .v16, .v17:
            (columnNumber, columnTypeModifier, columnIsNotNull, columnIsDropped) = (74, 80, 90, 95)
            relationShift = 0
        case .v18:
            (columnNumber, columnTypeModifier, columnIsNotNull, columnIsDropped) = (74, 76, 86, 91)
            relationShift = 4
        }
    }
}

/// What is read of `pg_database` where it lies in a base backup: its columns of type `text`, which follow one
/// another. In bytes behind a row's header what has a fixed place, in numbers of columns what has none.
public struct DatabaseTexts: Sendable {
    public let name = 4
    /// `datlocprovider`
    public let provider = 76
    /// Where the first text begins, which is `datcollate`.
    public let texts = 96
    /// The column's number of `datcollate`; behind it come `datctype`, the locale, its rules, the version.
    public let firstNumber: Int
    /// How many texts there are up to the version of the library, which is the last.
    public let count: Int

    public init(_ version: WALVersion) {
        switch version {
        case .v15: (firstNumber, count) = (12, 4)
        case .v16: (firstNumber, count) = (12, 5)
        case .v17, .v18: (firstNumber, count) = (13, 5)
        }
    }
}

/// A row of one of the catalogs, as far as it matters here.
enum CatalogEntry: Hashable, Sendable {
    case relation(RelationEntry)
    case column(ColumnEntry)
    case schema(NamedEntry)
    case database(DatabaseEntry)
    case tablespace(NamedEntry)
    case inheritance(InheritanceEntry)

    /// What stays the same as long as the thing lives; for a column its relation and number, for an
    /// inheritance the child and the parent's place among its parents.
    var key: CatalogKey {
        switch self {
        case .relation(let entry): CatalogKey(kind: .relations, object: entry.object)
        case .column(let entry):
            CatalogKey(kind: .columns, object: entry.relation, number: entry.number)
        case .schema(let entry): CatalogKey(kind: .schemas, object: entry.object)
        case .database(let entry): CatalogKey(kind: .databases, object: entry.object)
        case .tablespace(let entry): CatalogKey(kind: .tablespaces, object: entry.object)
        case .inheritance(let entry):
            CatalogKey(kind: .inheritances, object: entry.child, number: entry.number)
        }
    }
}

struct CatalogKey: Hashable, Sendable {
    var kind: CatalogKind
    var object: ObjectID
    var number: Int16 = 0
}

/// `pg_class`
struct RelationEntry: Hashable, Sendable {
    var object: ObjectID
    var name: String
    var schema: ObjectID
    var owner: ObjectID
    /// 0 for a mapped catalog, and for what has no file.
    var file: UInt32
    /// `.none` for the database's own.
    var tablespace: ObjectID
    var pages: Int32
    /// -1 until the relation was looked at by VACUUM or ANALYZE, or since it was emptied.
    var tuples: Float
    var isShared: Bool
    /// `p`, `u` or `t`
    var persistence: UInt8
    /// `r`, `i`, `S`, `t`, `v`, `m`, `c`, `f`, `p` or `I`
    var kind: UInt8
    var columns: Int16
    var checks: Int16
    var hasRowSecurity: Bool
    var isPartition: Bool
    /// For the transient relation that a rewrite fills: the relation that is rewritten.
    var rewriteOf: ObjectID
}

/// `pg_attribute`
struct ColumnEntry: Hashable, Sendable {
    var relation: ObjectID
    var name: String
    var type: ObjectID
    var number: Int16
    var typeModifier: Int32
    var isNotNull: Bool
    var isDropped: Bool
}

/// `pg_namespace` and `pg_tablespace`
struct NamedEntry: Hashable, Sendable {
    var object: ObjectID
    var name: String
}

/// `pg_inherits`
struct InheritanceEntry: Hashable, Sendable {
    var child: ObjectID
    var parent: ObjectID
    /// From 1; a partition has one parent only.
    var number: Int16
}

/// `pg_database`
struct DatabaseEntry: Hashable, Sendable {
    var object: ObjectID
    var name: String
    /// -1 for none, -2 once a DROP DATABASE has begun.
    var connectionLimit: Int32
    var tablespace: ObjectID

    /// PostgreSQL's `DATCONNLIMIT_INVALID_DB`.
    static let invalidLimit: Int32 = -2
}

extension CatalogLayout {
    /// Reads a row; nil if it is too short to be one of that catalog.
    func entry(_ kind: CatalogKind, _ row: CatalogRow) -> CatalogEntry? {
        guard let reader = row.values else { return nil }
        switch kind {
        case .relations: return relation(reader).map(CatalogEntry.relation)
        case .columns: return column(reader).map(CatalogEntry.column)
        case .schemas: return named(reader).map(CatalogEntry.schema)
        case .tablespaces: return named(reader).map(CatalogEntry.tablespace)
        case .inheritances:
            guard let child = reader.object(0), let parent = reader.object(4), let number = reader.int32(8)
            else { return nil }
            return .inheritance(
                InheritanceEntry(
                    child: child, parent: parent, number: Int16(truncatingIfNeeded: number)))
        case .databases:
            guard let entry = named(reader), let limit = reader.int32(80), let space = reader.object(92)
            else { return nil }
            return .database(
                DatabaseEntry(
                    object: entry.object, name: entry.name, connectionLimit: limit, tablespace: space))
        }
    }

    /// What a row is looked up by: its object's number, and of a relation its file's if it has one; nil if it
    /// is too short to be one of that catalog.
    func numbers(_ kind: CatalogKind, _ row: CatalogRow) -> (object: UInt32, file: UInt32?)? {
        guard let values = row.values, let object = values.uint32(0),
            values.byte(size(of: kind) - 1) != nil
        else { return nil }
        guard kind == .relations, let file = values.uint32(88), file != 0 else { return (object, nil) }
        return (object, file)
    }

    /// `relkind` of a row of `pg_class`.
    func relationKind(_ row: CatalogRow) -> UInt8? { row.values?.byte(115 + relationShift) }

    /// Whether a row of `pg_attribute` is of a column that the system gives every table.
    func isOfSystem(column row: CatalogRow) -> Bool {
        row.values?.int16(columnNumber).map { $0 <= 0 } ?? false
    }

    /// How many bytes of values a row has at least.
    private func size(of kind: CatalogKind) -> Int {
        switch kind {
        case .relations: 132 + relationShift
        case .columns: columnIsDropped + 1
        case .schemas, .tablespaces: 68
        case .databases: 96
        case .inheritances: 12
        }
    }

    private func named(_ row: RowValues) -> NamedEntry? {
        guard let object = row.object(0), let name = row.name(4) else { return nil }
        return NamedEntry(object: object, name: name)
    }

    private func relation(_ row: RowValues) -> RelationEntry? {
        guard let named = named(row), let schema = row.object(68), let owner = row.object(80),
            let file = row.uint32(88), let tablespace = row.object(92), let pages = row.int32(96),
            let tuples = row.uint32(100), let isShared = row.bool(113 + relationShift),
            let persistence = row.byte(114 + relationShift), let kind = row.byte(115 + relationShift),
            let columns = row.int16(116 + relationShift), let checks = row.int16(118 + relationShift),
            let hasRowSecurity = row.bool(123 + relationShift),
            let isPartition = row.bool(127 + relationShift), let rewriteOf = row.object(128 + relationShift)
        else { return nil }
        return RelationEntry(
            object: named.object, name: named.name, schema: schema, owner: owner, file: file,
            tablespace: tablespace, pages: pages, tuples: Float(bitPattern: tuples), isShared: isShared,
            persistence: persistence, kind: kind, columns: columns, checks: checks,
            hasRowSecurity: hasRowSecurity, isPartition: isPartition, rewriteOf: rewriteOf)
    }

    private func column(_ row: RowValues) -> ColumnEntry? {
        guard let relation = row.object(0), let name = row.name(4), let type = row.object(68),
            let number = row.int16(columnNumber), let modifier = row.int32(columnTypeModifier),
            let isNotNull = row.bool(columnIsNotNull), let isDropped = row.bool(columnIsDropped)
        else { return nil }
        return ColumnEntry(
            relation: relation, name: name, type: type, number: number, typeModifier: modifier,
            isNotNull: isNotNull, isDropped: isDropped)
    }
}
