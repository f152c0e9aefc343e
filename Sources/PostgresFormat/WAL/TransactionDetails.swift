/// Everything that a commit, abort or prepare record tells.
///
/// Layout: `xl_xact_commit`, `xl_xact_abort`, `xl_xact_prepare` and their optional parts, PostgreSQL 15 to
/// 18.
public struct TransactionDetails: Hashable, Sendable {
    public let end: TransactionEnd
    /// The database it worked in; `.none` where the record does not say.
    public var database = ObjectID.none
    /// The user who prepared it; `.none` for all but `prepare`.
    public var owner = ObjectID.none
    /// Its subtransactions that end with it, at any depth.
    public var subtransactions: [TransactionID] = []
    /// The relations whose files go with this record; for `prepare` those that a commit will remove.
    public var droppedRelations: [RelationLocator] = []
    /// For `prepare`, the relations whose files an abort will remove; empty for all others.
    public var abortedRelations: [RelationLocator] = []
    /// For `prepare`, those that a commit will drop.
    public var droppedStatistics: [DroppedStatistics] = []
    public var abortedStatistics: [DroppedStatistics] = []
    /// How many messages tell other sessions to forget what they know of the catalog.
    public var invalidations = 0
    /// For `prepare`, the locks that it goes on holding.
    public var locks: [PreparedLock] = []
    /// The name given to `PREPARE TRANSACTION`; in a commit or abort of it only with `wal_level = logical`.
    public var name: String?
    /// Where and when it ended on the server that it was replicated from.
    public var origin: TransactionOrigin?
    /// Flags that say what else standbys have to do (`xinfo`); zero if there are none.
    public var flags: UInt32 = 0

    init(_ end: TransactionEnd) {
        self.end = end
    }
}

/// Where a replicated transaction came from.
public struct TransactionOrigin: Hashable, Sendable {
    public let end: LSN
    public let time: PostgresTimestamp
}

/// An entry of the statistics that was dropped with its object.
public struct DroppedStatistics: Hashable, Sendable {
    public let kind: Int32
    public let database: ObjectID
    /// 64 bits since PostgreSQL 18; an object's number in 32 before.
    public let object: UInt64

    /// Bytes per entry in a record.
    static func size(_ version: WALVersion) -> Int { version.hasWideStatistics ? 16 : 12 }
}

/// A record of the transaction manager's, in full.
public enum TransactionOperation: Hashable, Sendable {
    case end(TransactionDetails)
    /// Subtransactions told to belong to a transaction, once there are many.
    case assignment(top: TransactionID, subtransactions: [TransactionID])
    /// Invalidation messages of a transaction that goes on, with `wal_level = logical`.
    case invalidations(Int)
}

extension WALRecord {
    /// What this record of the transaction manager's says; nil for any other and for a malformed one.
    public var transactionOperation: TransactionOperation? {
        guard resourceManagerID == ResourceManager.transaction.rawValue, let mainData else { return nil }
        var reader = ByteReader(mainData)
        switch info & 0x70 {
        case 0x50:
            guard let top = reader.next(UInt32.self),
                let subtransactions = reader.nextList(of: 4, { $0.next().map(TransactionID.init) })
            else { return nil }
            return .assignment(top: TransactionID(top), subtransactions: subtransactions)
        case 0x60:
            guard let count = reader.next(Int32.self), count >= 0, Int(count) <= reader.remaining / 16 else {
                return nil
            }
            return .invalidations(Int(count))
        case TransactionEnd.Kind.prepare.rawValue: return prepared(&reader).map(TransactionOperation.end)
        default: return ended(&reader).map(TransactionOperation.end)
        }
    }

    /// The commit, abort or prepare that this record is, in full.
    public var transactionDetails: TransactionDetails? {
        guard case .end(let details) = transactionOperation else { return nil }
        return details
    }

