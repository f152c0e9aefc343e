public import PostgresFormat

/// Takes the records of some transactions in the order of WAL and tells which rows they touched.
///
/// Only those of the transaction and of the subtransactions that committed with it may be fed: what was
/// rolled back touched nothing. Locks, pruning and freezing change no row.
public struct FootprintCollector: Sendable {
    private struct Rows {
        var tracks: [RowTrack] = []
        /// The newest version of each row that has one, by its address.
        var newest: [RowAddress: Int] = [:]
    }

    private let xids: Set<TransactionID>
    private var relations: [RelationLocator: Rows] = [:]
    private var made: Set<RelationLocator> = []
    private var moves = 0
    /// Of each transaction's row that just left its partition: it comes in another one next, perhaps behind
    /// its long values.
    private var moving: [TransactionID: Int] = [:]
    /// A record of the heap's that could not be read, if any: nothing may be concluded then.
    public private(set) var unreadable: LSN?

    /// - Parameter xids: the transaction and its subtransactions.
    public init(_ xids: Set<TransactionID>) {
        self.xids = xids
    }

    /// Takes one record; those of others are passed over.
    public mutating func add(_ record: borrowing WALRecord) {
        guard xids.contains(record.xid) else { return }
        switch record.resourceManager {
        case .heap?, .heap2?: addHeap(record)
        case .storage?: if case .create(let file, .main)? = record.storageOperation { made.insert(file) }
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
            insert(
                insertion.row.locator, insertion.row.address,
                move: moving[record.xid])
        case .multiInsert(let insertion):
            guard let numbers = record.rowNumbers(of: insertion) else {
                unreadable = unreadable ?? record.start
                return
            }
            for number in numbers {
                insert(
                    insertion.block.locator, RowAddress(block: insertion.block.block, offset: number))
            }
        case .delete(let deletion):
            moving[record.xid] = nil
            if deletion.isPartitionMove {
                moves += 1
                moving[record.xid] = moves
            }
            delete(
                deletion.row.locator, deletion.row.address, move: deletion.isPartitionMove ? moves : nil)
        case .update(let update):
            moving[record.xid] = nil
            self.update(update.old.locator, update.old.address, update.new.address)
        case .truncate, .confirm, .lock, .lockUpdated, .inPlace, .prune, .visible, .newCommand,
            .rewriteMapping:
            break
        }
    }

    private mutating func insert(
        _ relation: RelationLocator, _ address: RowAddress, move: Int? = nil
    ) {
        Self.change(&relations[relation]) { rows in
            rows.newest[address] = rows.tracks.count
            var track = RowTrack(before: nil, after: address)
            track.move = move
            rows.tracks.append(track)
        }
    }

    private mutating func delete(
        _ relation: RelationLocator, _ address: RowAddress, move: Int? = nil
    ) {
        Self.change(&relations[relation]) { rows in
            if let known = rows.newest.removeValue(forKey: address) {
                rows.tracks[known].after = nil
            } else {
                var track = RowTrack(before: address, after: nil)
                track.move = move
                rows.tracks.append(track)
            }
        }
    }

    private mutating func update(_ relation: RelationLocator, _ old: RowAddress, _ new: RowAddress) {
        Self.change(&relations[relation]) { rows in
            if let known = rows.newest.removeValue(forKey: old) {
                rows.tracks[known].after = new
                rows.newest[new] = known
            } else {
                rows.newest[new] = rows.tracks.count
                rows.tracks.append(RowTrack(before: old, after: new))
            }
        }
    }

    /// Changes a relation's rows where they are, without a copy.
    private static func change(_ rows: inout Rows?, _ body: (inout Rows) -> Void) {
        var taken = rows ?? Rows()
        rows = nil
        body(&taken)
        rows = taken
    }

    /// What the transaction did; a row that it put in and removed again is not in it.
    public func footprint(_ end: TransactionDetails) -> TransactionFootprint {
        TransactionFootprint(
            xid: end.end.xid, subtransactions: end.subtransactions,
            relations: relations.mapValues { rows in
                rows.tracks.filter { $0.before != nil || $0.after != nil }.map {
                    var track = RowTrack(before: $0.before, after: $0.after)
                    track.move = $0.move
                    return track
                }
            }, made: made, dropped: Set(end.droppedRelations))
    }
}

extension HeapRow {
    var address: RowAddress { RowAddress(block: block.block, offset: offset) }
    var locator: RelationLocator { block.locator }
}
