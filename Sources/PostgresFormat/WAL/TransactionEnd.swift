/// A record that ends a transaction, or prepares it to be ended later.
public struct TransactionEnd: Hashable, Sendable {
    /// What became of the transaction. The numbers are the record's operation code.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case commit = 0x00
        case prepare = 0x10
        case abort = 0x20
        case commitPrepared = 0x30
        case abortPrepared = 0x40

        /// Whether recovery compares the record's time with a target time: true for all but `prepare`.
        public var canStopRecovery: Bool { self != .prepare }
        public var isCommit: Bool { self == .commit || self == .commitPrepared }
        public var isAbort: Bool { self == .abort || self == .abortPrepared }
    }

    public let kind: Kind
    /// The transaction that ended; for a prepared one its own number, not that of the session that ended it.
    public let xid: TransactionID
    /// The time in the record: the clock of the server when the transaction ended.
    public let time: PostgresTimestamp
    /// Where the record begins (`pg_waldump`'s `lsn:`).
    public let start: LSN
    /// Where the record ends, aligned, as PostgreSQL's `EndRecPtr`.
    public let end: LSN

    public init(kind: Kind, xid: TransactionID, time: PostgresTimestamp, start: LSN, end: LSN) {
        self.kind = kind
        self.xid = xid
        self.time = time
        self.start = start
        self.end = end
    }
}

extension TransactionEnd {
    /// Reads as much as the first bytes of a record tell: nil if it ends no transaction, or its time is not
    /// in them.
    ///
    /// The number of a prepared transaction may lie further on; it is `.none` then.
    public init?(
        recordBeginning bytes: UnsafeRawBufferPointer, start: LSN, end: LSN, version: WALVersion
    ) {
        guard bytes.count >= WALRecord.headerSize,
            bytes.little(17, as: UInt8.self) == ResourceManager.transaction.rawValue,
            let mainData = RecordLayout.mainDataBeginning(withoutBlocks: bytes)
        else { return nil }
        self.init(
            info: bytes.little(16), xid: TransactionID(bytes.little(4)), start: start, end: end,
            version: version, mainData: mainData, isWhole: false)
    }

    /// Reads the main data of a transaction record. Data too short for what its flags promise is nil, but for
    /// the number of a prepared transaction if the data is not whole.
    ///
    /// Layout: `xl_xact_commit`, `xl_xact_abort` and `xl_xact_prepare`, with the optional parts in the order
    /// in which they are written; an entry of dropped statistics has 16 bytes since PostgreSQL 18, 12 before.
    init?(
        info: UInt8, xid: TransactionID, start: LSN, end: LSN, version: WALVersion,
        mainData: UnsafeRawBufferPointer, isWhole: Bool = true
    ) {
        guard let kind = Kind(rawValue: info & 0x70) else { return nil }
        var reader = ByteReader(mainData)
        let time: Int64?
        var ended = xid
        switch kind {
        case .prepare:
            guard reader.skip(8), let prepared = reader.next(UInt32.self), reader.skip(4) else { return nil }
            ended = TransactionID(prepared)
            time = reader.next(Int64.self)
        case .commit, .abort:
            time = reader.next(Int64.self)
        case .commitPrepared, .abortPrepared:
            time = reader.next(Int64.self)
            let prepared = Self.preparedTransaction(
                info: info, isCommit: kind.isCommit, version: version, &reader)
            guard let prepared = isWhole ? prepared : prepared ?? TransactionID.none else { return nil }
            ended = prepared
        }
        guard let time else { return nil }
        self.init(
            kind: kind, xid: ended, time: PostgresTimestamp(microseconds: time), start: start, end: end)
    }

    private static func preparedTransaction(
        info: UInt8, isCommit: Bool, version: WALVersion, _ reader: inout ByteReader
    ) -> TransactionID? {
        guard info & XactFlag.hasInfo != 0, let flags = reader.next(UInt32.self) else { return nil }
        if flags & XactFlag.database != 0, !reader.skip(8) { return nil }
        if flags & XactFlag.subtransactions != 0, !reader.skipList(elementSize: 4) { return nil }
        if flags & XactFlag.relationFiles != 0, !reader.skipList(elementSize: 12) { return nil }
        if flags & XactFlag.droppedStatistics != 0,
            !reader.skipList(elementSize: DroppedStatistics.size(version))
        {
            return nil
        }
        if isCommit, flags & XactFlag.invalidations != 0, !reader.skipList(elementSize: 16) { return nil }
        guard flags & XactFlag.twoPhase != 0, let xid = reader.next(UInt32.self) else { return nil }
        return TransactionID(xid)
    }
}

/// Flags of a commit or abort record that say which parts follow the time.
enum XactFlag {
    /// In the record's info byte: a word of flags follows.
    static let hasInfo: UInt8 = 0x80
    static let database: UInt32 = 1 << 0
    static let subtransactions: UInt32 = 1 << 1
    static let relationFiles: UInt32 = 1 << 2
    static let invalidations: UInt32 = 1 << 3
    static let twoPhase: UInt32 = 1 << 4
    static let origin: UInt32 = 1 << 5
    static let exclusiveLocks: UInt32 = 1 << 6
    static let name: UInt32 = 1 << 7
    static let droppedStatistics: UInt32 = 1 << 8
}
