import AzureAPI
import ControlPlane
import PostgresFormat
import Repair

/// What a comparison found, as `pitr compare` prints it.
struct ComparisonDocument: Codable, Sendable {
    struct Cell: Codable, Hashable, Sendable {
        var column: String
        /// Null for NULL, and on the side that has no such row.
        @OrNull var here: String?
        @OrNull var there: String?
    }

    struct Row: Codable, Hashable, Sendable {
        var cells: [Cell]
        /// `different`, `only here` or `only there`.
        var difference: String
        var key: [Cell]
    }

    struct Table: Codable, Hashable, Sendable {
        /// How many of the different rows differ in each column.
        var changedColumns: [String: UInt64]
        /// How its columns differ; its rows are not compared then.
        var columnDifferences: [String]
        var differentRows: UInt64
        var examples: [Row]
        /// By which rows were found again; empty where the table has no key.
        var key: [String]
        var name: String
        var onlyHereRows: UInt64
        var onlyThereRows: UInt64
        /// `equal`, `different`, `only here`, `only there`, `other columns` or `incomparable`.
        var outcome: String
        @OrNull var rowsHere: UInt64?
        @OrNull var rowsThere: UInt64?
        /// Why its rows cannot be read; null on a side where they can.
        @OrNull var unreadableHere: String?
        @OrNull var unreadableThere: String?
    }

    struct Sequence: Codable, Hashable, Sendable {
        @OrNull var here: String?
        var name: String
        @OrNull var there: String?
    }

    struct Object: Codable, Hashable, Sendable {
        /// The statements that make it; null where it is not there.
        @OrNull var here: String?
        var kind: String
        var name: String
        /// The statement that removes it here; null unless it is a whole object that is only here.
        @OrNull var removal: String?
        var schema: String
        @OrNull var there: String?
    }

    struct LeftOut: Codable, Hashable, Sendable {
        /// Whether the reason is the same on both sides; what was left out for another one is not equal.
        var isShared: Bool
        var reason: String
        var subject: String
    }

    struct Database: Codable, Hashable, Sendable {
        var comparedSequences: Int
        /// Null where definitions were not compared.
        @OrNull var definitions: [Object]?
        var isEqual: Bool
        var leftOut: [LeftOut]
        var name: String
        /// `both`, `only here` or `only there`.
        var presence: String
        var sequences: [Sequence]
        var tables: [Table]
    }

    struct Step: Codable, Hashable, Sendable {
        var name: String
        var seconds: Double
    }

    var databases: [Database]
    var here: String
    var isEqual: Bool
    /// Databases that neither side can compare.
    var leftOut: [LeftOut]
    var notes: [String]
    var operationId: String
    var steps: [Step]
    var there: String

    init(_ result: CompareResult) {
        databases = result.databases.map(Database.init)
        here = result.here
        isEqual = result.isEqual
        leftOut = result.leftOut.map(LeftOut.init)
        notes = result.notes
        operationId = result.operationID
        steps = result.steps.map { Step(name: $0.name, seconds: $0.seconds) }
        there = result.there
    }
}

extension ComparisonDocument.Database {
    init(_ found: DatabaseComparison) {
        comparedSequences = found.sequenceCount
        definitions = found.hasSchema ? found.schema.map(ComparisonDocument.Object.init) : nil
        isEqual = found.isEqual
        leftOut = found.leftOut.map(ComparisonDocument.LeftOut.init)
        name = found.name
        presence =
            switch found.presence {
            case .both: "both"
            case .onlyHere: "only here"
            case .onlyThere: "only there"
            }
        sequences = found.sequences.map(ComparisonDocument.Sequence.init)
        tables = found.tables.map(ComparisonDocument.Table.init)
    }
}

extension ComparisonDocument.Table {
    init(_ table: TableComparison) {
        changedColumns = table.changedColumns
        columnDifferences = if case .otherColumns(let words) = table.outcome { words } else { [] }
        differentRows = table.different
        examples = table.examples.map(ComparisonDocument.Row.init)
        key = table.key
        name = "\(table.name)"
        onlyHereRows = table.onlyHere
        onlyThereRows = table.onlyThere
        outcome =
            switch table.outcome {
            case .equal: "equal"
            case .different: "different"
            case .onlyHere: "only here"
            case .onlyThere: "only there"
            case .otherColumns: "other columns"
            case .incomparable: "incomparable"
            }
        rowsHere = table.rowsHere
        rowsThere = table.rowsThere
        if case .incomparable(let here, let there) = table.outcome {
            (unreadableHere, unreadableThere) = (here, there)
        }
    }
}

extension ComparisonDocument.LeftOut {
    init(_ part: UncomparedPart) {
        isShared = part.isShared
        reason = part.reason
        subject = part.subject
    }
}

extension ComparisonDocument.Row {
    init(_ row: RowDifference) {
        cells = row.cells.map(ComparisonDocument.Cell.init)
        difference = row.kind.rawValue
        key = row.key.map(ComparisonDocument.Cell.init)
    }
}

extension ComparisonDocument.Cell {
    init(_ cell: RowDifference.NamedCell) {
        column = cell.column
        here = cell.here?.text
        there = cell.there?.text
    }
}

extension ComparisonDocument.Sequence {
    init(_ sequence: SequenceDifference) {
        name = "\(sequence.name)"
        here = sequence.here
        there = sequence.there
    }
}

extension ComparisonDocument.Object {
    init(_ object: SchemaDifference) {
        kind = object.kind
        schema = object.schema
        name = object.name
        removal = object.removal
        here = object.here
        there = object.there
    }
}
