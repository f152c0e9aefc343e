import PostgresFormat
import ServiceModel

/// The rows of an undo as CSV: one line for each cell that the transaction changed, NULL as nothing at all
/// and the empty string as a pair of quotes, as PostgreSQL's own COPY has them.
public struct UndoRows: Sendable {
    public static let header = "table,key,change,verdict,column,before,after,now,written_since,reason\n"

    /// The last column of conflicts, for a person to fill in; empty while nothing is decided.
    public static let decisionName = "decision(before|now|skip)"

    private let plan: UndoPlan

    public init(_ plan: UndoPlan) {
        self.plan = plan
    }

    /// The rows that somebody has to decide about, of all tables.
    public func writeConflicts(to output: (String) throws -> Void) rethrows {
        try output(Self.header.dropLast() + ",\(Self.decisionName)\n")
        for table in plan.tables {
            for row in table.rows where row.verdict.isConflict {
                try output(lines(row, table.shape, conflictsOnly: true))
            }
        }
    }

    /// All rows, one by one; without the header.
    ///
    /// - Parameter output: gets the table's name with each.
    public func writeRows(to output: (_ table: String, _ lines: String) throws -> Void) rethrows {
        for table in plan.tables {
            for row in table.rows {
                try output(table.shape.name.description, lines(row, table.shape, conflictsOnly: false))
            }
        }
    }

    private func lines(_ row: JudgedRow, _ shape: TableShape, conflictsOnly: Bool) -> String {
        let start = [
            shape.name.description, Self.key(of: row, shape), row.change.rawValue, row.verdict.rawValue,
        ]
        let writers = row.later.map { "\($0.xid) at \($0.time)" }
        let places = conflictsOnly ? row.undecided : row.damaged
        return places.map { place in
            let cells = [
                shape.columns[place].name, Self.text(row.before, place), Self.text(row.after, place),
                Self.text(row.now, place),
            ]
            let end = [writers.isEmpty ? nil : writers.joined(separator: "; "), row.reason]
            let decision = conflictsOnly ? [row.decision?.rawValue] : []
            return (start.map { $0 as String? } + cells + end + decision).map(CSVText.field)
                .joined(separator: ",") + "\n"
        }.joined()
    }

    /// The key as `id=7`, an address where the table has no key.
    public static func key(of row: JudgedRow, _ shape: TableShape) -> String {
        guard let key = shape.key, let cells = row.after ?? row.before else {
            return row.address.map { "ctid=\($0)" } ?? ""
        }
        return key.columns.map { "\(shape.columns[$0].name)=\(cells[$0]?.text ?? "")" }.joined(separator: " ")
    }

    /// Whether nothing but one row has this key, as `key(of:_:)` writes it.
    static func isKeyOfOneRow(_ key: String) -> Bool { !key.isEmpty && !key.hasPrefix("ctid=") }

    private static func text(_ cells: Cells?, _ place: Int) -> String? {
        guard let cell = cells?[place] else { return nil }
        return cell.text
    }
}
