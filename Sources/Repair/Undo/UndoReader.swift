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

/// What was read of one transaction's rows.
public struct UndoReading: Sendable {
    public var tables: [UndoPlan.Table]
    /// Tables that the transaction dropped, with all their rows.
    public var dropped: [UndoPlan.Table]
    public var leftOut: [UndoPlan.LeftOut]
    /// Whether every dropped table was read: one that is made again without its rows would seem to be whole.
    public var hasAllDropped = true
}

/// Reads the rows that a transaction touched, by their addresses, and judges them against now.
public struct UndoReader {
    let copies: UndoCopies
    private let footprint: TransactionFootprint
    private let isStrict: Bool
    private let wants: (QualifiedName) -> Bool
    let moments: (LSN) throws(Problem) -> Connection?

    /// - Parameters:
    ///   - footprint: with the later writes of its rows.
    ///   - wants: whether a table is of interest.
    ///   - moments: a session in a copy of the moment just after a commit record; nil where none can be had.
    public init(
        _ copies: UndoCopies, _ footprint: TransactionFootprint, isStrict: Bool,
        wants: @escaping (QualifiedName) -> Bool,
        moments: @escaping (LSN) throws(Problem) -> Connection?
    ) {
        self.copies = copies
        self.footprint = footprint
        self.isStrict = isStrict
        self.wants = wants
        self.moments = moments
    }

    public func read() throws(Problem) -> UndoReading {
        for connection in [copies.before, copies.after, copies.now] { try RowReader.prepare(connection) }
        let encoding = try copies.now.query("SHOW server_encoding").scalar
        guard encoding != "SQL_ASCII" else {
            throw Problem(
                .operationNotSupported, "the database has the encoding SQL_ASCII",
                detail: "its texts are bytes of no known encoding, which a script cannot carry exactly",
                hint: "Restore a copy of just before with 'pitr restore', and take the rows from there.")
        }
        let sorter = try TableSorter(copies, footprint)
        let names = sorter.groups.map(\.name) + sorter.dropped.map(\.name)
        if !names.isEmpty, !names.contains(where: wants) {
            throw Problem(
                .resourceNotFound, "the transaction did not touch any of the tables asked for",
                detail: "it touched " + names.map(\.description).joined(separator: ", "))
        }
        var reading = UndoReading(tables: [], dropped: [], leftOut: sorter.leftOut)
        for group in sorter.groups where wants(group.name) {
            switch try table(group) {
            case .read(let table): if !table.rows.isEmpty { reading.tables.append(table) }
            case .leftOut(let reason): reading.leftOut.append(.init(subject: "\(group.name)", reason: reason))
            }
        }
        try ReferenceCheck(copies.now).judge(&reading.tables)
        for owner in sorter.dropped {
            switch wants(owner.name) ? try droppedTable(owner) : .leftOut("it was not asked for") {
            case .read(let table): reading.dropped.append(table)
            case .leftOut(let reason):
                reading.leftOut.append(.init(subject: "\(owner.name)", reason: reason))
                reading.hasAllDropped = false
            }
        }
        return reading
    }

    private enum Outcome {
        case read(UndoPlan.Table)
        case leftOut(String)
    }

    private func table(_ group: TableSorter.Group) throws(Problem) -> Outcome {
        guard let before = try TableReader(copies.before).shape(of: group.number),
            let after = try TableReader(copies.after).shape(of: group.number)
        else { return .leftOut("the transaction made or dropped it") }
        guard before.hasSameColumns(as: after) else {
            return .leftOut("the transaction changed its columns as well")
        }
        guard let now = try TableReader(copies.now).shape(of: group.number) else {
            return .leftOut("it was dropped since; a copy from before has it")
        }
        guard now.hasSameColumns(as: before) else { return .leftOut("it has other columns now") }
        var isFollowed = true
        for part in group.parts {
            if part.isWhole, let reason = try tooLarge(part.nameBefore, copies.before) {
                return .leftOut(reason)
            }
            let file = try TableReader(copies.now).file(of: part.relation)
            if file == part.fileAfter { continue }
            guard now.key != nil else { return .leftOut("it has no key and was written anew since") }
            isFollowed = false
        }
        var pairs: [Pair] = []
        for part in group.parts { pairs += try self.pairs(of: part, before, after) }
        if now.key != nil { Self.join(&pairs, RowJudge(now)) }
        guard now.key == nil else {
            return .read(
                UndoPlan.Table(shape: now, rows: try judgedByKey(pairs, now, isFollowed: isFollowed)))
        }
        let rows = try judgedByAddress(pairs, now, group)
        return .read(UndoPlan.Table(shape: now, rows: rows, alike: try alike(rows, now)))
    }

    // MARK: Before and after

    struct Pair {
        var before: Cells?
        var after: Cells?
        var track: RowTrack
        var part: TableSorter.Part
        /// Whether every later write of the row is known.
        var isFollowed = true
    }

