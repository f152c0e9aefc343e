/// Which changes of rows are told as events: of what is of no interest nothing is named, and nothing kept.
public struct RowInterest: Sendable {
    /// Changes of at least so many rows of a relation by one transaction.
    public var minimumRows: Int64
    /// Only those that these commits made final; nil for all.
    public var commits: (@Sendable (IndexedTransactionEnd) -> Bool)?
    /// Only those of these tables, each asked for with the tables it is a part of; nil for all.
    public var tables: (@Sendable (EventObject, [EventObject]) -> Bool)?

    /// Whether changes of so many rows are of interest whoever made them, and in whichever table.
    public var isOfAll: Bool { commits == nil && tables == nil }

    public init(
        minimumRows: Int64, commits: (@Sendable (IndexedTransactionEnd) -> Bool)? = nil,
        tables: (@Sendable (EventObject, [EventObject]) -> Bool)? = nil
    ) {
        self.minimumRows = minimumRows
        self.commits = commits
        self.tables = tables
    }
}
