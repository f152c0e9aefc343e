public import PostgresFormat

/// The end of a transaction, or its being prepared, as an index tells it.
public struct IndexedTransactionEnd: Hashable, Sendable {
    public var kind: TransactionEnd.Kind
    /// The transaction that ended; for a prepared one its own number.
    public var xid: TransactionID
    public var time: PostgresTimestamp
    /// Where the record begins.
    public var start: LSN
    /// Where the record ends, aligned, as PostgreSQL's `EndRecPtr`.
    public var end: LSN
    /// The database it ran in; `.none` where the record does not say.
    public var database: ObjectID
    /// Its committed subtransactions; of an abort those that were rolled back with it.
    public var subtransactions: [TransactionID]

    public init(
        kind: TransactionEnd.Kind, xid: TransactionID, time: PostgresTimestamp, start: LSN, end: LSN,
        database: ObjectID = .none, subtransactions: [TransactionID] = []
    ) {
        self.kind = kind
        self.xid = xid
        self.time = time
        self.start = start
        self.end = end
        self.database = database
        self.subtransactions = subtransactions
    }
}
