public import PostgresFormat

/// What happened in one WAL segment, told so that nobody has to open it: which transactions ended, how many
/// rows they changed in which relations, and the records that changed the catalogs.
///
/// A record that crosses into the segment from the one before belongs to this one; a record that crosses out
/// of it to the next.
public struct SegmentIndex: Hashable, Sendable {
    /// Which bytes an index was made from.
    public struct Identity: Hashable, Sendable {
        public var segment: SegmentName
        /// Of the uncompressed segment, in bytes.
        public var rawBytes: UInt64
        public var rawCRC32C: UInt32
        /// From the segment's first page; nil where that cannot be read.
        public var systemIdentifier: UInt64?
        public var version: WALVersion?
        /// The checksum of the raw segment before this one, when that was at hand; without it nothing is
        /// known of what was open when this one began.
        public var predecessorCRC32C: UInt32?

        public init(
            segment: SegmentName, rawBytes: UInt64, rawCRC32C: UInt32, systemIdentifier: UInt64? = nil,
            version: WALVersion? = nil, predecessorCRC32C: UInt32? = nil
        ) {
            self.segment = segment
            self.rawBytes = rawBytes
            self.rawCRC32C = rawCRC32C
            self.systemIdentifier = systemIdentifier
            self.version = version
            self.predecessorCRC32C = predecessorCRC32C
        }
    }

    /// How many transactions committed in one minute by their own clock.
    public struct Activity: Hashable, Sendable {
        /// Whole minutes since 2000-01-01 00:00:00 UTC.
        public var minute: Int64
        public var commits: UInt32

        public init(minute: Int64, commits: UInt32) {
            self.minute = minute
            self.commits = commits
        }
    }

    /// What a timeline of events needs; small.
    ///
    /// `changes` and `ends` hold the transactions that matter: those that changed many rows of a relation
    /// (`bulkRows`, their subtransactions' added), touched a catalog, are open at the segment's end, or may
    /// have begun before the segment. So the counts of a transaction that spans segments are whole when
    /// those of all its segments are added.
    public struct Summary: Hashable, Sendable {
        /// Whether the record that crosses into the segment, if any does, is told here; without the
        /// predecessor it cannot be.
        public var isJoined = false
        /// The start of the first record told here, and the end of the last.
        public var firstRecord: LSN?
        public var lastRecordEnd: LSN?
        public var commits: UInt32 = 0
        public var aborts: UInt32 = 0
        public var prepares: UInt32 = 0
        /// Over commits and aborts.
        public var firstTime: PostgresTimestamp?
        public var lastTime: PostgresTimestamp?
        /// Commits by minute, rising.
        public var activity: [Activity] = []
        /// The latest transaction number met up to the segment's end, as they wrap around.
        public var latestXID: TransactionID?
        /// Where catalogs lie that a rewrite has moved to other numbers than their own, as far as the WAL up
        /// to here told: their records are among those kept, too.
        public var catalogs: [RelationLocator] = []
        /// Transactions and subtransactions that changed rows here and have not ended here, by number.
        public var open: [TransactionID] = []
        /// Records verbatim, in WAL order: of the catalogs, databases, tablespaces, relation maps,
        /// checkpoints, restore points, parameters, and of the ends of the transactions in `ends`.
        public var kept: [KeptRecord] = []
        /// In the order of the transactions' ends; those still open at last. A transaction that updated a
        /// catalog may have several of one relation, in WAL order, parted by these updates.
        public var changes: [TransactionChange] = []
        /// In WAL order.
        public var ends: [IndexedTransactionEnd] = []

        public init() {}
    }

    /// Every transaction of the segment.
    public struct Detail: Hashable, Sendable {
        /// In WAL order.
        public var ends: [IndexedTransactionEnd]
        /// Every transaction and relation, in the order of the transactions' ends; those still open at last.
        public var changes: [TransactionChange]

        public init(ends: [IndexedTransactionEnd] = [], changes: [TransactionChange] = []) {
            self.ends = ends
            self.changes = changes
        }
    }

    /// From this many rows of one relation a transaction's changes are in the summary.
    public static let bulkRows: Int64 = 100

    public var identity: Identity
    public var summary: Summary
    /// Nil where only the summary was read.
    public var detail: Detail?
    /// Nil where they were not read.
    public var fragments: SegmentFragments?

    public init(
        identity: Identity, summary: Summary = Summary(), detail: Detail? = nil,
        fragments: SegmentFragments? = nil
    ) {
        self.identity = identity
        self.summary = summary
        self.detail = detail
        self.fragments = fragments
    }

    public var kept: [KeptRecord] { summary.kept }
    public var changes: [TransactionChange] { summary.changes }
    public var ends: [IndexedTransactionEnd] { summary.ends }

    /// The changes of all transactions where the detail was read, else of those in the summary: from there
    /// where they are in both, for only there it is known where each of them begins.
    public var knownChanges: [TransactionChange] {
        guard let detail else { return changes }
        let told = Set(changes.map(\.xid))
        return changes + detail.changes.filter { !told.contains($0.xid) }
    }
}
