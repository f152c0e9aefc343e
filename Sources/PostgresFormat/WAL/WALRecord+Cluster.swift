/// A checkpoint as its record tells it.
///
/// Layout: `CheckPoint` of `pg_control.h`; PostgreSQL 17 put the WAL level into a gap.
public struct WALCheckpoint: Hashable, Sendable {
    public let isShutdown: Bool
    /// Where recovery would start from it.
    public let redo: LSN
    public let timeline: TimelineID
    /// Another one than `timeline` if the record begins that.
    public let previousTimeline: TimelineID
    public let fullPageWrites: Bool
    /// Nil before PostgreSQL 17.
    public let walLevel: WALLevel?
    /// The next transaction's number with its epoch in the upper half.
    public let nextTransaction: UInt64
    public let nextObject: ObjectID
    public let nextMultixact: UInt32
    public let nextMultixactOffset: UInt32
    public let oldestTransaction: TransactionID
    public let oldestTransactionDatabase: ObjectID
    public let oldestMultixact: UInt32
    public let oldestMultixactDatabase: ObjectID
    /// In whole seconds since 1970.
    public let unixTime: Int64
    public let oldestCommitTimestamp: TransactionID
    public let newestCommitTimestamp: TransactionID
    /// `.none` for a shutdown checkpoint.
    public let oldestActive: TransactionID
}

/// The end of a recovery without a checkpoint.
public struct WALEndOfRecovery: Hashable, Sendable {
    public let time: PostgresTimestamp
    public let timeline: TimelineID
    public let previousTimeline: TimelineID
}

/// What happened to a database's directory.
public enum DatabaseOperation: Hashable, Sendable {
    /// Made by copying files, block by block or not, outside of WAL.
    case createByFileCopy(
        database: ObjectID, tablespace: ObjectID, source: ObjectID, sourceTablespace: ObjectID)
    /// Made empty; its blocks follow in the WAL.
    case createByWAL(database: ObjectID, tablespace: ObjectID)
    /// Its directories in these tablespaces are removed, at once and whatever becomes of the transaction.
    case drop(database: ObjectID, tablespaces: [ObjectID])
}

public enum TablespaceOperation: Hashable, Sendable {
    /// - Parameter path: empty for one inside the data directory.
    case create(tablespace: ObjectID, path: String)
    case drop(tablespace: ObjectID)
}

/// A new map from system catalogs to their files.
public struct RelationMapUpdate: Hashable, Sendable {
    /// `.none` for the map of the shared catalogs.
    public let database: ObjectID
    public let tablespace: ObjectID
    /// The whole new file (`pg_filenode.map`).
    public let map: RecordSlice
}

public enum StorageOperation: Hashable, Sendable {
    case create(RelationLocator, RelationFork)
    /// Cut to `blocks` blocks. Flags: 1 the table, 2 its visibility map, 4 its free space map.
    case truncate(RelationLocator, blocks: UInt32, flags: UInt32)
}

/// The transactions that were running, for standbys.
public struct RunningTransactions: Hashable, Sendable {
    public let nextTransaction: TransactionID
    public let oldestRunning: TransactionID
    public let latestCompleted: TransactionID
    /// Whether there were more subtransactions than could be told.
    public let isOverflowed: Bool
    public let transactions: [TransactionID]
    public let subtransactions: [TransactionID]
}

/// A message written by `pg_logical_emit_message`.
public struct LogicalMessage: Hashable, Sendable {
    public let database: ObjectID
    public let isTransactional: Bool
    public let prefix: String
    public let content: RecordSlice
}

/// A lock that standbys have to take as well.
public struct StandbyLock: Hashable, Sendable {
    public let xid: TransactionID
    public let database: ObjectID
    /// The relation's object number.
    public let relation: ObjectID
}
