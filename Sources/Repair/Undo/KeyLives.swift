import PostgresFormat

/// Finds keys that several rows had one after the other while transactions ran that are taken back: one
/// deleted a row, another one put one in. Which of the rows it would be without them is not to be told.
struct KeyLives {
    private struct Life {
        var row: Int
        /// Where the only transaction taken back that wrote it committed; nil for several of them.
        var commit: LSN?
    }

    private var lives: [Cells: [Life]] = [:]

    init() {}

    /// - Parameter place: the row's place among those that are settled.
    mutating func add(
        _ row: JudgedRow, _ pair: UndoReader.Pair, _ shape: TableShape, _ place: Int
    ) {
        let commits = Set(pair.track.steps.filter(\.isOwn).map(\.commit))
        let life = Life(row: place, commit: commits.count == 1 ? commits.first : nil)
        let judge = RowJudge(shape)
        for key in Set([row.before, row.after].compactMap { $0.flatMap(judge.key) }) {
            lives[key, default: []].append(life)
        }
    }

    func settle(_ rows: inout [JudgedRow]) {
        for several in lives.values where several.count > 1 {
            guard several.contains(where: { rows[$0.row].change != .update }),
                several.contains(where: { $0.commit == nil }) || Set(several.map(\.commit)).count > 1
            else { continue }
            for (place, life) in several.enumerated() {
                rows[life.row].verdict =
                    switch rows[life.row].change {
                    case .update: .conflict
                    case .delete: .keyTakenNow
                    case .insert: .changedSince
                    }
                rows[life.row].conflicts = rows[life.row].damaged
                rows[life.row].reason = "its key went from one row to another while the transactions ran"
                // The oldest one alone can be had back.
                if place > 0 { rows[life.row].isLost = true }
            }
        }
    }
}
