public import Platform
public import PostgresClient
public import PostgresFormat

/// Sessions in one database of three copies: from just before a transaction's commit, from just after it,
/// and of now. Nobody else works in them.
public struct UndoCopies {
    public var before: Connection
    public var after: Connection
    public var now: Connection

    public init(before: Connection, after: Connection, now: Connection) {
        self.before = before
        self.after = after
        self.now = now
    }
}

/// What was read of the rows of transactions.
public struct UndoReading: Sendable {
    public var tables: [UndoPlan.Table]
    /// Tables that a transaction dropped, with all their rows.
    public var dropped: [UndoPlan.Table]
    public var leftOut: [UndoPlan.LeftOut]
    /// Whether every dropped table was read: one that is made again without its rows would seem to be whole.
    public var hasAllDropped = true
}

/// Which of the rows that transactions touched are taken back.
public struct UndoChoice {
    /// Whether a row that was written at all since is a conflict, whatever the column.
    public var isStrict = false
    /// Whether a table is of interest.
    public var wants: (QualifiedName) -> Bool = { _ in true }
    /// Names of the columns that updated rows get back; all of them where it is empty.
    public var columns: Set<String> = []
    /// A condition in SQL for rows as they were just before, or just after where they were not there; nil for
    /// all rows.
    public var condition: String?
    /// A condition in SQL for rows as they were just after: one that was not there does not fit. Nil for all
    /// rows.
    public var conditionAfter: String?

    /// Everything.
    public init() {}
}

/// Reads the rows that transactions touched, by their addresses, and judges them against now.
public struct UndoReader {
    let copies: UndoCopies
    private(set) var footprint: TransactionFootprint
    var states = TrackStates()
    let choice: UndoChoice
    private var isStrict: Bool { choice.isStrict }
    let moments: (LSN) throws(Problem) -> Connection?

    /// - Parameters:
    ///   - footprint: with the later writes of its rows.
    ///   - moments: a session in a copy of the moment just after a commit record; nil where none can be had.
    public init(
        _ copies: UndoCopies, _ footprint: TransactionFootprint, _ choice: UndoChoice,
        moments: @escaping (LSN) throws(Problem) -> Connection?
    ) {
        self.copies = copies
        self.footprint = footprint
        self.choice = choice
        self.moments = moments
    }

    public mutating func read() throws(Problem) -> UndoReading {
        for connection in [copies.before, copies.after, copies.now] { try RowReader.prepare(connection) }
        let encoding = try copies.now.query("SHOW server_encoding").scalar
        guard encoding != "SQL_ASCII" else {
            throw Problem(
                .operationNotSupported, "the database has the encoding SQL_ASCII",
                detail: "its texts are bytes of no known encoding, which a script cannot carry exactly",
                hint: "Restore a copy of just before with 'pitr restore', and take the rows from there.")
        }
        let sorter = try TableSorter(copies, footprint)
        footprint.settleMoves(sorter.roots)
        let names = sorter.groups.map(\.name) + sorter.dropped.map(\.name)
        if !names.isEmpty, !names.contains(where: choice.wants) {
            throw Problem(
                .resourceNotFound,
                "the transaction\(isSingle ? "" : "s") did not touch any of the tables asked for",
                detail: "touched were " + names.map(\.description).joined(separator: ", "))
        }
        var reading = UndoReading(tables: [], dropped: [], leftOut: sorter.leftOut)
        var kept: [TableSorter.Group] = []
        var layouts: [TableLayout] = []
        for group in sorter.groups where choice.wants(group.name) {
            switch try layout(group) {
            case .layout(let layout):
                kept.append(group)
                layouts.append(layout)
            case .leftOut(let reason): reading.leftOut.append(.init(subject: "\(group.name)", reason: reason))
            }
        }
        try checkColumns(layouts)
        try readStates(of: kept, layouts)
        for (group, layout) in zip(kept, layouts) {
            let table = try table(group, layout, &reading.leftOut)
            if !table.rows.isEmpty { reading.tables.append(table) }
        }
        tieHalves(&reading.tables, all: Set(sorter.roots.keys))
        try ReferenceCheck(copies.now).judge(&reading.tables)
        for owner in sorter.dropped {
            switch try droppedRows(owner) {
            case .read(let table): reading.dropped.append(table)
            case .leftOut(let reason):
                reading.leftOut.append(.init(subject: "\(owner.name)", reason: reason))
                reading.hasAllDropped = false
            }
        }
        return reading
    }

    private func droppedRows(_ owner: TableReader.Owner) throws(Problem) -> Outcome {
        guard choice.wants(owner.name) else { return .leftOut("it was not asked for") }
        guard choice.columns.isEmpty, choice.condition == nil, choice.conditionAfter == nil else {
            return .leftOut("a dropped table comes back with all of its rows and columns or not at all")
        }
        return try droppedTable(owner)
    }

    private enum Outcome {
        case read(UndoPlan.Table)
        case leftOut(String)
    }

    /// Whether one transaction is taken back, and no others with it.
    var isSingle: Bool { footprint.commits.count <= 1 }

