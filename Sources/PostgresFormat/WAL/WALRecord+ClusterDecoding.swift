extension WALRecord {
    private func reader(_ manager: ResourceManager) -> ByteReader? {
        guard resourceManagerID == manager.rawValue else { return nil }
        return mainData.map(ByteReader.init)
    }

    /// The checkpoint that this record is.
    public var checkpoint: WALCheckpoint? {
        guard isXLog(XLogOperation.checkpointShutdown) || isXLog(XLogOperation.checkpointOnline),
            let mainData,
            mainData.count >= 88
        else { return nil }
        return WALCheckpoint(
            isShutdown: operation == XLogOperation.checkpointShutdown, redo: LSN(mainData.little(0)),
            timeline: TimelineID(mainData.little(8)), previousTimeline: TimelineID(mainData.little(12)),
            fullPageWrites: mainData[16] != 0,
            walLevel: version.checkpointTellsLevel ? WALLevel(rawValue: mainData.little(20)) : nil,
            nextTransaction: mainData.little(24), nextObject: ObjectID(mainData.little(32)),
            nextMultixact: mainData.little(36), nextMultixactOffset: mainData.little(40),
            oldestTransaction: TransactionID(mainData.little(44)),
            oldestTransactionDatabase: ObjectID(mainData.little(48)), oldestMultixact: mainData.little(52),
            oldestMultixactDatabase: ObjectID(mainData.little(56)), unixTime: mainData.little(64),
            oldestCommitTimestamp: TransactionID(mainData.little(72)),
            newestCommitTimestamp: TransactionID(mainData.little(76)),
            oldestActive: TransactionID(mainData.little(80)))
    }

    /// The end of recovery that this record is.
    public var endOfRecovery: WALEndOfRecovery? {
        guard isXLog(XLogOperation.endOfRecovery), let mainData, mainData.count >= 16 else { return nil }
        return WALEndOfRecovery(
            time: PostgresTimestamp(microseconds: mainData.little(0)),
            timeline: TimelineID(mainData.little(8)), previousTimeline: TimelineID(mainData.little(12)))
    }

    /// The new value of `full_page_writes`.
    public var fullPageWritesChange: Bool? {
        guard isXLog(XLogOperation.fullPageWrites), let mainData, mainData.count >= 1 else { return nil }
        return mainData[0] != 0
    }

    /// Where the record began that could not be completed and was overwritten, and when.
    public var overwrittenRecord: (start: LSN, time: PostgresTimestamp)? {
        guard isXLog(XLogOperation.overwriteContinuation), let mainData, mainData.count >= 16 else {
            return nil
        }
        return (LSN(mainData.little(0)), PostgresTimestamp(microseconds: mainData.little(8)))
    }

    public var databaseOperation: DatabaseOperation? {
        guard var reader = reader(.database), let database = reader.nextObject() else { return nil }
        switch operation {
        case 0x00:
            guard let tablespace = reader.nextObject(), let source = reader.nextObject(),
                let sourceTablespace = reader.nextObject()
            else { return nil }
            return .createByFileCopy(
                database: database, tablespace: tablespace, source: source,
                sourceTablespace: sourceTablespace)
        case 0x10:
            return reader.nextObject().map { .createByWAL(database: database, tablespace: $0) }
        case 0x20:
            return reader.nextList(of: 4) { $0.nextObject() }.map {
                .drop(database: database, tablespaces: $0)
            }
        default: return nil
        }
    }

    public var tablespaceOperation: TablespaceOperation? {
        guard var reader = reader(.tablespace), let tablespace = reader.nextObject() else { return nil }
        switch operation {
        case 0x00: return reader.nextText().map { .create(tablespace: tablespace, path: $0) }
        case 0x10: return .drop(tablespace: tablespace)
        default: return nil
        }
    }

    public var relationMapUpdate: RelationMapUpdate? {
        guard var reader = reader(.relationMap), operation == 0, let main = mainSlice,
            let database = reader.nextObject(), let tablespace = reader.nextObject(),
            let length = reader.next(Int32.self), length >= 0, Int(length) <= reader.remaining
        else { return nil }
        return RelationMapUpdate(
            database: database, tablespace: tablespace,
            map: RecordSlice(offset: main.offset + 12, count: Int(length)))
    }

    public var storageOperation: StorageOperation? {
        guard var reader = reader(.storage) else { return nil }
        switch operation {
        case 0x10:
            guard let locator = reader.nextLocator(),
                let fork = reader.next(UInt32.self).flatMap(UInt8.init(exactly:)),
                let fork = RelationFork(rawValue: fork)
            else { return nil }
            return .create(locator, fork)
        case 0x20:
            guard let blocks = reader.next(UInt32.self), let locator = reader.nextLocator(),
                let flags = reader.next(UInt32.self)
            else { return nil }
            return .truncate(locator, blocks: blocks, flags: flags)
        default: return nil
        }
    }

    /// The sequence that this record moves.
    public var sequence: RelationLocator? {
        guard var reader = reader(.sequence), operation == 0 else { return nil }
        return reader.nextLocator()
    }

    public var runningTransactions: RunningTransactions? {
        guard var reader = reader(.standby), operation == 0x10, let count = reader.next(Int32.self),
            let subCount = reader.next(Int32.self), let overflowed = reader.next(UInt8.self),
            reader.skip(3), let next = reader.next(UInt32.self), let oldest = reader.next(UInt32.self),
            let latest = reader.next(UInt32.self),
            let transactions = reader.nextElements(Int(count), of: 4, { $0.next().map(TransactionID.init) }),
            let children = reader.nextElements(Int(subCount), of: 4, { $0.next().map(TransactionID.init) })
        else { return nil }
        return RunningTransactions(
            nextTransaction: TransactionID(next), oldestRunning: TransactionID(oldest),
            latestCompleted: TransactionID(latest), isOverflowed: overflowed != 0,
            transactions: transactions, subtransactions: children)
    }

    /// The locks that this record makes standbys take.
    public var standbyLocks: [StandbyLock]? {
        guard var reader = reader(.standby), operation == 0x00 else { return nil }
        return reader.nextList(of: 12) { reader in
            guard let xid = reader.next(UInt32.self), let database = reader.nextObject(),
                let relation = reader.nextObject()
            else { return nil }
            return StandbyLock(xid: TransactionID(xid), database: database, relation: relation)
        }
    }

    public var logicalMessage: LogicalMessage? {
        guard var reader = reader(.logicalMessage), operation == 0, let main = mainSlice,
            let database = reader.nextObject(), let transactional = reader.next(UInt8.self), reader.skip(3),
            let prefixLength = reader.next(UInt64.self).flatMap(Int.init(exactly:)),
            let length = reader.next(UInt64.self).flatMap(Int.init(exactly:)),
            let prefix = reader.take(prefixLength), length <= reader.remaining
        else { return nil }
        return LogicalMessage(
            database: database, isTransactional: transactional != 0,
            prefix: String(decoding: prefix.prefix { $0 != 0 }, as: UTF8.self),
            content: RecordSlice(offset: main.offset + 24 + prefixLength, count: length))
    }
}
