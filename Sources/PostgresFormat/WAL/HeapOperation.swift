/// What a record of the heap's two resource managers does to a table's rows.
///
/// Layouts: `heapam_xlog.h` of PostgreSQL 15 to 18. Rows are parts of the record, see `WALRecord.bytes(of:)`.
public enum HeapOperation: Hashable, Sendable {
    case insert(HeapInsertion)
    /// Several rows put into one page; the rows themselves by `WALRecord.forEachRow`.
    case multiInsert(HeapMultiInsertion)
    case delete(HeapDeletion)
    case update(HeapUpdate)
    case truncate(HeapTruncation)
    /// A speculative insertion (`ON CONFLICT`) became a real one.
    case confirm(HeapRow)
    case lock(HeapLock)
    /// A lock of the newer version of a row that was locked.
    case lockUpdated(HeapLock)
    /// A row overwritten where it is, outside of any transaction.
    case inPlace(HeapInPlace)
    /// Rows' line pointers cleaned up, or rows frozen: what by `WALRecord.pruned`.
    case prune(HeapPruning)
    /// A page entered into the visibility map.
    case visible(HeapVisibility)
    /// A row's command numbers, for logical decoding.
    case newCommand(RelationLocator)
    /// Rows' new places after a rewrite, for logical decoding.
    case rewriteMapping
}

/// A row's place: a page and the number of the line pointer in it, from 1.
public struct HeapRow: Hashable, Sendable {
    public let block: BlockReference
    public let offset: UInt16

    @inline(__always)
    init(_ block: BlockReference, _ offset: UInt16) {
        self.block = block
        self.offset = offset
    }
}

/// The part of a row's header that WAL keeps (`xl_heap_header`); the rest follows from the record.
public struct HeapRowHeader: Hashable, Sendable {
    public static let size = 5
    /// The fixed part of a row's header on a page, in bytes.
    public static let fullSize = 23

    public let infomask2: UInt16
    public let infomask: UInt16
    /// Where the row's values begin, from its header, in bytes.
    public let dataOffset: UInt8

    public init(infomask2: UInt16, infomask: UInt16, dataOffset: UInt8) {
        self.infomask2 = infomask2
        self.infomask = infomask
        self.dataOffset = dataOffset
    }

    /// The number of columns the row has.
    public var attributes: Int { Int(infomask2 & 0x07FF) }
}

/// A row as a record carries it: the header's rest, and everything behind the header's fixed 23 bytes.
public struct HeapRowData: Hashable, Sendable {
    public let header: HeapRowHeader
    /// Null bitmap, padding and values.
    public let body: RecordSlice
}

public struct HeapInsertion: Hashable, Sendable {
    public let row: HeapRow
    public let flags: UInt8
    /// Nil where only the page's image tells.
    public let data: HeapRowData?

    /// Whether the insertion may still be taken back without its transaction ending (`ON CONFLICT`); a
    /// confirmation or a super-deletion follows.
    public var isSpeculative: Bool { flags & 0x04 != 0 }
    /// Whether the row is a part of a long value; said only with `wal_level = logical`.
    public var isOnToast: Bool { flags & 0x10 != 0 }
}

public struct HeapMultiInsertion: Hashable, Sendable {
    public let block: BlockReference
    public let flags: UInt8
    public let count: Int
    /// Where the rows' numbers are; nil if they are 1 to `count` on a new page.
    let offsets: RecordSlice?
}

public struct HeapDeletion: Hashable, Sendable {
    public let row: HeapRow
    public let xmax: TransactionID
    /// Infomask bits of `xmax`, packed (`XLHL_…`).
    public let infobits: UInt8
    public let flags: UInt8
    /// The row or its key as it was, with `wal_level = logical`.
    public let old: HeapRowData?

    /// Whether this takes a speculative insertion back: no row that anybody saw was deleted.
    public var isSuper: Bool { flags & 0x08 != 0 }
    /// Whether the row was moved to another partition by an update.
    public var isPartitionMove: Bool { flags & 0x10 != 0 }
}

public struct HeapUpdate: Hashable, Sendable {
    public let old: HeapRow
    /// On the same page as the old one unless the record has a second block.
    public let new: HeapRow
    /// Whether no index had to change.
    public let isHot: Bool
    public let oldXmax: TransactionID
    public let oldInfobits: UInt8
    public let newXmax: TransactionID
    public let flags: UInt8
    /// The values' first and last bytes that are as in the old row and not in the record.
    public let prefixLength: Int
    public let suffixLength: Int
    /// Null bitmap and padding, then the values between prefix and suffix; nil where only an image tells.
    public let data: HeapRowData?
    /// The old row or its key, with `wal_level = logical`.
    public let oldData: HeapRowData?
}

public struct HeapTruncation: Hashable, Sendable {
    public let database: ObjectID
    /// Object numbers, not file numbers; written only with `wal_level = logical`.
    public let relations: [ObjectID]
    public let cascades: Bool
    public let restartsSequences: Bool
}

public struct HeapLock: Hashable, Sendable {
    public let row: HeapRow
    /// A transaction, or a multixact where the infobits say so.
    public let xmax: TransactionID
    public let infobits: UInt8
    public let flags: UInt8
}

public struct HeapInPlace: Hashable, Sendable {
    public let row: HeapRow
    /// The row's new values, everything behind `dataOffset`; nil where only an image tells.
    public let values: RecordSlice?
    /// The invalidation messages, 16 bytes each; PostgreSQL 18 only.
    public let invalidations: Int
}

public struct HeapPruning: Hashable, Sendable {
    public enum Cause: Hashable, Sendable {
        /// A query or a statement met rows that nobody can see any more.
        case access
        /// The first pass of VACUUM; before PostgreSQL 17 told apart from `access` by nothing.
        case vacuumScan
        /// The second pass of VACUUM, after the indexes.
        case vacuumCleanup
        /// Freezing alone, before PostgreSQL 17.
        case freeze
    }

    public let block: BlockReference
    public let cause: Cause
    /// Transactions up to this one could still have seen what is gone.
    public let conflictHorizon: TransactionID?
    /// PostgreSQL 17's flags, or nil and the counts of older layouts.
    let flags: UInt8?
    let firstCount: Int
    let secondCount: Int
}

public struct HeapVisibility: Hashable, Sendable {
    /// The page of the table itself, not of its map.
    public let block: BlockReference
    public let flags: UInt8
    public let conflictHorizon: TransactionID
}