    private enum Columns {
        case layout(TableLayout)
        case leftOut(String)
    }

    private func layout(_ group: TableSorter.Group) throws(Problem) -> Columns {
        guard let before = try TableReader(copies.before).shape(of: group.number),
            let after = try TableReader(copies.after).shape(of: group.number)
        else { return .leftOut("the transaction made or dropped it") }
        guard before.hasSameColumns(as: after) else {
            return .leftOut(
                isSingle
                    ? "the transaction changed its columns as well"
                    : "its columns were changed between the transactions: take them back one by one")
        }
        guard let now = try TableReader(copies.now).shape(of: group.number) else {
            return .leftOut("it was dropped since; a copy from before has it")
        }
        guard let layout = try TableLayout(before, now, copies.now) else {
            return .leftOut("it has other columns now")
        }
        for part in group.parts {
            if part.isWhole {
                guard isSingle else {
                    return .leftOut("it was emptied or written anew meanwhile: take that back by itself")
                }
                if let reason = try tooLarge(part.nameBefore, copies.before) { return .leftOut(reason) }
            }
            let file = try TableReader(copies.now).file(of: part.relation)
            if file != part.fileAfter, now.key == nil {
                return .leftOut("it has no key and was written anew since")
            }
        }
        return .layout(layout)
    }

    /// A column that no table has was mistyped.
    private func checkColumns(_ layouts: [TableLayout]) throws(Problem) {
        let known = Set(layouts.flatMap { $0.now.columns.map(\.name) })
        guard let other = choice.columns.subtracting(known).min(), !layouts.isEmpty else { return }
        throw Problem(
            .usage, "none of the tables has a column \(other)", detail: known.sorted().joined(separator: ", ")
        )
    }

    private func table(
        _ group: TableSorter.Group, _ layout: TableLayout, _ leftOut: inout [UndoPlan.LeftOut]
    ) throws(Problem) -> UndoPlan.Table {
        let now = layout.now
        var isFollowed = true
        for part in group.parts where try TableReader(copies.now).file(of: part.relation) != part.fileAfter {
            isFollowed = false
        }
        let read = try pairs(of: group, layout)
        let pairs = try chosen(read, layout)
        let untold = choice.conditionAfter == nil ? 0 : rewritten(read)
        if untold > 0 {
            leftOut.append(
                .init(
                    subject: "\(group.name)",
                    reason: "\(untold) rows were written by others between the transactions: how these left "
                        + "them is not read, and --where-after says nothing of them"))
        }
        if pairs.count + untold < read.count {
            leftOut.append(
                .init(
                    subject: "\(group.name)",
                    reason: "\(read.count - pairs.count - untold) rows were not asked for"))
        }
        guard now.key == nil else {
            var rows = try judgedByKey(pairs, layout, isFollowed: isFollowed)
            layout.hold(&rows)
            return UndoPlan.Table(shape: now, rows: rows)
        }
        var rows = try judgedByAddress(pairs, layout, group)
        layout.hold(&rows)
        return UndoPlan.Table(shape: now, rows: rows, alike: try alike(rows, now))
    }

    /// Why so many rows are not read at once; nil where they are not too many.
    private func tooLarge(_ table: QualifiedName, _ connection: Connection) throws(Problem) -> String? {
        let count = try connection.query("SELECT count(*)::text FROM ONLY \(table.sql)").scalar
        guard let count = count.flatMap({ Int($0) }), count > Self.largestWhole else { return nil }
        return "it had \(count) rows, more than \(Self.largestWhole): take them from a copy of just before"
    }

    /// All rows of a table that is emptied or dropped are held in memory.
    private static let largestWhole = 500_000

    private func droppedTable(_ owner: TableReader.Owner) throws(Problem) -> Outcome {
        guard var shape = try TableReader(copies.before).shape(of: owner.relation) else {
            return .leftOut("it cannot be read just before the transaction")
        }
        if let reason = try tooLarge(owner.name, copies.before) { return .leftOut(reason) }
        // Triggers and foreign keys are made when the rows are there.
        shape.references = []
        shape.switches = []
        shape.key = nil
        let written = shape
        let rows = try RowReader(copies.before).allRows(of: shape, in: owner.name).map { row in
            JudgedRow(
                change: .delete, before: row.cells, after: nil, now: nil, verdict: .absentNow,
                damaged: written.written)
        }
        return .read(UndoPlan.Table(shape: shape, rows: rows, isDropped: true))
    }

    // MARK: Now

    private func judgedByKey(
        _ pairs: [Pair], _ layout: TableLayout, isFollowed: Bool
    ) throws(Problem) -> [JudgedRow] {
        let shape = layout.now
        guard let key = shape.key else { return [] }
        let judge = RowJudge(shape, isStrict: isStrict)
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
    private func tieHalves(_ tables: inout [UndoPlan.Table], all files: Set<RelationLocator>) {
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

    private func judgedByAddress(
        _ pairs: [Pair], _ layout: TableLayout, _ group: TableSorter.Group
    ) throws(Problem) -> [JudgedRow] {
        let shape = layout.now
        let judge = RowJudge(shape, isStrict: isStrict)
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