    private func pairs(
        of part: TableSorter.Part, _ before: TableShape, _ after: TableShape
    ) throws(Problem) -> [Pair] {
        if part.isWhole { return try wholePairs(of: part, before, after) }
        let tracks = footprint.relations[part.file] ?? []
        let old = try RowReader(copies.before).rows(
            of: before, in: part.nameBefore, at: tracks.compactMap(\.before))
        let new = try RowReader(copies.after).rows(
            of: after, in: part.nameAfter, at: tracks.compactMap(\.after))
        return tracks.map { track in
            Pair(
                before: track.before.flatMap { old[$0] }, after: track.after.flatMap { new[$0] },
                track: track, part: part)
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
                        before: row.cells, after: nil, track: RowTrack(before: row.address, after: nil),
                        part: part))
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
                    before: nil, after: row.cells, track: track, part: part,
                    isFollowed: known[row.address] != nil))
        }
        return pairs
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
        shape.triggers = []
        shape.triggerTables = []
        shape.key = nil
        let written = shape
        let rows = try RowReader(copies.before).allRows(of: shape, in: owner.name).map { row in
            JudgedRow(
                change: .delete, before: row.cells, after: nil, now: nil, verdict: .absentNow,
                damaged: written.written)
        }
        return .read(UndoPlan.Table(shape: shape, rows: rows, isDropped: true))
    }

    /// A row that left one place and came in another with the same key was moved: between partitions, or by
    /// a DELETE and an INSERT.
    private static func join(_ pairs: inout [Pair], _ judge: RowJudge) {
        var gone: [Cells: Int] = [:]
        for (index, pair) in pairs.enumerated() where pair.after == nil {
            if let key = pair.before.flatMap(judge.key) { gone[key] = index }
        }
        var joined: Set<Int> = []
        for index in pairs.indices where pairs[index].before == nil {
            guard let key = pairs[index].after.flatMap(judge.key), let other = gone[key] else { continue }
            pairs[index].before = pairs[other].before
            joined.insert(other)
        }
        pairs = pairs.enumerated().filter { !joined.contains($0.offset) }.map(\.element)
    }

    // MARK: Now

    private func judgedByKey(
        _ pairs: [Pair], _ shape: TableShape, isFollowed: Bool
    ) throws(Problem) -> [JudgedRow] {
        guard let key = shape.key else { return [] }
        let judge = RowJudge(shape, isStrict: isStrict)
        let touched = pairs.filter { $0.before != nil || $0.after != nil }
        let found = try RowReader(copies.now).rows(
            of: shape, by: key, touched.map { judge.key(of: $0.after ?? $0.before ?? []) ?? [] })
        let versions = isFollowed ? try versions(of: touched, found.map { $0?.cells }, judge, shape) : [:]
        var rows: [JudgedRow] = []
        for (index, pair) in touched.enumerated() {
            let knows = isFollowed && pair.isFollowed
            guard
                var row = judge.judge(
                    before: pair.before, after: pair.after, now: found[index]?.cells,
                    later: pair.track.later, versions: versions[index], isFollowed: knows)
            else { continue }
            row.address = found[index]?.address
            row.relation = found[index]?.relation
            row.move = pair.track.move
            if knows { Self.follow(&row, pair, found[index]) }
            rows.append(row)
        }
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

    /// The two halves of a row that was taken to another partition go back together or not at all.
    private static func tie(_ rows: inout [JudgedRow]) {
        // Somebody has taken it back since.
        let right = Set(
            rows.filter { $0.change == .delete && $0.verdict == .alreadyRight }.compactMap(\.move))
        for index in rows.indices where rows[index].change == .insert && rows[index].isLost {
            guard let move = rows[index].move, right.contains(move) else { continue }
            rows[index].verdict = .alreadyRight
            rows[index].reason = nil
        }
        let held = Set(rows.filter { $0.verdict.isConflict }.compactMap(\.move))
        // Where one half cannot be written under any rule, the other one must not be either.
        let lost = Set(rows.filter(\.isLost).compactMap(\.move))
        for index in rows.indices where rows[index].move.map(lost.contains) ?? false {
            rows[index].isLost = rows[index].isLost || rows[index].verdict != .alreadyRight
        }
        for index in rows.indices where !rows[index].verdict.isConflict {
            guard let move = rows[index].move, held.contains(move) else { continue }
            rows[index].verdict = rows[index].change == .delete ? .keyTakenNow : .conflict
            rows[index].conflicts = rows[index].damaged
            rows[index].reason = "its other half, in another partition, is in conflict"
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
        _ pairs: [Pair], _ shape: TableShape, _ group: TableSorter.Group
    ) throws(Problem) -> [JudgedRow] {
        let judge = RowJudge(shape, isStrict: isStrict)
        var rows: [JudgedRow] = []
        for part in group.parts {
            let own = pairs.filter { $0.part == part && ($0.before != nil || $0.after != nil) }
            let found = try RowReader(copies.now).rows(
                of: shape, in: shape.name, at: own.compactMap(\.track.now))
            let cells = own.map { $0.track.now.flatMap { found[$0] } }
            let versions = try versions(of: own, cells, judge, shape)
            for (index, pair) in own.enumerated() {
                guard
                    var row = judge.judge(
                        before: pair.before, after: pair.after, now: cells[index], later: pair.track.later,
                        versions: versions[index], isFollowed: pair.isFollowed)
                else { continue }
                row.address = pair.track.now
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
