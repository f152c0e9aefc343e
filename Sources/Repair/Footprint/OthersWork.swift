public import PostgresFormat
import WALEvents

/// Which tables others wrote, in transactions that committed between those that are taken back.
///
/// Where that is none of theirs, and no catalog, what they did is what one transaction would have done.
public struct OthersWork: Hashable, Sendable {
    private let own: Set<TransactionID>
    /// The oldest of their numbers; what came after it has all of its records in what is read.
    private let oldest: TransactionID?
    private let first: LSN
    private var open: [TransactionID: Set<RelationLocator>] = [:]
    /// Of their rows.
    public private(set) var files: Set<RelationLocator> = []
    /// Files of sequences that moved on, by whomever: numbers are not given back by a rollback.
    public private(set) var sequences: Set<RelationLocator> = []
    /// Whether all that they wrote is known.
    public private(set) var isComplete = true

    /// - Parameters:
    ///   - own: the transactions that are taken back, and those of their subtransactions that committed with
    ///     them.
    ///   - first: where the first commit record of these begins.
    public init(own: Set<TransactionID>, since first: LSN) {
        self.own = own
        self.first = first
        oldest = own.reduce(nil) { (oldest: TransactionID?, xid) in
            oldest.map { xid.precedes($0) ? xid : $0 } ?? xid
        }
    }

    /// Takes one record; they come in the order of WAL, from the first one of the transactions on.
    public mutating func add(_ record: borrowing WALRecord) {
        switch record.resourceManager {
        case .heap?, .heap2?:
            guard record.xid.isNormal, !own.contains(record.xid) else { return }
            note(record)
        case .sequence?:
            guard record.start > first else { return }
            guard let sequence = record.sequence else {
                isComplete = false
                return
            }
            sequences.insert(sequence)
        case .transaction?:
            guard let end = record.transactionDetails, end.end.kind != .prepare else { return }
            finish(end)
        default: break
        }
    }

    private mutating func note(_ record: borrowing WALRecord) {
        switch record.heapOperation {
        case .insert(let insertion)?: open[record.xid, default: []].insert(insertion.row.locator)
        case .multiInsert(let insertion)?: open[record.xid, default: []].insert(insertion.block.locator)
        case .delete(let deletion)?: open[record.xid, default: []].insert(deletion.row.locator)
        case .update(let update)?: open[record.xid, default: []].insert(update.old.locator)
        case nil: isComplete = false
        default: break
        }
    }

    private mutating func finish(_ end: TransactionDetails) {
        let xids = [end.end.xid] + end.subtransactions
        let written = xids.reduce(into: Set<RelationLocator>()) {
            $0.formUnion(open.removeValue(forKey: $1) ?? [])
        }
        guard end.end.kind.isCommit, end.end.start > first, !own.contains(end.end.xid) else { return }
        files.formUnion(written)
        // It may have written before what is read.
        if let oldest, xids.contains(where: { $0.isNormal && $0.precedes(oldest) }) { isComplete = false }
    }
}
