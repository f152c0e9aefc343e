public import Platform
public import PostgresClient
public import PostgresFormat

/// Sessions in one database of three copies: from just before a transaction's commit, from just after it,
/// and of now. Nobody else works in them.
public struct UndoCopies {
    public var before: Connection
    public var after: Connection
    public var now: Connection
    /// Whether those of before and after have all rows of all tables; else only those of the footprint.
    public var areWhole: Bool

    public init(before: Connection, after: Connection, now: Connection, areWhole: Bool) {
        self.areWhole = areWhole
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
    /// Tables that are of interest; all of them where it is empty.
    public var tables: [TableWord] = []
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

    func wants(_ table: QualifiedName) -> Bool {
        tables.isEmpty || tables.contains { $0.matches(table) }
    }

    /// A word that means none of these tables: it was mistyped.
    func unmatched(among names: [QualifiedName]) -> TableWord? {
        tables.first { !names.contains(where: $0.matches) }
    }
}

/// Reads the rows that transactions touched, by their addresses, and judges them against now.
public struct UndoReader {
    let copies: UndoCopies
    private(set) var footprint: TransactionFootprint
    var states = TrackStates()
    let choice: UndoChoice
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
        let names = sorter.touched
        if !names.isEmpty, let word = choice.unmatched(among: names) {
            let who = footprint.commits.count == 1 ? "the transaction" : "the transactions"
            throw Problem(
                .resourceNotFound, "\(who) did not touch table '\(word.text)'",
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

    /// Whether one transaction is taken back, or several that nobody came between.
    var isSingle: Bool { footprint.isOne }

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
        let read = try pairs(of: group, layout).filter(\.hasChanged)
        let pairs = try chosen(read, layout)
        leftOut += notChosen(read, chosen: pairs.count, of: group.name)
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
        guard copies.areWhole else {
            return "its file was moved between the transactions: take those back one by one"
        }
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
}
