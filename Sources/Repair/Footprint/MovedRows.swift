import PostgresFormat

extension TransactionFootprint {
    /// Tells which rows came from another partition: the first one that was put into the same partitioned
    /// table after a row had left it.
    ///
    /// In between its long values are written, and triggers may write anything.
    ///
    /// - Parameter roots: of each file of rows, the partitioned table at the top, or the table itself.
    mutating func settleMoves(_ roots: [RelationLocator: ObjectID]) {
        var left: [Int: ObjectID] = [:]
        for (file, tracks) in relations {
            guard let root = roots[file] else { continue }
            for track in tracks where track.before != nil && track.after == nil {
                if let move = track.move { left[move] = root }
            }
        }
        var first: [Int: (file: RelationLocator, index: Int, order: Int)] = [:]
        for (file, tracks) in relations {
            guard let root = roots[file] else { continue }
            for (index, track) in tracks.enumerated() where track.before == nil {
                guard let move = track.move, left[move] == root,
                    track.moveOrder < first[move]?.order ?? .max
                else { continue }
                first[move] = (file, index, track.moveOrder)
            }
        }
        for file in relations.keys {
            for index in relations[file, default: []].indices {
                guard let move = relations[file]?[index].move else { continue }
                let isEnd = relations[file]?[index].before != nil && first[move] != nil
                let isStart = first[move].map { $0.file == file && $0.index == index } ?? false
                if !isEnd && !isStart { relations[file, default: []][index].move = nil }
            }
        }
    }

    /// How many halves of rows that moved lie in these files, by the moves.
    func halves(in files: Set<RelationLocator>) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for file in files {
            for track in relations[file] ?? [] { if let move = track.move { counts[move, default: 0] += 1 } }
        }
        return counts
    }
}
