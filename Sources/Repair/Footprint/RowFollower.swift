public import PostgresFormat

/// Finds the rows that some transactions touched, and follows them up to now: who else wrote them, and when.
///
/// A row is known by the address of its newest version. The version that a transaction replaced is given up
/// when that transaction commits; its line pointer may then be used for another row, which an insertion
/// tells. Locks, pruning and freezing change no row; what was rolled back touched nothing.
public struct RowFollower: Sendable {
    private struct Row: Hashable, Sendable {
        let relation: RelationLocator
        let address: RowAddress
    }

    private struct Place: Hashable, Sendable {
        let relation: RelationLocator
        let index: Int
    }

    private struct Write: Sendable {
        let place: Place
        /// Nil for an insertion.
        let old: Row?
        /// Nil for a deletion.
        let new: Row?
        let isMove: Bool
        /// Where its record begins.
        let record: LSN
    }

    /// Transactions and their subtransactions that committed.
    private let own: Set<TransactionID>
    private var relations: [RelationLocator: [RowTrack]] = [:]
    private var known: [Row: Place] = [:]
    private var open: [TransactionID: [Write]] = [:]
    private var made: Set<RelationLocator> = []
    private var dropped: Set<RelationLocator> = []
    private var commits: [LSN] = []
    private var moves = 0
    /// Of each own transaction's row that left its partition last, and what it put in since.
    private var moving: [TransactionID: (move: Int, count: Int)] = [:]
    /// Addresses that own transactions took rows from, where it matters who had put them there.
    private var watched: Set<Row> = []
    private var putting: [TransactionID: [Row]] = [:]
    private var born: [Row: LSN] = [:]
    /// A record of the heap's that could not be read, if any: nothing may be concluded then.
    public private(set) var unreadable: LSN?

    /// - Parameters:
    ///   - own: the transactions, and those of their subtransactions that committed with them.
    ///   - taken: from where they took rows, by a first look at the WAL, where there are several of them.
    public init(_ own: Set<TransactionID>, taken: TakenRows = TakenRows(own: [])) {
        self.own = own
        watched = Set(taken.rows.map { Row(relation: $0.relation, address: $0.address) })
    }

    /// Takes one record; they come in the order of WAL, from the first one of the transactions on.
    public mutating func add(_ record: borrowing WALRecord) {
        switch record.resourceManager {
        case .heap?, .heap2?: addHeap(record)
        case .storage?:
            guard own.contains(record.xid), case .create(let file, .main)? = record.storageOperation else {
                return
            }
            made.insert(file)
        case .transaction?:
            guard let end = record.transactionDetails, end.end.kind != .prepare else { return }
            finish(end)
        default: break
        }
    }

    private mutating func addHeap(_ record: borrowing WALRecord) {
        guard let operation = record.heapOperation else {
            unreadable = unreadable ?? record.start
            return
        }
        switch operation {
        case .insert(let insertion):
            insert(record.start, record.xid, insertion.row.locator, insertion.row.address)
        case .multiInsert(let insertion):
            let file = insertion.block.locator
            guard own.contains(record.xid) || relations[file] != nil || !watched.isEmpty else { return }
            guard let numbers = record.rowNumbers(of: insertion) else {
                unreadable = unreadable ?? record.start
                return
            }
            for number in numbers {
                insert(
                    record.start, record.xid, file,
                    RowAddress(block: insertion.block.block, offset: number))
            }
        case .delete(let deletion):
            write(
                record.start, record.xid,
                Row(relation: deletion.row.locator, address: deletion.row.address), nil,
                isMove: deletion.isPartitionMove)
        case .update(let update):
            write(
                record.start, record.xid, Row(relation: update.old.locator, address: update.old.address),
                Row(relation: update.new.locator, address: update.new.address))
        case .truncate, .confirm, .lock, .lockUpdated, .inPlace, .prune, .visible, .newCommand,
            .rewriteMapping:
            break
        }
    }

    private mutating func insert(
        _ record: LSN, _ xid: TransactionID, _ relation: RelationLocator, _ address: RowAddress
    ) {
        let row = Row(relation: relation, address: address)
        known[row] = nil
        put(row, xid)
        guard own.contains(xid) else { return }
        var track = RowTrack(before: nil, after: nil)
        if let last = moving[xid] {
            track.move = last.move
            track.moveOrder = last.count
            moving[xid] = (last.move, last.count + 1)
        }
        let place = add(track, of: relation)
        known[row] = place
        open[xid, default: []].append(
            Write(place: place, old: nil, new: row, isMove: false, record: record))
    }

