/// What became of one row from just before the first transaction that is taken back to just after the last
/// one: every cell belongs to whoever wrote it.
struct RowHistory: Hashable {
    /// How a transaction left the row; where several that are taken back follow each other, the last one.
    struct State: Hashable {
        /// Whether it is one of those that are taken back.
        var isOwn: Bool
        /// Nil for a deletion.
        var cells: Cells?
    }

    /// Nil for a row that they put in.
    var base: Cells?
    var states: [State]

    /// The row as it would be without them, and as they left it.
    struct Merged: Hashable {
        var before: Cells?
        var after: Cells?
        /// Places of cells that somebody else wrote after one of them had: what they would be is not to be
        /// told.
        var contested: [Int] = []
    }

    /// - Returns: nil for a row that they put in and removed again.
    var merged: Merged? {
        guard let base else { return inserted }
        var merged = Merged(before: base, after: base)
        var current = base
        var isChanged = Array(repeating: false, count: base.count)
        var isContested = isChanged
        var isOwnLast = isChanged
        for state in states {
            guard let cells = state.cells else {
                merged.after = nil
                break
            }
            for place in cells.indices where cells[place] != current[place] {
                if state.isOwn, !isChanged[place] {
                    isChanged[place] = true
                    // What others wrote before is kept.
                    merged.before?[place] = current[place]
                }
                if !state.isOwn, isChanged[place] { isContested[place] = true }
                isOwnLast[place] = state.isOwn
            }
            current = cells
        }
        for place in current.indices where !isChanged[place] { merged.before?[place] = current[place] }
        merged.contested = current.indices.filter { place in
            let isRestored = !isOwnLast[place] && current[place] == merged.before?[place]
            return isContested[place] && !isRestored
        }
        if merged.after != nil { merged.after = current }
        return merged
    }

    private var inserted: Merged? {
        guard let last = states.last?.cells else { return nil }
        var merged = Merged(before: nil, after: last)
        var current = states[0].cells
        var contested: Set<Int> = []
        for state in states.dropFirst() {
            if !state.isOwn, let cells = state.cells {
                contested.formUnion(cells.indices.filter { cells[$0] != current?[$0] })
            }
            current = state.cells
        }
        merged.contested = contested.sorted()
        return merged
    }

    /// The history of a row that one transaction deleted and put in again with the same key.
    func continued(by other: RowHistory) -> RowHistory {
        RowHistory(base: base, states: states.dropLast() + other.states)
    }
}
