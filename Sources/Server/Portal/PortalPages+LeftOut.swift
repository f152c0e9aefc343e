import WALEvents

/// What the timeline's list does not have although it happened.
extension PortalPages {
    /// What is not listed for being small, and how to see it; nil where nothing is.
    ///
    /// - Parameter least: of how many rows a change has to be to be listed.
    static func leftOut(_ happened: EventHistory, least: Int64) -> [String] {
        var notes: [String] = []
        let hidden = happened.hidden
        let counted = happened.leastCountedRows
        if !hidden.isEmpty {
            let count = hidden.reduce(0) { $0 + $1.changes }
            let tables = hidden.prefix(5).map { table in
                let rows = table.largestRows == 1 ? "row" : "rows"
                return "\(table.changes) of \(table.table.words) (up to \(table.largestRows) \(rows))"
            }
            let more = hidden.count - tables.count
            let others = more > 0 ? " and of \(more) more \(more == 1 ? "table" : "tables")" : ""
            let size = counted > 1 ? "\(counted) to \(least - 1) rows" : "fewer than \(least) rows"
            notes.append(
                "Not listed: \(count) \(count == 1 ? "change" : "changes") of \(size), "
                    + tables.joined(separator: ", ") + others
                    + ". With 1 in Rows, at least, they are listed.")
        }
        if counted > 1 {
            notes.append(
                "In so much WAL, changes of fewer than \(counted) rows are looked for only when asked for: "
                    + "put 1 into Rows, at least.")
        }
        return notes
    }

    /// Whether what is not in the list did not happen, as far as changes of few rows go.
    ///
    /// - Parameter isAsked: whether somebody said how many rows are wanted.
    static func knowsSmallChanges(_ happened: EventHistory, isAsked: Bool) -> Bool {
        isAsked || (happened.hidden.isEmpty && happened.leastCountedRows <= 1)
    }
}
