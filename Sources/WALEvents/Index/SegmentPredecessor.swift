public import PostgresFormat

/// What an index needs to know of the segment before its own.
public struct SegmentPredecessor: Hashable, Sendable {
    /// Of the raw segment.
    public var rawCRC32C: UInt32
    /// The latest transaction number met up to its end.
    public var latestXID: TransactionID?
    public var catalogs: [RelationLocator]
    /// The record that goes on into the next segment.
    public var tail: WALFragment?

    public init(
        rawCRC32C: UInt32, latestXID: TransactionID? = nil, catalogs: [RelationLocator] = [],
        tail: WALFragment? = nil
    ) {
        self.rawCRC32C = rawCRC32C
        self.latestXID = latestXID
        self.catalogs = catalogs
        self.tail = tail
    }

    /// Nil when the index's fragments were not read.
    public init?(_ index: SegmentIndex) {
        guard let fragments = index.fragments else { return nil }
        self.init(
            rawCRC32C: index.identity.rawCRC32C, latestXID: index.summary.latestXID,
            catalogs: index.summary.catalogs, tail: fragments.tail)
    }
}

extension TransactionID {
    /// Whether this number was given out no later than `other`, as numbers wrap around.
    func isNotAfter(_ other: TransactionID) -> Bool {
        Int32(bitPattern: rawValue &- other.rawValue) <= 0
    }
}
