import Platform
import PostgresClient
import PostgresFormat

/// Rows as they are now.
extension UndoReader {
    func judgedByKey(
        _ pairs: [Pair], _ layout: TableLayout, isFollowed: Bool
    ) throws(Problem) -> [JudgedRow] {
        let shape = layout.now
        guard let key = shape.key else { return [] }
        let judge = RowJudge(shape, isStrict: choice.isStrict)
        let touched = pairs.filter { $0.before != nil || $0.after != nil || $0.isUntold }
        let none = Cells(repeating: nil, count: shape.columns.count)
        let found = try RowReader(copies.now).rows(
            of: shape, by: key, touched.map { judge.key(of: $0.after ?? $0.before ?? none) ?? [] })
        let versions = isFollowed ? try versions(of: touched, found.map { $0?.cells }, judge, layout) : [:]
        var rows: [JudgedRow] = []
        var lives = KeyLives()
        for (index, pair) in touched.enumerated() {
            let knows = isFollowed && pair.isFollowed
            guard
                var row = pair.judged(
                    by: judge, found[index]?.cells, versions[index], isFollowed: knows, shape)
            else { continue }
            row.address = found[index]?.address
            row.relation = found[index]?.relation
            row.move = pair.track.move
            if knows, !row.isLost { Self.follow(&row, pair, found[index]) }
            rows.append(row)
            if !isSingle { lives.add(row, pair, shape, rows.count - 1) }
        }
        lives.settle(&rows)
        Self.tie(&rows)
        var judged = try withFreeKeys(rows, shape, key)
        Self.holdFollowed(&judged, shape)
        return judged
    }

    /// What has the row's key now must be the row itself, where WAL says it lies.
    private static func follow(_ row: inout JudgedRow, _ pair: Pair, _ found: RowReader.Found?) {
        guard row.change != .delete else { return }
        let isItself = found?.address == pair.track.now && found?.relation == pair.part.relation
        let isMoved = pair.track.later.last?.isMove ?? false
        if found == nil, pair.track.now == nil, !isMoved { return }
        if found != nil, isItself { return }
        row.verdict = row.change == .insert ? .changedSince : .conflict
        row.conflicts = row.damaged
        row.reason = isMoved ? "it was taken to another partition since" : "its key was changed since"
        // Another row must not be written for it, whatever the rule.
        row.now = nil
        row.isLost = true
    }

    /// A row that somebody has taken back to its partition since is right already.
    private static func tie(_ rows: inout [JudgedRow]) {
        // Somebody has taken it back since.
        let right = Set(
            rows.filter { $0.change == .delete && $0.verdict == .alreadyRight }.compactMap(\.move))
        for index in rows.indices where rows[index].change == .insert && rows[index].isLost {
            guard let move = rows[index].move, right.contains(move) else { continue }
            rows[index].verdict = .alreadyRight
            rows[index].reason = nil
            rows[index].isLost = false
        }
    }

    /// The two halves of a row that was taken to another partition go back together or not at all, also where
    /// they lie in tables of their own, or one of them is left out.
    func tieHalves(_ tables: inout [UndoPlan.Table], all files: Set<RelationLocator>) {
        var left = footprint.halves(in: files)
        for row in tables.flatMap(\.rows) { if let move = row.move { left[move, default: 0] -= 1 } }
        let rows = tables.flatMap(\.rows).filter { $0.move != nil }
        let held = Set(rows.filter { $0.verdict.isConflict }.compactMap(\.move))
        // Where one half cannot be written under any rule, the other one must not be either.
        let lost = Set(rows.filter(\.isLost).compactMap(\.move)).union(left.filter { $0.value > 0 }.keys)
        for table in tables.indices {
            for index in tables[table].rows.indices {
                var row = tables[table].rows[index]
                guard let move = row.move, held.contains(move) || lost.contains(move) else { continue }
                if !row.verdict.isConflict {
                    row.verdict = row.change == .delete ? .keyTakenNow : .conflict
                    row.conflicts = row.damaged
                    row.reason =
                        (left[move] ?? 0) > 0
                        ? "its other half, in another partition, is not taken back"
                        : "its other half, in another partition, is in conflict"
                }
                row.isLost = row.isLost || lost.contains(move)
                tables[table].rows[index] = row
            }
        }
    }

    /// A changed key goes back only where no other row has it by now.
    private func withFreeKeys(
        _ rows: [JudgedRow], _ shape: TableShape, _ key: TableShape.Key
    ) throws(Problem) -> [JudgedRow] {
        let changed = rows.indices.filter { rows[$0].verdict == .keyChanged }
        guard !changed.isEmpty else { return rows }
        let judge = RowJudge(shape)
        let wanted = changed.map { judge.key(of: rows[$0].before ?? []) ?? [] }
        let holders = try RowReader(copies.now).rows(of: shape, by: key, wanted)
        let leaving = Set(
            rows.filter { $0.verdict == .keyChanged || $0.verdict == .unchangedSince }
                .compactMap { $0.now.flatMap(judge.key) })
        var result = rows
        for (index, holder) in zip(changed, holders) {
            if let holder, let held = judge.key(of: holder.cells), !leaving.contains(held) {
                result[index].verdict = .keyTakenNow
                result[index].conflicts = key.columns
            }
        }
        return result
    }

    /// Rows of other tables that follow a value would be changed with it.
    private static func holdFollowed(_ rows: inout [JudgedRow], _ shape: TableShape) {
        for reference in shape.references where reference.actsOnUpdate {
            for index in rows.indices where rows[index].change == .update && rows[index].verdict.isRepaired {
                guard rows[index].damaged.contains(where: reference.referenced.contains) else { continue }
                rows[index].verdict = .conflict
                rows[index].conflicts = reference.referenced
                rows[index].reason = "rows of \(reference.table) follow it"
                rows[index].isLost = true
            }
        }
    }

    func judgedByAddress(
        _ pairs: [Pair], _ layout: TableLayout, _ group: TableSorter.Group
    ) throws(Problem) -> [JudgedRow] {
        let shape = layout.now
        let judge = RowJudge(shape, isStrict: choice.isStrict)
        var rows: [JudgedRow] = []
        for part in group.parts {
            let own = pairs.filter {
                $0.part == part && ($0.before != nil || $0.after != nil || $0.isUntold)
            }
            let found = try RowReader(copies.now).rows(
                of: shape, in: shape.name, at: own.compactMap(\.track.now))
            let cells = own.map { $0.track.now.flatMap { found[$0] } }
            let versions = try versions(of: own, cells, judge, layout)
            for (index, pair) in own.enumerated() {
                guard
                    var row = pair.judged(
                        by: judge, cells[index], versions[index], isFollowed: pair.isFollowed, shape)
                else { continue }
                row.address = pair.track.now
                row.move = pair.track.move
                if pair.track.later.last?.isMove ?? false {
                    row.verdict = .conflict
                    row.conflicts = row.damaged
                    row.reason = "it was taken to another partition since"
                    row.isLost = true
                }
                rows.append(row)
            }
        }
        return rows
    }
}
