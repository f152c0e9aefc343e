import PostgresFormat

/// The rows that transactions changed which have not ended, by relation.
///
/// Counts are parted where the transaction updated a row of a catalog. A rewrite such as ALTER TABLE … TYPE
/// copies the table into a file that becomes the table's own by such an update: what is counted there before
/// it is the copy, what is counted behind it is the work of later statements.
struct CountedChanges {
    private struct Parts {
        /// In WAL order; at least one.
        var parts: [TransactionChange]
        /// When the last one was added.
        var segment: Int

        /// Adds up what stands behind the transaction's last update of a catalog.
        mutating func join(after update: LSN) {
            let first = parts.firstIndex { update == .zero || $0.isBehind(update) }
            guard let first, first < parts.count - 1 else { return }
            for part in parts[(first + 1)...] { parts[first].add(part) }
            parts.removeSubrange((first + 1)...)
        }
    }

    private var changes: [TransactionID: [RelationLocator: Parts]] = [:]
    /// Where each transaction last updated a catalog, if it did.
    private var catalogUpdates: [TransactionID: LSN] = [:]
    private var segment = 0

    /// Takes in what one segment's index tells; when the records of all segments before have been fed.
    mutating func add(segment changes: [TransactionChange]) {
        segment += 1
        for change in changes {
            let update = catalogUpdates[change.xid] ?? .zero
            let number = segment
            Self.change(&self.changes[change.xid, default: [:]][change.relation]) { parts in
                // Of the segments before it is known by now whether anything stands between two parts.
                if parts.segment != number { parts.join(after: update) }
                parts.segment = number
                parts.parts.append(change)
            }
        }
    }

    /// Takes in what one record changed; records come in WAL order.
    mutating func add(record change: TransactionChange) {
        let update = catalogUpdates[change.xid] ?? .zero
        let number = segment
        Self.change(&changes[change.xid, default: [:]][change.relation]) { parts in
            parts.segment = number
            if let last = parts.parts.indices.last, parts.parts[last].isBehind(update) {
                parts.parts[last].add(change)
            } else {
                parts.parts.append(change)
            }
        }
    }

    /// Parts a transaction's counts: what comes now stands behind an update of a catalog.
    mutating func part(_ xid: TransactionID, at record: LSN) {
        catalogUpdates[xid] = record
    }

    private static func change(_ parts: inout Parts?, _ body: (inout Parts) -> Void) {
        var changed = parts ?? Parts(parts: [], segment: 0)
        parts = nil
        body(&changed)
        parts = changed
    }

    /// By relation, each with its parts in WAL order.
    func all(of xid: TransactionID) -> [(relation: RelationLocator, parts: [TransactionChange])] {
        (changes[xid] ?? [:]).map { ($0.key, $0.value.parts) }
    }

    /// Whether transactions together changed so many rows, of whatever relations.
    func mayReach(_ rows: Int64, in xids: Set<TransactionID>) -> Bool {
        var sum: Int64 = 0
        for xid in xids {
            for parts in (changes[xid] ?? [:]).values {
                for part in parts.parts {
                    sum &+= abs(part.inserted) &+ part.updated &+ part.deleted &+ part.movedAway
                }
            }
        }
        return sum >= rows
    }

    mutating func forget(_ xid: TransactionID) {
        changes[xid] = nil
        catalogUpdates[xid] = nil
    }

    /// Forgets all transactions but these.
    mutating func keep(only xids: Set<TransactionID>) {
        changes = changes.filter { xids.contains($0.key) }
        catalogUpdates = catalogUpdates.filter { xids.contains($0.key) }
    }
}
