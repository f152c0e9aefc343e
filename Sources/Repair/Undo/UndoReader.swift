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
}

/// Reads the rows that a transaction touched, by their addresses, and judges them against now.
public struct UndoReader {
    private let copies: UndoCopies
    private let footprint: TransactionFootprint
    private let isStrict: Bool
    private let wants: (QualifiedName) -> Bool
    private let moments: (LSN) throws(Problem) -> Connection?

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
        let sorter = try TableSorter(copies, footprint)
        var reading = UndoReading(tables: [], dropped: [], leftOut: sorter.leftOut)
        for group in sorter.groups where wants(group.name) {
            switch try table(group) {
            case .read(let table): if !table.rows.isEmpty { reading.tables.append(table) }
            case .leftOut(let reason): reading.leftOut.append(.init(subject: "\(group.name)", reason: reason))
            }
        }
        try ReferenceCheck(copies.now).judge(&reading.tables)
        for owner in sorter.dropped where wants(owner.name) {
            switch try droppedTable(owner) {
            case .read(let table): reading.dropped.append(table)
            case .leftOut(let reason): reading.leftOut.append(.init(subject: "\(owner.name)", reason: reason))
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

    private struct Pair {
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
        var alike: [String: Int] = [:]
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
        let versions = isFollowed ? try versions(of: touched, found.map { $0?.cells }, judge) : [:]
        var rows: [JudgedRow] = []
        for (index, pair) in touched.enumerated() {
            guard
                var row = judge.judge(
                    before: pair.before, after: pair.after, now: found[index]?.cells,
                    later: pair.track.later, versions: versions[index],
                    isFollowed: isFollowed && pair.isFollowed)
            else { continue }
            row.address = found[index]?.address
            rows.append(row)
        }
        return try withFreeKeys(rows, shape, key)
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
            } else if shape.references.contains(where: \.actsOnUpdate) {
                result[index].verdict = .conflict
                result[index].conflicts = key.columns
                result[index].reason = "rows of other tables follow its key"
            }
        }
        return result
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
            let versions = try versions(of: own, cells, judge)
            for (index, pair) in own.enumerated() {
                guard
                    var row = judge.judge(
                        before: pair.before, after: pair.after, now: cells[index], later: pair.track.later,
                        versions: versions[index], isFollowed: pair.isFollowed)
                else { continue }
                row.address = pair.track.now
                rows.append(row)
            }
        }
        return rows
    }

    // MARK: In between

    /// For rows that several transactions wrote since, as each of them but the last left them; by the pairs'
    /// places. Where one moment cannot be had the row is not in it.
    private func versions(
        of pairs: [Pair], _ now: [Cells?], _ judge: RowJudge
    ) throws(Problem) -> [Int: [Cells]] {
        var wanted: [LSN: [(index: Int, address: RowAddress)]] = [:]
        var counts: [Int: Int] = [:]
        for (index, pair) in pairs.enumerated() {
            guard
                judge.needsVersions(
                    before: pair.before, after: pair.after, now: now[index], later: pair.track.later)
            else { continue }
            var last: [TransactionID: LaterWrite] = [:]
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
                guard let shape = try TableReader(connection).shape(of: part.relation) else { continue }
                let cells = try RowReader(connection).rows(
                    of: shape, in: shape.name, at: own.map(\.address))
                for row in own {
                    if let cells = cells[row.address] { found[row.index, default: []].append(cells) }
                }
            }
        }
        return found.filter { counts[$0.key] == $0.value.count }
    }

    /// How many rows of now have each text that a repair may expect or leave, whatever the rule.
    private func alike(_ rows: [JudgedRow], _ shape: TableShape) throws(Problem) -> [String: Int] {
        var texts: Set<String> = []
        for row in rows {
            for rule in ConflictRule.allCases {
                guard let write = PlannedWrite(row, shape, rule) else { continue }
                for cells in [write.expected, write.wanted] {
                    if let cells { texts.insert(RowText.of(cells, shape)) }
                }
            }
        }
        return try RowReader(copies.now).counts(of: shape, texts.sorted())
    }
}
