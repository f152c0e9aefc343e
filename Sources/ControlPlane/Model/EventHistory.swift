public import Planning
public import PostgresFormat
public import WALEvents

/// What `timeline` was asked for.
public struct EventHistoryRequest: Sendable {
    public var resourceGroup: String
    /// A bare name in the same group, a full resource id, or the id of a deleted server.
    public var sourceServer: String
    /// Events from then on; nil is the beginning of what is held.
    public var from: PostgresTimestamp?
    /// Events up to then, inclusive; nil is the end.
    public var to: PostgresTimestamp?
    /// The least number of rows of one relation that a transaction must change to be an event. Nil is
    /// `usualMinimumRows`, and fewer where they are a large part of their table.
    public var leastRows: Int64?
    /// That, or what is usual.
    public var minimumRows: Int64 { leastRows ?? Self.usualMinimumRows }
    /// Only what happened to this table or to parts of it.
    public var table: ObjectPattern?

    /// What counts as many rows unless told otherwise.
    public static let usualMinimumRows: Int64 = 1000
    /// An UPDATE or DELETE of one row in so many is large for its table.
    public static let largeShare: Int64 = 5

    public init(
        resourceGroup: String, sourceServer: String, from: PostgresTimestamp? = nil,
        to: PostgresTimestamp? = nil, minimumRows: Int64? = nil,
        table: ObjectPattern? = nil
    ) {
        self.resourceGroup = resourceGroup
        self.sourceServer = sourceServer
        self.from = from
        self.to = to
        leastRows = minimumRows
        self.table = table
    }
}

/// What happened on a server, as far as its backups and log tell.
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

    public var server: ServerDetails
    /// The window that can be restored; nil when nothing can.
    public var earliest: PostgresTimestamp?
    public var latest: PostgresTimestamp?
    /// The range asked for, with the window's ends where it was left open.
    public var from: PostgresTimestamp?
    public var to: PostgresTimestamp?
    /// Oldest first, damaged ones among them.
    public var backups: [InventoryBackup] = []
    public var gaps: [Gap] = []
    /// Minutes with at least one commit, in order.
    public var activity: [Minute] = []
    /// More are refused, so that no server's log is too long to be asked about.
    public static let largestCount = 100_000
    /// In the order of the log.
    public var events: [WALEvent] = []
    /// What is left out for being small, the tables with the most changes first. Changes of fewer than
    /// `leastKnownRows` are not counted.
    public var hidden: [Hidden] = []
    /// Smaller changes are looked for only when they are asked for: indexes tell of larger ones at once.
    public static let leastKnownRows = SegmentIndex.bulkRows
    /// How many segments were gone through, and of how many the log itself was read.
    public var segments = 0
    public var segmentsRead = 0
    /// Remarks for the person, for example that names may be missing.
    public var notes: [String] = []

    public init(server: ServerDetails) {
        self.server = server
    }
}
