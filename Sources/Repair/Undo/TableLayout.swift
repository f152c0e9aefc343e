import Platform
import PostgresClient
import PostgresFormat

/// A table's columns as they were while the transactions ran, and now: columns may have been added since.
struct TableLayout {
    let before: TableShape
    let now: TableShape
    /// What rows that were there got in each column that was added since.
    private let added: Cells
    /// Of those columns, one whose value in such rows is not known, if any.
    private let unknown: String?

    /// - Parameter connection: to the copy of now.
    /// - Returns: nil where the columns differ in another way.
    init?(_ before: TableShape, _ now: TableShape, _ connection: Connection) throws(Problem) {
        let count = before.columns.count
        guard now.columns.count >= count else { return nil }
        var known = now
        known.columns = Array(now.columns.prefix(count))
        guard known.hasSameColumns(as: before), now.key?.columns.allSatisfy({ $0 < count }) ?? true else {
            return nil
        }
        self.before = before
        self.now = now
        var added: Cells = []
        var unknown: String?
        for column in now.columns.dropFirst(count) {
            let rows = try connection.query(
                """
                SELECT (attmissingval::text::text[])[1] AS value, (atthasdef AND NOT atthasmissing
                    OR attgenerated <> '' OR attidentity <> '')::text AS computed
                FROM pg_attribute WHERE attrelid = $1::oid AND attnum = $2::smallint
                """, [now.number.description, String(column.number)])
            added.append(rows[0, "value"].map { Cell($0) })
            if rows[0, "computed"] != "false" { unknown = column.name }
        }
        self.added = added
        self.unknown = unknown
    }

    func padded(_ cells: Cells) -> Cells { cells + added }

    /// A row that comes back gets in a new column what it would have had if it had been there.
    func hold(_ rows: inout [JudgedRow]) {
        guard !added.isEmpty else { return }
        let names = now.columns.suffix(added.count).map(\.name).joined(separator: ", ")
        for index in rows.indices where rows[index].change == .delete && rows[index].verdict == .absentNow {
            if let unknown {
                rows[index].verdict = .forbiddenNow
                rows[index].conflicts = rows[index].damaged
                rows[index].reason =
                    "column \(unknown) was added since, and what the row would have there is not known"
            } else {
                rows[index].reason = "added since, with its default: \(names)"
            }
        }
    }
}
