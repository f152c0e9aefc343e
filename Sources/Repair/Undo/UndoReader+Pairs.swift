import Platform
import PostgresClient
import PostgresFormat

/// Rows before and after.
extension UndoReader {
    /// A row as it would be without the transactions, and as they left it.
    struct Pair {
        var history: RowHistory
        var track: RowTrack
        var part: TableSorter.Part
        /// Of a row that was taken away and put in again: where it was before.
        var origin: (track: RowTrack, part: TableSorter.Part)?
        /// Whether every later write of the row is known.
        var isFollowed = true
        /// Whether a state of it could not be read, so that nothing can be told apart.
        var isUntold = false
        private(set) var merged: RowHistory.Merged?

        var before: Cells? { merged?.before }
        var after: Cells? { merged?.after }

        init(
            history: RowHistory, track: RowTrack, part: TableSorter.Part, isFollowed: Bool = true,
            isUntold: Bool = false
        ) {
            self.history = history
            self.track = track
            self.part = part
            self.isFollowed = isFollowed
            self.isUntold = isUntold
        }

        mutating func merge() { merged = history.merged }

        /// Only what was done to these columns; a row that came or went has them all.
        mutating func keep(_ places: Set<Int>) {
            guard let before = merged?.before, let after = merged?.after else { return }
            for place in before.indices where !places.contains(place) {
                merged?.before?[place] = after[place]
            }
            merged?.contested.removeAll { !places.contains($0) }
        }

        mutating func pad(_ layout: TableLayout) {
            history.base = history.base.map(layout.padded)
            for index in history.states.indices {
                history.states[index].cells = history.states[index].cells.map(layout.padded)
            }
        }

        /// The row's verdict, with everybody else who wrote it; nil where there is nothing to be said.
        func judged(
            by judge: RowJudge, _ now: Cells?, _ versions: [Cells]?, isFollowed: Bool, _ shape: TableShape
        ) -> JudgedRow? {
            var row: JudgedRow
            if isUntold {
                row = JudgedRow(
                    change: .update, before: before, after: after, now: now, verdict: .conflict,
                    damaged: shape.written, conflicts: shape.written,
                    reason: "what it was between the transactions cannot be read")
                row.isLost = true
            } else {
                let judged = judge.judge(
                    before: before, after: after, now: now, later: track.later, versions: versions,
                    isFollowed: isFollowed, contested: merged?.contested ?? [])
                guard let judged else { return nil }
                row = judged
            }
            row.later = track.steps.filter { !$0.isOwn } + track.later
            return row
        }
    }

    /// Reads what is not to be seen in the copies of before and after.
    mutating func readStates(of groups: [TableSorter.Group], _ layouts: [TableLayout]) throws(Problem) {
        guard let first = footprint.commits.first, let last = footprint.commits.last, first < last else {
            return
        }
        var parts: [RelationLocator: TrackStates.Part] = [:]
        for (group, layout) in zip(groups, layouts) {
            for part in group.parts {
                parts[part.file] = TrackStates.Part(part: part, shape: layout.before)
                for (index, track) in (footprint.relations[part.file] ?? []).enumerated() {
                    for wish in track.wishes(part.file, index, from: first, to: last) { states.want(wish) }
                }
            }
        }
        try states.read(parts, moments)
    }

    func pairs(of group: TableSorter.Group, _ layout: TableLayout) throws(Problem) -> [Pair] {
        guard let before = try TableReader(copies.before).shape(of: group.number),
            let after = try TableReader(copies.after).shape(of: group.number)
        else { return [] }
        var pairs: [Pair] = []
        for part in group.parts {
            pairs +=
                part.isWhole
                ? try wholePairs(of: part, before, after) : try self.pairs(of: part, before, after)
        }
        for index in pairs.indices {
            pairs[index].pad(layout)
            pairs[index].merge()
        }
        if layout.now.key != nil { Self.join(&pairs, RowJudge(layout.now), isSingle: isSingle) }
        return pairs
    }

    private func pairs(
        of part: TableSorter.Part, _ before: TableShape, _ after: TableShape
    ) throws(Problem) -> [Pair] {
        let tracks = footprint.relations[part.file] ?? []
        let (first, last) = (footprint.commits.first ?? .zero, footprint.commits.last ?? .zero)
        let old = try RowReader(copies.before).rows(
            of: before, in: part.nameBefore,
            at: tracks.filter { $0.isThere(before: first) }.compactMap(\.before))
        let new = try RowReader(copies.after).rows(
            of: after, in: part.nameAfter, at: tracks.filter { $0.isThere(after: last) }.compactMap(\.after))
        return tracks.enumerated().map { index, track in
            func read(_ state: Int) -> Cells? {
                states.found[.init(file: part.file, track: index, state: state)]
            }
            var base = track.before.flatMap { old[$0] }
            if track.before != nil, !track.isThere(before: first) { base = read(0) }
            var pair = Pair(history: RowHistory(base: base, states: []), track: track, part: part)
            pair.isUntold = base == nil && track.before != nil
            for state in track.boundaries {
                var cells: Cells?
                if track.steps[state - 1].address != nil {
                    let isLast = state == track.steps.count && track.isThere(after: last)
                    cells = isLast ? track.after.flatMap { new[$0] } : read(state)
                    if cells == nil { pair.isUntold = true }
                }
                pair.history.states.append(.init(isOwn: track.steps[state - 1].isOwn, cells: cells))
            }
            return pair
        }
    }

