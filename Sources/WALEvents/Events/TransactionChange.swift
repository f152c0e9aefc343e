public import PostgresFormat

/// How many rows one transaction changed in one relation, within one segment or several.
///
/// Counted from heap records as they stand in the WAL, also of work that was rolled back later, and of
/// catalogs and TOAST relations. A subtransaction counts under its own number; its transaction's end lists
/// it.
public struct TransactionChange: Hashable, Sendable {
    public var xid: TransactionID
    public var relation: RelationLocator
    /// Rows inserted, less those whose speculative insertion was taken back: negative where only that lies
    /// here.
    public var inserted: Int64
    public var updated: Int64
    public var deleted: Int64
    /// Of the rows deleted, those that an update moved to another partition.
    public var movedAway: Int64
    /// Where the first of these changes begins; nil where only the counts were read from an index's detail.
    public var firstRecord: LSN?

    public init(
        xid: TransactionID, relation: RelationLocator, inserted: Int64 = 0, updated: Int64 = 0,
        deleted: Int64 = 0, movedAway: Int64 = 0, firstRecord: LSN? = nil
    ) {
        self.xid = xid
        self.relation = relation
        self.inserted = inserted
        self.updated = updated
        self.deleted = deleted
        self.movedAway = movedAway
        self.firstRecord = firstRecord
    }

    /// Rows touched in any way; `movedAway` is among the deleted.
    public var rows: Int64 { inserted.magnitudeClamped + updated.magnitudeClamped + deleted.magnitudeClamped }

    /// Whether all of it lies behind a record; false where it is not known where it begins.
    func isBehind(_ record: LSN) -> Bool { firstRecord.map { $0 > record } ?? false }

    /// Adds the counts of the same transaction and relation from elsewhere in the WAL; `firstRecord` becomes
    /// the earlier one.
    public mutating func add(_ other: TransactionChange) {
        inserted = inserted &+ other.inserted
        updated = updated &+ other.updated
        deleted = deleted &+ other.deleted
        movedAway = movedAway &+ other.movedAway
        if let first = other.firstRecord, firstRecord.map({ first < $0 }) ?? true { firstRecord = first }
    }
}

extension Int64 {
    /// The distance from zero, at most a fourth of the range, so that three of them can be added.
    fileprivate var magnitudeClamped: Int64 { Int64(Swift.min(magnitude, UInt64(Int64.max / 4))) }
}
