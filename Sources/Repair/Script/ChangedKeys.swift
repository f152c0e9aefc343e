import PostgresFormat

/// Which rows of a table take each other's keys, where its keys are changed or used again.
struct ChangedKeys {
    /// The texts of all rows that are left, where keys are changed.
    private(set) var left: Set<Cell> = []
    /// The text of the row whose write frees a key.
    private var holders: [Cells: Cell] = [:]
    /// The text of the row that is written with a key.
    private var takers: [Cells: Cell] = [:]
    private let places: [Int]

    init(_ table: PlannedTable) {
        places = table.shape.key?.columns ?? []
        guard !places.isEmpty else { return }
        for write in table.writes {
            let changes = write.columns.contains(where: places.contains)
            if write.action == .delete || changes, let row = write.expected {
                holders[key(row)] = RowText.of(row, table.shape)
            }
            if write.action == .insert || changes, let row = write.wanted {
                takers[key(row)] = RowText.of(row, table.shape)
            }
        }
        guard table.writes.contains(where: { $0.columns.contains(where: places.contains) }) else { return }
        left = Set(table.writes.compactMap { $0.wanted.map { RowText.of($0, table.shape) } })
    }

    private func key(_ row: Cells) -> Cells { places.map { row[$0] } }

    /// The row that has the key by now and gives it up, by its text.
    func holder(of row: Cells?) -> Cell? { row.flatMap { holders[key($0)] } }

    /// The row that gets the key of one that goes, by its text, unless both look the same.
    func taker(of row: Cells?, _ text: Cell?) -> Cell? {
        guard let taker = row.flatMap({ takers[key($0)] }), taker != text else { return nil }
        return taker
    }
}
