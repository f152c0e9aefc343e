import CLibPQ

/// How a column's values can be read by a program.
public enum ColumnType: Sendable, Hashable {
    case boolean, integer, floating, other

    /// By the type's number in `pg_type`, which no release changes.
    init(_ number: UInt32) {
        self =
            switch number {
            case 16: .boolean
            case 20, 21, 23, 26: .integer
            case 700, 701: .floating
            default: .other
            }
    }
}

/// What one statement of a script came to.
public struct StatementResult: Sendable, Hashable {
    public struct Column: Sendable, Hashable {
        public let name: String
        public let type: ColumnType
    }

    /// Empty for a statement that returns no rows.
    public let columns: [Column]
    /// Every value as PostgreSQL's text, nil for NULL.
    public let rows: [[String?]]
    /// PostgreSQL's word for what was done: `INSERT 0 5`.
    public let tag: String

    init(_ result: OpaquePointer) {
        let width = PQnfields(result)
        columns = (0..<width).map {
            Column(name: String(cString: PQfname(result, $0)), type: ColumnType(PQftype(result, $0)))
        }
        rows = (0..<PQntuples(result)).map { row in
            (0..<width).map { column in
                PQgetisnull(result, row, column) == 1
                    ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
        tag = String(cString: PQcmdStatus(result))
    }
}
