public import PostgresFormat

/// Which events of a server are asked for.
public struct EventQuery: Sendable {
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
    /// Where commits are to be counted in finer parts than minutes; its counts are not looked at.
    public var commitParts: CommitParts?

    /// What counts as many rows unless told otherwise.
    public static let usualMinimumRows: Int64 = 1000
    /// An UPDATE or DELETE of one row in so many is large for its table.
    public static let largeShare: Int64 = 5
    /// Whose table nobody has counted has so few rows that a change of so many is a large one: autovacuum
    /// counts a table once 50 of its rows have changed.
    public static let largeOfUncounted: Int64 = 10
    /// A table with more such changes of fewer than `SegmentIndex.bulkRows` is a queue, or the like: they are
    /// what is usual for it.
    public static let mostLargeShares = 10

    public init(
        from: PostgresTimestamp? = nil, to: PostgresTimestamp? = nil, minimumRows: Int64? = nil,
        table: ObjectPattern? = nil
    ) {
        self.from = from
        self.to = to
        leastRows = minimumRows
        self.table = table
    }
}
