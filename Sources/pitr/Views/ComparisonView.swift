import ControlPlane
import Notation
import Platform
import Repair

/// A comparison for a person.
enum ComparisonView {
    static func text(_ result: CompareResult, folder: String?) -> PersonText {
        var text = PersonText()
        text.heading(result.isEqual ? "Equal" : "Different")
        text.field("Here", result.here)
        text.field("There", result.there)
        for database in result.databases { add(database, to: &text) }
        if !result.leftOut.isEmpty { text.heading("Not compared") }
        for left in result.leftOut { text.item("\(left.subject): \(left.reason)") }
        if let folder {
            text.heading("Folder")
            text.item("\(folder): report.md, report.json, schema.sql, and rows with a file for each table")
        }
        if !result.notes.isEmpty { text.heading("Notes") }
        for note in result.notes { text.item(note) }
        return text
    }

    private static func add(_ database: DatabaseComparison, to text: inout PersonText) {
        switch database.presence {
        case .onlyHere: return text.heading("Database \(database.name) is only here")
        case .onlyThere: return text.heading("Database \(database.name) is only there")
        case .both: text.heading("Database \(database.name)")
        }
        addTables(database, to: &text)
        if database.sequenceCount > 0 {
            text.field(
                "Sequences",
                "\(database.sequenceCount - database.sequences.count) of \(database.sequenceCount) equal")
        }
        if database.hasSchema {
            text.field(
                "Definitions",
                database.schema.isEmpty
                    ? "equal" : "\(count(UInt64(database.schema.count), "object")) differ")
        }
        for table in database.tables where table.outcome != .equal { add(table, to: &text) }
        for sequence in database.sequences {
            text.heading("sequence \(sequence.name)")
            text.field("here", sequence.here ?? "not there")
            text.field("there", sequence.there ?? "not there")
        }
        for object in database.schema { add(object, to: &text) }
        if !database.leftOut.isEmpty { text.heading("Not compared") }
        for left in database.leftOut { text.item("\(left.subject): \(left.reason)") }
    }

    /// The catalogs of large objects are compared like tables, and are none.
    private static func addTables(_ database: DatabaseComparison, to text: inout PersonText) {
        let tables = database.tables.filter { !$0.isOfLargeObjects }
        let equal = tables.filter { $0.outcome == .equal }
        let counted = equal.compactMap(\.rowsHere)
        let rows =
            if equal.isEmpty {
                ""
            } else if counted.count == equal.count {
                ", \(count(counted.reduce(0, +), "row"))"
            } else {
                ", by the rows that WAL names"
            }
        if !tables.isEmpty { text.field("Tables", "\(equal.count) of \(tables.count) equal\(rows)") }
        let objects = database.tables.filter(\.isOfLargeObjects)
        guard !objects.isEmpty else { return }
        text.field(
            "Large objects", objects.allSatisfy { $0.outcome == .equal } ? "equal" : "different")
    }

    private static func add(_ table: TableComparison, to text: inout PersonText) {
        text.heading("\(table.name)")
        switch table.outcome {
        case .equal: return
        case .onlyHere: return text.item("only here")
        case .onlyThere: return text.item("only there")
        case .otherColumns(let words):
            return text.item("other columns, rows not compared: \(words.joined(separator: ", "))")
        case .incomparable(let here, let there):
            text.field("here", here ?? "its rows can be read")
            return text.field("there", there ?? "its rows can be read")
        case .different: break
        }
        if let here = table.rowsHere, let there = table.rowsThere {
            text.field("rows", "\(here) here, \(there) there")
        }
        for (name, number) in [
            ("only here", table.onlyHere), ("only there", table.onlyThere), ("different", table.different),
        ] where number > 0 {
            text.field(name, count(number, "row"))
        }
        for (column, number) in table.changedColumns.sorted(by: { $0.key < $1.key }) {
            text.field("column \(column)", "\(count(number, "row"))")
        }
        for row in table.examples { text.item(words(row)) }
    }

    /// In one line: `id=7 different: due '2026-12-01' here, NULL there`.
    static func words(_ row: RowDifference) -> String {
        let cells = row.cells.map { cell in
            switch row.kind {
            case .different: "\(cell.column) \(value(cell.here)) here, \(value(cell.there)) there"
            case .onlyHere: "\(cell.column) \(value(cell.here))"
            case .onlyThere: "\(cell.column) \(value(cell.there))"
            }
        }
        let key = DifferenceLines.key(of: row)
        let shown = cells.isEmpty ? "no cell that can be shown" : cells.joined(separator: "; ")
        return "\(key.isEmpty ? "" : short(key) + " ")\(row.kind.rawValue): \(shown)"
    }

    private static func value(_ cell: Cell?) -> String {
        cell.map { "'\(short($0.text))'" } ?? "NULL"
    }

    private static func short(_ text: String) -> String {
        text.count > 60 ? text.prefix(57) + "…" : text
    }

    private static func add(_ object: SchemaDifference, to text: inout PersonText) {
        let name = object.schema.isEmpty ? object.name : "\(object.schema).\(object.name)"
        let place =
            object.here == nil ? "only there" : object.there == nil ? "only here" : "defined in another way"
        text.heading("\(object.kind) \(name)")
        text.item(place)
    }

    private static func count(_ number: UInt64, _ word: String) -> String {
        "\(number) \(word)\(number == 1 ? "" : "s")"
    }
}