    private func ended(_ reader: inout ByteReader) -> TransactionDetails? {
        guard let end = transactionEnd, reader.skip(8) else { return nil }
        var details = TransactionDetails(end)
        guard info & XactFlag.hasInfo != 0 else { return details }
        guard let flags = reader.next(UInt32.self) else { return nil }
        details.flags = flags
        if flags & XactFlag.database != 0 {
            guard let database = reader.nextObject(), reader.skip(4) else { return nil }
            details.database = database
        }
        if flags & XactFlag.subtransactions != 0 {
            guard let list = reader.nextList(of: 4, { $0.next().map(TransactionID.init) }) else { return nil }
            details.subtransactions = list
        }
        if flags & XactFlag.relationFiles != 0 {
            guard let list = reader.nextList(of: RelationLocator.size, { $0.nextLocator() }) else {
                return nil
            }
            details.droppedRelations = list
        }
        if flags & XactFlag.droppedStatistics != 0 {
            let version = version
            let list = reader.nextList(of: DroppedStatistics.size(version)) { $0.nextStatistics(version) }
            guard let list else { return nil }
            details.droppedStatistics = list
        }
        if end.kind.isCommit, flags & XactFlag.invalidations != 0 {
            guard let count = reader.next(Int32.self), count >= 0, reader.skip(16 * Int(count)) else {
                return nil
            }
            details.invalidations = Int(count)
        }
        if flags & XactFlag.twoPhase != 0 {
            guard reader.skip(4) else { return nil }
            if flags & XactFlag.name != 0 {
                guard let name = reader.nextText() else { return nil }
                details.name = name
            }
        }
        if flags & XactFlag.origin != 0 {
            guard let lsn = reader.next(UInt64.self), let time = reader.next(Int64.self) else { return nil }
            details.origin = TransactionOrigin(end: LSN(lsn), time: PostgresTimestamp(microseconds: time))
        }
        return details
    }

    /// `xl_xact_prepare`: a fixed head of 72 bytes, then lists, each aligned to 8 bytes.
    private func prepared(_ reader: inout ByteReader) -> TransactionDetails? {
        guard let end = transactionEnd, reader.skip(12), let database = reader.nextObject(), reader.skip(8),
            let owner = reader.nextObject(), let subtransactions = reader.next(Int32.self),
            let committed = reader.next(Int32.self), let aborted = reader.next(Int32.self),
            let committedStatistics = reader.next(Int32.self),
            let abortedStatistics = reader.next(Int32.self),
            let invalidations = reader.next(Int32.self), reader.skip(2),
            let nameLength = reader.next(UInt16.self), let originLSN = reader.next(UInt64.self),
            let originTime = reader.next(Int64.self), let name = reader.take(Int(nameLength)),
            reader.align()
        else { return nil }
        var details = TransactionDetails(end)
        details.database = database
        details.owner = owner
        details.name = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        if originLSN != 0 {
            details.origin = TransactionOrigin(
                end: LSN(originLSN), time: PostgresTimestamp(microseconds: originTime))
        }
        let statisticsSize = DroppedStatistics.size(version)
        let version = version
        guard
            let children = reader.nextAligned(
                subtransactions, of: 4, { $0.next().map(TransactionID.init) }),
            let dropped = reader.nextAligned(committed, of: RelationLocator.size, { $0.nextLocator() }),
            let kept = reader.nextAligned(aborted, of: RelationLocator.size, { $0.nextLocator() }),
            let droppedStatistics = reader.nextAligned(
                committedStatistics, of: statisticsSize, { $0.nextStatistics(version) }),
            let keptStatistics = reader.nextAligned(
                abortedStatistics, of: statisticsSize, { $0.nextStatistics(version) }),
            invalidations >= 0, Int(invalidations) <= reader.remaining / 16
        else { return nil }
        details.subtransactions = children
        details.droppedRelations = dropped
        details.abortedRelations = kept
        details.droppedStatistics = droppedStatistics
        details.abortedStatistics = keptStatistics
        details.invalidations = Int(invalidations)
        if reader.skip(16 * Int(invalidations)), reader.align() { details.locks = reader.nextPreparedLocks() }
        return details
    }
}

extension ByteReader {
    mutating func nextStatistics(_ version: WALVersion) -> DroppedStatistics? {
        guard let kind = next(Int32.self), let database = nextObject(), let low = next(UInt32.self) else {
            return nil
        }
        var object = UInt64(low)
        if version.hasWideStatistics {
            guard let high = next(UInt32.self) else { return nil }
            object |= UInt64(high) << 32
        }
        return DroppedStatistics(kind: kind, database: database, object: object)
    }

    /// The text up to its zero byte, which must be there.
    mutating func nextText() -> String? {
        var bytes: [UInt8] = []
        while let byte = next(UInt8.self) {
            if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    /// Skips to the next multiple of 8 bytes, or to the end.
    mutating func align() -> Bool { skip(min(remaining, (8 - offset % 8) % 8)) }

    fileprivate mutating func nextAligned<Element>(
        _ count: Int32, of size: Int, _ element: (inout ByteReader) -> Element?
    ) -> [Element]? {
        guard let list = nextElements(Int(count), of: size, element), align() else { return nil }
        return list
    }
}
