import PostgresFormat

/// Rows of a table that refer to rows of the same one.
extension TableStatements {
    /// Rows to be put in, in portions: each row with those that it refers to, or behind them.
    func parentsFirst(_ writes: [PlannedWrite]) -> [[PlannedWrite]] {
        let (ordered, circles) = split(writes, \.wanted)
        return portions(ordered) + (circles.isEmpty ? [] : [circles])
    }

    /// Rows to be removed, in portions: each row with those that refer to it, or behind them.
    func childrenFirst(_ writes: [PlannedWrite]) -> [[PlannedWrite]] {
        let (ordered, circles) = split(writes, \.expected)
        return (circles.isEmpty ? [] : [circles]) + portions(ordered.reversed())
    }

    /// Rows behind those that they refer to, and rows that refer to each other in a circle with all that
    /// refer to these. As they come where the table does not refer to itself.
    private func split(
        _ writes: [PlannedWrite], _ row: KeyPath<PlannedWrite, Cells?>
    ) -> (ordered: [PlannedWrite], circles: [PlannedWrite]) {
        let own = shape.references.filter { $0.tableNumber == shape.number }
        guard !own.isEmpty else { return (writes, []) }
        var children: [[Int]] = Array(repeating: [], count: writes.count)
        var parents = Array(repeating: 0, count: writes.count)
        for reference in own {
            let places = reference.columns.compactMap { name in
                shape.columns.firstIndex { $0.name == name }
            }
            guard places.count == reference.columns.count else { continue }
            var holders: [Cells: Int] = [:]
            for (place, write) in writes.enumerated() {
                if let cells = write[keyPath: row] { holders[reference.referenced.map { cells[$0] }] = place }
            }
            for (place, write) in writes.enumerated() {
                guard let cells = write[keyPath: row],
                    let holder = holders[places.map { cells[$0] }], holder != place
                else { continue }
                children[holder].append(place)
                parents[place] += 1
            }
        }
        var order = writes.indices.filter { parents[$0] == 0 }
        var next = 0
        while next < order.count {
            for child in children[order[next]] {
                parents[child] -= 1
                if parents[child] == 0 { order.append(child) }
            }
            next += 1
        }
        return (order.map { writes[$0] }, writes.indices.filter { parents[$0] > 0 }.map { writes[$0] })
    }
}
