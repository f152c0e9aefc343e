/// What a query returned: every value as PostgreSQL's text, nil for NULL.
public struct Rows: Sendable, Hashable {
    public let columns: [String]
    public let rows: [[String?]]

    public init(columns: [String], rows: [[String?]]) {
        self.columns = columns
        self.rows = rows
    }

    public var count: Int { rows.count }

    public var isEmpty: Bool { rows.isEmpty }

    /// The first value of the first row; nil for NULL and when there is no row.
    public var scalar: String? { rows.first?.first ?? nil }

    /// The value in the column of that name; nil for NULL and when there is no such row or column.
    public subscript(row: Int, column: String) -> String? {
        guard let index = columns.firstIndex(of: column), rows.indices.contains(row) else { return nil }
        return rows[row][index]
    }

    /// The first column's values without the NULLs.
    public var firstColumn: [String] { rows.compactMap { $0.first ?? nil } }
}
