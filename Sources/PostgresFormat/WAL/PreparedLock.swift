/// A lock that a prepared transaction holds until somebody ends it.
///
/// Layout: `TwoPhaseLockRecord` with its `LOCKTAG`, PostgreSQL 15 to 18.
public struct PreparedLock: Hashable, Sendable {
    public enum Subject: Hashable, Sendable {
        case relation(ObjectID)
        /// A thing that is no relation, by the catalog that has it and its number there.
        case object(catalog: ObjectID, ObjectID)
    }

    /// `.none` for what all databases share.
    public let database: ObjectID
    public let subject: Subject
    /// From 1, AccessShareLock, to 8, AccessExclusiveLock.
    public let mode: Int32

    public init(database: ObjectID, subject: Subject, mode: Int32) {
        self.database = database
        self.subject = subject
        self.mode = mode
    }
}

/// A prepared transaction as its file in `pg_twophase` tells it.
///
/// Layout: `TwoPhaseFileHeader` and what follows it, the same as in the record that prepares it.
public struct PreparedTransactionState: Hashable, Sendable {
    public let xid: TransactionID
    public let time: PostgresTimestamp
    /// As given to `PREPARE TRANSACTION`.
    public let name: String
    public let locks: [PreparedLock]

    /// Nil if the bytes are no such file.
    public init?(file bytes: [UInt8], version: WALVersion) {
        let read = bytes.span.bytes.withUnsafeBytes { Self(file: $0, version) }
        guard let read else { return nil }
        self = read
    }

    private init?(file bytes: UnsafeRawBufferPointer, _ version: WALVersion) {
        var reader = ByteReader(bytes)
        guard reader.next(UInt32.self) == Self.magic, reader.skip(4), let xid = reader.next(UInt32.self),
            reader.skip(4), let time = reader.next(Int64.self), reader.skip(4),
            let subtransactions = reader.next(Int32.self), let committed = reader.next(Int32.self),
            let aborted = reader.next(Int32.self), let committedStatistics = reader.next(Int32.self),
            let abortedStatistics = reader.next(Int32.self), let invalidations = reader.next(Int32.self),
            reader.skip(2), let nameLength = reader.next(UInt16.self), reader.skip(16),
            let name = reader.take(Int(nameLength)), reader.align()
        else { return nil }
        let statistics = DroppedStatistics.size(version)
        for (count, size) in [
            (subtransactions, 4), (committed, RelationLocator.size), (aborted, RelationLocator.size),
            (committedStatistics, statistics), (abortedStatistics, statistics), (invalidations, 16),
        ] {
            guard count >= 0, Int(count) <= reader.remaining / size, reader.skip(Int(count) * size),
                reader.align()
            else { return nil }
        }
        self.xid = TransactionID(xid)
        self.time = PostgresTimestamp(microseconds: time)
        self.name = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        locks = reader.nextPreparedLocks()
    }

    /// PostgreSQL's `TWOPHASE_MAGIC`.
    private static let magic: UInt32 = 0x57F9_4534
}

extension ByteReader {
    /// The locks among what resource managers noted of a prepared transaction, as far as they can be read.
    ///
    /// Each note has a head of 8 bytes (`TwoPhaseRecordOnDisk`: its length, whose it is, a word of its own),
    /// and both are aligned to 8 bytes.
    mutating func nextPreparedLocks() -> [PreparedLock] {
        var locks: [PreparedLock] = []
        while let length = next(UInt32.self), let manager = next(UInt8.self), skip(3), manager != 0,
            let note = take(Int(length)), align()
        {
            guard manager == 1, note.count >= 20 else { continue }
            var reader = ByteReader(note)
            guard let database = reader.nextObject(), let first = reader.nextObject(),
                let second = reader.nextObject(), reader.skip(2), let kind = reader.next(UInt8.self),
                reader.skip(1), let mode = reader.next(Int32.self)
            else { continue }
            switch kind {
            case 0:
                locks.append(PreparedLock(database: database, subject: .relation(first), mode: mode))
            case 8:
                locks.append(
                    PreparedLock(
                        database: database, subject: .object(catalog: first, second), mode: mode))
            default: break
            }
        }
        return locks
    }
}
