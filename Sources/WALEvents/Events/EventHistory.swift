public import PostgresFormat

/// What happened on a server, as far as its backups and WAL tell.
public struct EventHistory: Sendable {
    /// Segments that are missing or damaged between others that are held.
    public struct Gap: Hashable, Sendable {
        public var first: SegmentName
        public var last: SegmentName
        /// How many segments.
        public var count: UInt64
        /// The last commit or abort before, the first one after; nil where none is known.
        public var after: PostgresTimestamp?
        public var before: PostgresTimestamp?

        public init(
            first: SegmentName, last: SegmentName, count: UInt64, after: PostgresTimestamp?,
            before: PostgresTimestamp?
        ) {
            self.first = first
            self.last = last
            self.count = count
            self.after = after
            self.before = before
        }
    }

    /// Commits in one minute by their own clock.
    public struct Minute: Hashable, Sendable {
        /// Its first instant.
        public var start: PostgresTimestamp
        public var commits: Int

        public init(start: PostgresTimestamp, commits: Int) {
            self.start = start
            self.commits = commits
        }
    }

    /// Changes of a table's rows that are too small to be events here.
    public struct Hidden: Hashable, Sendable {
        public var table: EventObject
        public var changes: Int
        /// Of the largest of them.
        public var largestRows: Int64

        public init(table: EventObject, changes: Int, largestRows: Int64) {
            self.table = table
            self.changes = changes
            self.largestRows = largestRows
        }
    }

    public var gaps: [Gap] = []
    /// Minutes with at least one commit, in order.
    public var activity: [Minute] = []
    /// Nil where they were not asked for, and where it would take long: what tells of each commit is large.
    public var commitParts: CommitParts?
    /// More are refused, so that no server's WAL is too long to be asked about.
    public static let largestCount = 100_000
    /// In the order of WAL.
    public var events: [WALEvent] = []
    /// What is left out for being small, the tables with the most changes first.
    public var hidden: [Hidden] = []
    /// Changes of fewer rows were not looked for, and are not in `hidden`: at least 1.
    public var leastCountedRows: Int64 = 1
    /// How many segments were gone through, and of how many WAL itself was read.
    public var segments = 0
    public var segmentsRead = 0
    /// Remarks for the person, for example that names may be missing.
    public var notes: [String] = []

    public init() {}
}
