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
            insert(insertion.row.locator, insertion.row.address)
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
            delete(deletion.row.locator, deletion.row.address)
        case .update(let update):
            self.update(update.old.locator, update.old.address, update.new.address)
        case .truncate, .confirm, .lock, .lockUpdated, .inPlace, .prune, .visible, .newCommand,
            .rewriteMapping:
            break
        }
    }

    private mutating func insert(_ relation: RelationLocator, _ address: RowAddress) {
        Self.change(&relations[relation]) { rows in
            rows.newest[address] = rows.tracks.count
            rows.tracks.append(RowTrack(before: nil, after: address))
        }
    }

    private mutating func delete(_ relation: RelationLocator, _ address: RowAddress) {
        Self.change(&relations[relation]) { rows in
            if let known = rows.newest.removeValue(forKey: address) {
                rows.tracks[known].after = nil
            } else {
                rows.tracks.append(RowTrack(before: address, after: nil))
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
            relations: relations.mapValues { rows in
                rows.tracks.filter { $0.before != nil || $0.after != nil }
            }, made: made, dropped: Set(end.droppedRelations))
    }
}

extension HeapRow {
    var address: RowAddress { RowAddress(block: block.block, offset: offset) }
    var locator: RelationLocator { block.locator }
}
