public import Platform
public import PostgresClient
public import ServiceModel

/// Rows of one table, as the session's transaction sees them, in a form that can be taken elsewhere.
public struct TableExport {
    private let connection: Connection
    private let shape: TableShape
    /// Places in the table's columns.
    private let columns: [Int]
    private let condition: String?
    private let format: ExportFormat

    /// - Parameters:
    ///   - names: of the columns, in the order that is wanted; empty for all of them.
    ///   - condition: what stands behind WHERE.
    ///
    /// Throws `.resourceNotFound` for a column that the table does not have, `.usage` for one that cannot be
    /// written in the format, and for a table without columns.
    public init(
        _ connection: Connection, _ shape: TableShape, columns names: [String], condition: String?,
        format: ExportFormat
    ) throws(Problem) {
        self.connection = connection
        self.shape = shape
        self.condition = condition
        self.format = format
        var places: [Int] = []
        for name in names {
            guard let place = shape.columns.firstIndex(where: { $0.name == name }) else {
                throw Problem(
                    .resourceNotFound, "the table \(shape.name) has no column '\(name)'",
                    hint: "It has \(shape.columns.map(\.name).joined(separator: ", ")).")
            }
            guard format != .sql || !shape.columns[place].isGenerated else {
                throw Problem(
                    .usage, "the column '\(name)' is generated, so no INSERT may write it",
                    hint: "Leave it out: it is computed again. --format csv has it.")
            }
            places.append(place)
        }
        if names.isEmpty { places = format == .sql ? shape.written : Array(shape.columns.indices) }
        guard !places.isEmpty else {
            throw Problem(
                .usage, "the table \(shape.name) has no column to write", hint: "Name another table.")
        }
        columns = places
    }

    public var columnNames: [String] { columns.map { shape.columns[$0].name } }

    private var names: String { columns.map { shape.columns[$0].sql }.joined(separator: ", ") }

    /// The condition stands on lines of its own, so that a comment in it ends with it.
    private var query: String {
        "SELECT \(names) FROM \(shape.source)" + (condition.map { " WHERE (\n\($0)\n)" } ?? "")
    }

    /// Has PostgreSQL read the query by itself, and refuses a condition that is anything else.
    ///
    /// What is one SELECT here is one between the parentheses of a COPY as well, and nothing behind them.
    public func check() throws(Problem) {
        do throws(Problem) {
            try connection.query("PREPARE pitr_export AS \(query)")
        } catch {
            guard condition != nil, error.code == .queryFailed, connection.isOpen else { throw error }
            throw Problem(
                .invalidParameterValue, "PostgreSQL does not take the condition", detail: error.detail,
                hint: "It is what stands behind WHERE. Other tables and your own functions are named with "
                    + "their schema: shop.customers.")
        }
    }

    /// Hands over the whole of it, piece by piece; memory holds one row.
    ///
    /// - Returns: the number of rows. Throws `.queryFailed`, `.canceled`, or what `output` throws.
    public func write(
        _ cancellation: CancellationFlag, to output: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> UInt64 {
        switch format {
        case .csv:
            return try connection.copyOut(
                "COPY (\(query)) TO STDOUT (FORMAT csv, HEADER)", cancellation: cancellation, output)
        case .copy:
            return try connection.copyOut("COPY (\(query)) TO STDOUT", cancellation: cancellation, output)
        case .sql:
            var statements = InsertStatements(table: shape.name.sql, columns: names)
            try Self.hand("BEGIN;\n\(CanonicalText.settings(local: true))\n", to: output)
            let count = try connection.copyOut("COPY (\(query)) TO STDOUT", cancellation: cancellation) {
                (row) throws(Problem) in
                try Self.hand(statements.next(CopyText.cells(row)), to: output)
            }
            try Self.hand(statements.end + "COMMIT;\n", to: output)
            return count
        }
    }

    private static func hand(
        _ text: String, to output: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) {
        let bytes = Array(text.utf8)
        try bytes.span.bytes.withUnsafeBytes { (piece) throws(Problem) in try output(piece) }
    }
}

/// Rows as INSERT statements of some hundred rows each.
struct InsertStatements {
    private let head: String
    private var count = 0
    private static let rowsOfOne = 100

    init(table: String, columns: String) {
        head = "INSERT INTO \(table) (\(columns)) OVERRIDING SYSTEM VALUE VALUES\n"
    }

    /// What the row adds.
    mutating func next(_ cells: Cells) -> String {
        let isFirst = count % Self.rowsOfOne == 0
        let before = isFirst ? end + head : ",\n"
        count += 1
        return before + "    (" + cells.map { PlannedValues.literal($0?.text) }.joined(separator: ", ") + ")"
    }

    /// Ends the statement that was begun.
    var end: String { count == 0 ? "" : ";\n" }
}
