import PostgresFormat

/// Counts the rows that a record changes.
enum RowCounter {
    /// What the record adds to its transaction's changes; nil if it changes no rows.
    static func change(_ record: borrowing WALRecord) -> TransactionChange? {
        guard record.resourceManager == .heap || record.resourceManager == .heap2, record.xid.isNormal,
            let operation = record.heapOperation
        else { return nil }
        func change(_ block: BlockReference) -> TransactionChange {
            TransactionChange(xid: record.xid, relation: block.locator, firstRecord: record.start)
        }
        switch operation {
        case .insert(let insertion):
            var change = change(insertion.row.block)
            change.inserted = 1
            return change
        case .multiInsert(let insertion):
            var change = change(insertion.block)
            change.inserted = Int64(insertion.count)
            return change
        case .update(let update):
            var change = change(update.old.block)
            change.updated = 1
            return change
        case .delete(let deletion):
            var change = change(deletion.row.block)
            if deletion.isSuper {
                change.inserted = -1
            } else {
                change.deleted = 1
                change.movedAway = deletion.isPartitionMove ? 1 : 0
            }
            return change
        default: return nil
        }
    }
}
