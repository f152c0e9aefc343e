public import PostgresFormat

/// Follows a transaction's rows through the WAL behind its commit: which transactions wrote them again.
///
/// A row is known by the address of its newest version. The version that a transaction replaced is given up
/// when that transaction commits; its line pointer may then be used for another row, which an insertion
/// tells.
public struct LaterWrites: Sendable {
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
        let old: Row
        /// Nil for a deletion.
        let new: Row?
        let isMove: Bool
        /// Where its record begins.
        let record: LSN
    }

    private var footprint: TransactionFootprint
    private var known: [Row: Place] = [:]
    private var open: [TransactionID: [Write]] = [:]
    public private(set) var unreadable: LSN?

    public init(_ footprint: TransactionFootprint) {
        self.footprint = footprint
        for (relation, tracks) in footprint.relations {
            for (index, track) in tracks.enumerated() {
                guard let after = track.after else { continue }
                known[Row(relation: relation, address: after)] = Place(relation: relation, index: index)
            }
        }
    }

    /// Takes one record from behind the commit.
    public mutating func add(_ record: borrowing WALRecord) {
        switch record.resourceManager {
        case .heap?, .heap2?: addHeap(record)
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
        let xid = record.xid
        switch operation {
        case .insert(let insertion):
            known[Row(relation: insertion.row.locator, address: insertion.row.address)] = nil
        case .multiInsert(let insertion):
            guard footprint.relations[insertion.block.locator] != nil else { return }
            guard let numbers = record.rowNumbers(of: insertion) else {
                unreadable = unreadable ?? record.start
                return
            }
            for number in numbers {
                let address = RowAddress(block: insertion.block.block, offset: number)
                known[Row(relation: insertion.block.locator, address: address)] = nil
            }
        case .delete(let deletion):
            write(
                record.start, xid, Row(relation: deletion.row.locator, address: deletion.row.address), nil,
                isMove: deletion.isPartitionMove)
        case .update(let update):
            write(
                record.start, xid, Row(relation: update.old.locator, address: update.old.address),
                Row(relation: update.new.locator, address: update.new.address))
        case .truncate, .confirm, .lock, .lockUpdated, .inPlace, .prune, .visible, .newCommand,
            .rewriteMapping:
            break
        }
    }

    private mutating func write(
        _ record: LSN, _ xid: TransactionID, _ old: Row, _ new: Row?, isMove: Bool = false
    ) {
        let place = known[old]
        if let new { known[new] = place }
        guard let place else { return }
        open[xid, default: []].append(Write(place: place, old: old, new: new, isMove: isMove, record: record))
    }

    private mutating func finish(_ end: TransactionDetails) {
        // Subtransactions write in between each other: what counts is the order of WAL.
        let writes = ([end.end.xid] + end.subtransactions).flatMap { open.removeValue(forKey: $0) ?? [] }
            .sorted { $0.record < $1.record }
        for write in writes {
            // The version that does not count must not be taken for the row any more: its line pointer may be
            // given to another one.
            guard end.end.kind.isCommit else {
                if let new = write.new { known[new] = nil }
                continue
            }
            known[write.old] = nil
            let later = LaterWrite(
                xid: end.end.xid, time: end.end.time, commit: end.end.start,
                address: write.new?.address, isMove: write.isMove)
            footprint.relations[write.place.relation]?[write.place.index].later.append(later)
            footprint.relations[write.place.relation]?[write.place.index].now = write.new?.address
        }
    }

    /// The footprint with the later writes of its rows. What has not ended by now is not among them.
    public func finished() -> TransactionFootprint { footprint }
}
