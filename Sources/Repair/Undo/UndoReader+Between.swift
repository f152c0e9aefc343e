import Platform
import PostgresClient
import PostgresFormat
import ServiceModel

/// What has to be known besides before, after and now.
extension UndoReader {
    /// For rows that several transactions wrote since, as each of them but the last left them; by the pairs'
    /// places. Where one moment cannot be had the row is not in it.
    func versions(
        of pairs: [Pair], _ now: [Cells?], _ judge: RowJudge, _ layout: TableLayout
    ) throws(Problem) -> [Int: [Cells]] {
        var wanted: [LSN: [(index: Int, address: RowAddress)]] = [:]
        var counts: [Int: Int] = [:]
        for (index, pair) in pairs.enumerated() {
            guard !pair.isUntold,
                judge.needsVersions(
                    before: pair.before, after: pair.after, now: now[index], later: pair.track.later)
            else { continue }
            var last: [TransactionID: RowWrite] = [:]
            for write in pair.track.later { last[write.xid] = write }
            let writes = last.values.sorted { $0.commit < $1.commit }.dropLast()
            // One that was deleted in between, or moved to another partition, is not followed.
            guard writes.allSatisfy({ $0.address != nil }) else { continue }
            counts[index] = writes.count
            for write in writes {
                if let address = write.address { wanted[write.commit, default: []].append((index, address)) }
            }
        }
        var found: [Int: [Cells]] = [:]
        for commit in wanted.keys.sorted() {
            guard let connection = try moments(commit), let rows = wanted[commit] else { continue }
            for (part, own) in Dictionary(grouping: rows, by: { pairs[$0.index].part }) {
                // Its columns may stand in another order than those of the whole table, and some may have
                // been added only later.
                guard let there = try TableReader(connection).shape(of: part.relation),
                    let root = try TableReader(connection).shape(of: layout.now.number),
                    let between = try TableLayout(root, layout.now, copies.now)
                else { continue }
                let cells = try RowReader(connection).rows(of: root, in: there.name, at: own.map(\.address))
                for row in own {
                    if let cells = cells[row.address] {
                        found[row.index, default: []].append(between.padded(cells))
                    }
                }
            }
        }
        return found.filter { counts[$0.key] == $0.value.count }
    }

    /// How many rows of now have each text that a repair may expect or leave, whatever the rule.
    func alike(_ rows: [JudgedRow], _ shape: TableShape) throws(Problem) -> [Cell: Int] {
        var texts: Set<Cell> = []
        for row in rows {
            for rule in ConflictRule.allCases {
                guard let write = PlannedWrite(row, shape, rule) else { continue }
                for cells in [write.expected, write.wanted] {
                    if let cells { texts.insert(RowText.of(cells, shape)) }
                }
            }
        }
        return try RowReader(copies.now).counts(of: shape, texts)
    }
}
