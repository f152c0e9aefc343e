import PostgresFormat

/// Compares a row before and after a transaction with what it is now, cell by cell.
///
/// The cells before are the base, those after the transaction's own, those of now everybody's. A cell that
/// the transaction changed goes back only where it still has the transaction's value and nobody wrote it
/// since.
public struct RowJudge: Sendable {
    private let shape: TableShape
    /// Whether a row that was written at all since is a conflict, whatever the column.
    private let isStrict: Bool

    public init(_ shape: TableShape, isStrict: Bool = false) {
        self.shape = shape
        self.isStrict = isStrict
    }

    /// Of the key's columns, the cells; nil for a table without a key.
    public func key(of cells: Cells) -> Cells? {
        shape.key.map { key in key.columns.map { cells[$0] } }
    }

    /// Whether what several transactions wrote since has to be known to tell whose a cell is.
    ///
    /// One later transaction changed exactly what differs now. Of several, one may have taken back what
    /// another one wrote.
    func needsVersions(before: Cells?, after: Cells?, now: Cells?, later: [RowWrite]) -> Bool {
        guard let after, let now, Set(later.map(\.xid)).count > 1 else { return false }
        guard let before else { return now == after }
        return shape.written.contains { before[$0] != after[$0] && now[$0] == after[$0] }
    }

    /// - Parameters:
    ///   - now: the row that has the key of `after`, or for a deleted one that of `before`.
    ///   - versions: the row as each later transaction but the last left it; nil where that is not known.
    ///   - isFollowed: whether every later write of the row is known; without that nothing tells whether a
    ///     cell was written again with the same value.
    ///   - contested: places of cells that others wrote between several transactions that are taken back.
    /// - Returns: nil for a row that the transaction left as it was.
    public func judge(
        before: Cells?, after: Cells?, now: Cells?, later: [RowWrite], versions: [Cells]? = nil,
        isFollowed: Bool = true, contested: [Int] = []
    ) -> JudgedRow? {
        let contested = contested.filter { !shape.columns[$0].isGenerated }
        switch (before, after) {
        case (nil, nil): return nil
        case (let before?, nil):
            return Self.contest(contested, deleted(before, now, later))
        case (nil, let after?):
            return Self.contest(
                contested, inserted(after, now, later, isFollowed ? versions : nil, isFollowed))
        case (let before?, let after?):
            let damaged = Set(differing(before, after) + contested).sorted().filter {
                !shape.columns[$0].isGenerated
            }
            guard !damaged.isEmpty else { return nil }
            var row = JudgedRow(
                change: .update, before: before, after: after, now: now, verdict: .restorable,
                damaged: damaged, later: later)
            judgeUpdate(&row, before, after, now, isFollowed ? versions : nil, isFollowed, contested)
            return row
        }
    }

    /// Why a row that is not there any more is in conflict.
    static let deletedReason = "it was deleted since"
    private static let contestedReason = "another transaction wrote it between those that are taken back"

    /// What becomes of a row, as a whole, of which others wrote cells in between.
    private static func contest(_ places: [Int], _ row: JudgedRow) -> JudgedRow {
        guard !places.isEmpty, row.change == .delete || row.now != nil else { return row }
        var row = row
        if !row.verdict.isConflict { row.verdict = row.change == .delete ? .conflict : .changedSince }
        row.conflicts = row.damaged
        row.reason = row.reason ?? contestedReason
        return row
    }

    private func deleted(_ before: Cells, _ now: Cells?, _ later: [RowWrite]) -> JudgedRow {
        var row = JudgedRow(
            change: .delete, before: before, after: nil, now: now, verdict: .absentNow,
            damaged: Array(shape.columns.indices), later: later)
        if let now {
            row.verdict = now == before ? .alreadyRight : .keyTakenNow
            if now != before { row.conflicts = differing(before, now) }
        }
        return row
    }

    private func inserted(
        _ after: Cells, _ now: Cells?, _ later: [RowWrite], _ versions: [Cells]?, _ isFollowed: Bool
    ) -> JudgedRow {
        var row = JudgedRow(
            change: .insert, before: nil, after: after, now: now, verdict: .unchangedSince,
            damaged: Array(shape.columns.indices), later: later)
        guard let now else {
            row.verdict = .alreadyRight
            return row
        }
        // One who wrote the same values again changed nothing; of several, one may have taken back what
        // another one wrote.
        let isKnown =
            isFollowed && later.allSatisfy { $0.address != nil }
            && (Set(later.map(\.xid)).count <= 1 || versions != nil)
        let isSame = now == after && (versions ?? []).allSatisfy { $0 == after }
        if !isSame || !isKnown {
            row.verdict = .changedSince
            row.conflicts = differing(after, now)
        }
        return row
    }

    private func judgeUpdate(
        _ row: inout JudgedRow, _ before: Cells, _ after: Cells, _ now: Cells?, _ versions: [Cells]?,
        _ isFollowed: Bool, _ contested: [Int]
    ) {
        guard let now else {
            row.verdict = .conflict
            row.conflicts = row.damaged
            row.reason = Self.deletedReason
            return
        }
        let writers = Set(row.later.map(\.xid))
        // A row that was deleted and is there again was written as a whole.
        let isSameRow = row.later.allSatisfy { $0.address != nil }
        let isAttributed = isFollowed && isSameRow && (writers.count <= 1 || versions != nil)
        var isRepaired = false
        for place in row.damaged {
            if contested.contains(place) {
                row.conflicts.append(place)
                continue
            }
            if now[place] == before[place] {
                // It has the old value; who wrote it does not matter.
                continue
            }
            let isUntouched =
                now[place] == after[place] && isAttributed
                && (versions ?? []).allSatisfy { $0[place] == after[place] }
            if isUntouched { isRepaired = true } else { row.conflicts.append(place) }
        }
        let others = differing(after, now).filter {
            !row.damaged.contains($0) && !shape.columns[$0].isGenerated
        }
        if !row.conflicts.isEmpty {
            row.verdict = .conflict
            if !contested.isEmpty {
                row.reason = Self.contestedReason
            } else if !isAttributed, row.conflicts.allSatisfy({ now[$0] == after[$0] }) {
                row.reason =
                    if !isFollowed {
                        "the table was written anew since; whether the row was written again is not known"
                    } else if !isSameRow {
                        "the row was deleted and put in again since"
                    } else {
                        "\(writers.count) transactions wrote the row since; which of its cells is not told apart"
                    }
            }
        } else if !isRepaired {
            row.verdict = .alreadyRight
        } else if isStrict, !others.isEmpty || !row.later.isEmpty {
            row.verdict = .conflict
            row.conflicts = row.damaged
            row.reason = "it was written since"
        } else if changesKey(row) {
            row.verdict = .keyChanged
        } else {
            row.verdict = others.isEmpty ? .restorable : .mergeable
        }
    }

    private func changesKey(_ row: JudgedRow) -> Bool {
        shape.key?.columns.contains(where: row.damaged.contains) ?? false
    }

    private func differing(_ left: Cells, _ right: Cells) -> [Int] {
        shape.columns.indices.filter { left[$0] != right[$0] }
    }
}
