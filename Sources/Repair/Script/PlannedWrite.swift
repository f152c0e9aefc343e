public import PostgresFormat
public import ServiceModel

/// One row as a repair finds it and as it leaves it.
public struct PlannedWrite: Hashable, Sendable {
    public enum Action: String, Hashable, Sendable, CaseIterable {
        case insert, update, delete
    }

    public var action: Action
    /// As the row must be; nil for one that must be absent.
    public var expected: Cells?
    /// As the row is left; nil for one that is removed.
    public var wanted: Cells?
    /// Where it must lie, in a table without a key.
    public var address: RowAddress?
    /// The partition in which it lies; nil for the table itself.
    public var relation: ObjectID?
    /// Places of the columns that are set.
    public var columns: [Int]
    /// The place of the judged row in its table.
    public var row = 0

    /// What becomes of a row under a rule for conflicts, or as somebody decided; nil if nothing does.
    public init?(_ row: JudgedRow, _ shape: TableShape, _ rule: ConflictRule) {
        if row.isLost { return nil }
        switch row.verdict {
        case .alreadyRight, .forbiddenNow, .referencedSince: return nil
        case .restorable, .mergeable, .keyChanged:
            self.init(updating: row, row.damaged, shape)
        case .absentNow:
            self.init(inserting: row.before)
        case .unchangedSince:
            self.init(deleting: row)
        case .conflict, .keyTakenNow, .changedSince:
            switch row.decision?.rule ?? rule {
            case .stop, .skip: return nil
            case .before: self.init(forcing: row, shape)
            case .now:
                guard row.verdict == .conflict, row.now != nil else { return nil }
                self.init(updating: row, row.damaged.filter { !row.conflicts.contains($0) }, shape)
            }
        }
    }

    private init?(forcing row: JudgedRow, _ shape: TableShape) {
        switch (row.before, row.now) {
        case (let before?, nil): self.init(inserting: before)
        case (let before?, let now?):
            let differing = shape.written.filter { before[$0] != now[$0] }
            self.init(updating: row, row.change == .delete ? differing : row.damaged, shape)
        case (nil, .some): self.init(deleting: row)
        case (nil, nil): return nil
        }
    }

    private init?(updating row: JudgedRow, _ places: [Int], _ shape: TableShape) {
        guard let before = row.before, let now = row.now else { return nil }
        var wanted = now
        for place in places { wanted[place] = before[place] }
        let columns = places.filter { now[$0] != before[$0] && !shape.columns[$0].isGenerated }
        guard !columns.isEmpty else { return nil }
        action = .update
        expected = now
        self.wanted = wanted
        address = row.address
        relation = row.relation
        self.columns = columns
    }

    private init?(inserting cells: Cells?) {
        guard let cells else { return nil }
        action = .insert
        wanted = cells
        columns = []
    }

    private init?(deleting row: JudgedRow) {
        guard let now = row.now else { return nil }
        action = .delete
        expected = now
        address = row.address
        relation = row.relation
        columns = []
    }
}

/// All that a script writes into one table.
public struct PlannedTable: Hashable, Sendable {
    public var shape: TableShape
    public var writes: [PlannedWrite]
    /// Of a table without a key: how many rows of now have each text that is expected or wanted.
    public var alike: [Cell: Int]
    /// Whether the script makes the table.
    public var isDropped: Bool

    public init(
        shape: TableShape, writes: [PlannedWrite], alike: [Cell: Int] = [:], isDropped: Bool = false
    ) {
        self.shape = shape
        self.writes = writes
        self.alike = alike
        self.isDropped = isDropped
    }

    public func writes(_ action: PlannedWrite.Action) -> [PlannedWrite] {
        writes.filter { $0.action == action }
    }

    /// Updates of key columns, each behind the one that frees the key it wants.
    ///
    /// Several stand together where keys go round in a circle: the first one of them has to give up its key
    /// before the others are done, and gets its new one after them.
    static func ordered(_ writes: [PlannedWrite], by key: TableShape.Key) -> [[PlannedWrite]] {
        func cells(_ row: Cells?) -> Cells { key.columns.map { row?[$0] ?? nil } }
        var waiting = writes
        var held = Set(writes.map { cells($0.expected) })
        var ordered: [[PlannedWrite]] = []
        while !waiting.isEmpty {
            var rest: [PlannedWrite] = []
            for write in waiting {
                let own = cells(write.expected)
                let wanted = cells(write.wanted)
                if held.contains(wanted), wanted != own {
                    rest.append(write)
                } else {
                    held.remove(own)
                    ordered.append([write])
                }
            }
            if rest.count == waiting.count {
                // Each waits for one that waits: whoever is met twice on the way is in a circle.
                let holders = Dictionary(rest.indices.map { (cells(rest[$0].expected), $0) }) { first, _ in
                    first
                }
                var way: [Int] = []
                var next = 0
                while !way.contains(next) {
                    way.append(next)
                    next = holders[cells(rest[next].wanted)] ?? next
                }
                let circle = Array(way[(way.firstIndex(of: next) ?? 0)...])
                for place in circle { held.remove(cells(rest[place].expected)) }
                // The last one wants the key of the first, each one before it that of the one behind it.
                ordered.append((circle.prefix(1) + circle.dropFirst().reversed()).map { rest[$0] })
                rest = rest.indices.filter { !circle.contains($0) }.map { rest[$0] }
            }
            waiting = rest
        }
        return ordered
    }
}