    private mutating func add(_ track: RowTrack, of relation: RelationLocator) -> Place {
        relations[relation, default: []].append(track)
        return Place(relation: relation, index: relations[relation, default: []].count - 1)
    }

    private mutating func put(_ row: Row, _ xid: TransactionID) {
        guard watched.contains(row) else { return }
        putting[xid, default: []].append(row)
    }

    private mutating func write(
        _ record: LSN, _ xid: TransactionID, _ old: Row, _ new: Row?, isMove: Bool = false
    ) {
        var place = known[old]
        let isOwn = own.contains(xid)
        if place == nil, isOwn {
            var track = RowTrack(before: old.address, after: old.address)
            track.born = born[old] ?? .zero
            place = add(track, of: old.relation)
        }
        if let new {
            known[new] = place
            put(new, xid)
        }
        guard let place else { return }
        if isOwn, isMove {
            // A row that goes on to a third partition is still the same one.
            let move = relations[place.relation]?[place.index].move
            if move == nil { moves += 1 }
            relations[place.relation]?[place.index].move = move ?? moves
            moving[xid] = (move ?? moves, 0)
        }
        open[xid, default: []].append(Write(place: place, old: old, new: new, isMove: isMove, record: record))
    }

    private mutating func finish(_ end: TransactionDetails) {
        let xids = [end.end.xid] + end.subtransactions
        // Subtransactions write in between each other: what counts is the order of WAL.
        let writes = xids.flatMap { open.removeValue(forKey: $0) ?? [] }.sorted { $0.record < $1.record }
        let rows = xids.flatMap { putting.removeValue(forKey: $0) ?? [] }
        let isOwn = own.contains(end.end.xid)
        guard end.end.kind.isCommit else {
            // The version that does not count must not be taken for the row any more: its line pointer may be
            // given to another one.
            for write in writes { if let new = write.new { known[new] = nil } }
            return
        }
        for row in rows { born[row] = end.end.start }
        if isOwn {
            commits.append(end.end.start)
            dropped.formUnion(end.droppedRelations)
        }
        for write in writes {
            if let old = write.old { known[old] = nil }
            let done = RowWrite(
                xid: end.end.xid, time: end.end.time, commit: end.end.start, address: write.new?.address,
                isMove: write.isMove, isOwn: isOwn)
            Self.note(done, &relations[write.place.relation, default: []][write.place.index])
        }
    }

    private static func note(_ write: RowWrite, _ track: inout RowTrack) {
        if write.isOwn {
            if track.steps.last?.commit == write.commit { track.steps.removeLast() }
            track.steps += track.later + [write]
            track.later = []
            track.after = write.address
        } else {
            if track.later.last?.commit == write.commit { track.later.removeLast() }
            track.later.append(write)
            track.now = write.address
        }
    }

    /// What they did, with the later writes of their rows; a row that they put in and removed again is not in
    /// it. What has not ended by now is not among the writes.
    public func finished() -> TransactionFootprint {
        var footprint = TransactionFootprint(
            relations: relations.mapValues { rows in
                rows.filter { !$0.steps.isEmpty && ($0.before != nil || $0.after != nil) }
            }, made: made, dropped: dropped)
        footprint.commits = commits
        return footprint
    }
}

/// From where some transactions took rows: a first look at their WAL.
public struct TakenRows: Sendable {
    struct Place: Hashable, Sendable {
        let relation: RelationLocator
        let address: RowAddress
    }

    private let own: Set<TransactionID>
    private(set) var rows: Set<Place> = []

    /// - Parameter own: as for `RowFollower`.
    public init(own: Set<TransactionID>) {
        self.own = own
    }

    public mutating func add(_ record: borrowing WALRecord) {
        guard own.contains(record.xid), record.resourceManager == .heap else { return }
        switch record.heapOperation {
        case .delete(let deletion)?:
            rows.insert(Place(relation: deletion.row.locator, address: deletion.row.address))
        case .update(let update)?:
            rows.insert(Place(relation: update.old.locator, address: update.old.address))
        default: break
        }
    }
}