    /// Of a table that was emptied or written anew: all rows that differ, by their texts.
    private func wholePairs(
        of part: TableSorter.Part, _ before: TableShape, _ after: TableShape
    ) throws(Problem) -> [Pair] {
        let old = try RowReader(copies.before).allRows(of: before, in: part.nameBefore)
        let new = try RowReader(copies.after).allRows(of: after, in: part.nameAfter)
        var alike: [Cell: Int] = [:]
        for row in new { alike[RowText.of(row.cells, after), default: 0] += 1 }
        var left = alike
        var pairs: [Pair] = []
        for row in old {
            let text = RowText.of(row.cells, before)
            if let count = left[text], count > 0 {
                left[text] = count - 1
            } else {
                pairs.append(
                    Pair(
                        history: RowHistory(base: row.cells, states: [.init(isOwn: true, cells: nil)]),
                        track: RowTrack(before: row.address, after: nil), part: part))
            }
        }
        let tracks = part.fileAfter.flatMap { footprint.relations[$0] } ?? []
        let known = Dictionary(tracks.compactMap { track in track.after.map { ($0, track) } }) { $1 }
        for row in new {
            let text = RowText.of(row.cells, after)
            guard let count = left[text], count > 0 else { continue }
            left[text] = count - 1
            // Where the row was not put in by a record of its own, what became of it since is not known.
            let track = known[row.address] ?? RowTrack(before: nil, after: row.address)
            pairs.append(
                Pair(
                    history: RowHistory(base: nil, states: [.init(isOwn: true, cells: row.cells)]),
                    track: track, part: part, isFollowed: known[row.address] != nil))
        }
        return pairs
    }

    /// A row that one transaction took from one place and put in another with the same key was moved: between
    /// partitions, by a DELETE and an INSERT, or by a TRUNCATE and an INSERT.
    ///
    /// - Parameter isSingle: whether one transaction is taken back. Its rows need no telling apart, and those
    ///   of a table that it emptied have no writes of their own.
    static func join(_ pairs: inout [Pair], _ judge: RowJudge, isSingle: Bool) {
        var gone: [Cells: [Int]] = [:]
        for (index, pair) in pairs.enumerated() where pair.after == nil && !pair.isUntold {
            if let key = pair.before.flatMap(judge.key) { gone[key, default: []].append(index) }
        }
        var joined: Set<Int> = []
        for index in pairs.indices where pairs[index].history.base == nil && !pairs[index].isUntold {
            guard let key = pairs[index].history.states.first?.cells.flatMap(judge.key) else { continue }
            let other = gone[key]?.first { other in
                !joined.contains(other)
                    && (isSingle
                        || pairs[other].track.steps.last?.commit == pairs[index].track.steps.first?.commit)
            }
            guard let other else { continue }
            pairs[index].origin = (pairs[other].track, pairs[other].part)
            pairs[index].history = pairs[other].history.continued(by: pairs[index].history)
            pairs[index].merge()
            joined.insert(other)
        }
        pairs = pairs.enumerated().filter { !joined.contains($0.offset) }.map(\.element)
    }
}

extension RowTrack {
    /// Whether the row is seen as it was just before the first of all the commits.
    func isThere(before first: LSN) -> Bool { before != nil && born < first }

    /// Whether it is seen as they left it just after the last one.
    func isThere(after last: LSN) -> Bool {
        after != nil && (later.first.map { $0.commit > last } ?? true)
    }

    /// Numbers of the states that tell who wrote what, counted from 1: one behind each step but for those
    /// that are followed by another one that is taken back, too.
    var boundaries: [Int] {
        steps.indices.filter { index in
            index == steps.count - 1 || !(steps[index].isOwn && steps[index + 1].isOwn)
        }.map { $0 + 1 }
    }

    /// What has to be read of it besides.
    func wishes(_ file: RelationLocator, _ index: Int, from first: LSN, to last: LSN) -> [TrackStates.Wish] {
        var wishes: [TrackStates.Wish] = []
        if let before, !isThere(before: first) {
            let key = TrackStates.Key(file: file, track: index, state: 0)
            wishes.append(.init(key: key, address: before, from: born, to: steps[0].commit))
        }
        for state in boundaries {
            let isLast = state == steps.count
            guard let address = steps[state - 1].address, !(isLast && isThere(after: last)) else { continue }
            let next = isLast ? later.first?.commit : steps[state].commit
            wishes.append(
                .init(
                    key: .init(file: file, track: index, state: state), address: address,
                    from: steps[state - 1].commit, to: next ?? LSN(UInt64.max)))
        }
        return wishes
    }
}
