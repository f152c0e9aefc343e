public import PostgresFormat

/// What one transaction did to one row, by the addresses that WAL names.
public struct RowTrack: Hashable, Sendable {
    /// Where the row lay before the transaction touched it; nil for one that the transaction put in.
    public var before: RowAddress?
    /// Where it lay when the transaction committed; nil for one that it deleted.
    public var after: RowAddress?
    /// What transactions that committed later did to it, in the order of WAL.
    public var later: [LaterWrite] = []
    /// Where its newest version lies, as far as it was followed.
    public var now: RowAddress?
    /// Two tracks of one row that the transaction took to another partition have the same number.
    public var move: Int?

    public init(before: RowAddress?, after: RowAddress?, later: [LaterWrite] = []) {
        self.before = before
        self.after = after
        self.later = later
        now = after
    }
}

/// A later transaction's write of a row.
public struct LaterWrite: Hashable, Sendable {
    /// The top one, also where a subtransaction wrote.
    public let xid: TransactionID
    /// By the clock of the source, from its commit record.
    public let time: PostgresTimestamp
    /// Where its commit record begins.
    public let commit: LSN
    /// Where its version of the row lies; nil where it deleted the row.
    public let address: RowAddress?
    /// Whether it took the row to another partition, where it is not followed.
    public let isMove: Bool

    public init(
        xid: TransactionID, time: PostgresTimestamp, commit: LSN, address: RowAddress?, isMove: Bool = false
    ) {
        self.isMove = isMove
        self.xid = xid
        self.time = time
        self.commit = commit
        self.address = address
    }
}

/// Everything that one transaction did to rows, and what else its WAL tells of it.
public struct TransactionFootprint: Hashable, Sendable {
    public var xid: TransactionID
    /// Those of its subtransactions that committed with it.
    public var subtransactions: [TransactionID]
    /// Its rows in each file of a table, in the order in which they were first touched.
    public var relations: [RelationLocator: [RowTrack]]
    /// Files that it made: a new table, or one rewritten or emptied by it.
    public var made: Set<RelationLocator>
    /// Files that its commit removed.
    public var dropped: Set<RelationLocator>

    public init(
        xid: TransactionID, subtransactions: [TransactionID] = [],
        relations: [RelationLocator: [RowTrack]] = [:], made: Set<RelationLocator> = [],
        dropped: Set<RelationLocator> = []
    ) {
        self.xid = xid
        self.subtransactions = subtransactions
        self.relations = relations
        self.made = made
        self.dropped = dropped
    }

    /// Numbers below this one are those of the system catalogs' own files.
    public static let firstNormalNumber: UInt32 = 16384

    /// Whether it changed rows of the system catalogs.
    public var touchesCatalogs: Bool {
        relations.contains { !$0.value.isEmpty && $0.key.number < Self.firstNormalNumber }
    }
}
