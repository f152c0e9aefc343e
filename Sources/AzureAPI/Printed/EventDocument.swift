import PostgresFormat
import ServiceModel
public import WALEvents

/// An event as JSON tells it. Positions are PostgreSQL's text, times are UTC with microseconds.
public struct EventDocument: Codable, Sendable {
    public var action: String
    /// Of a table: those it is a partition of or inherits from, the nearest first.
    public var ancestors: [String]
    /// The start of the first record to leave out so that it has not happened.
    public var boundaryLsn: String
    @OrNull public var commitLsn: String?
    @OrNull public var database: String?
    public var details: [String]
    /// The event in one line, without the number of rows.
    public var event: String
    /// The start of its first record.
    public var lsn: String
    @OrNull public var name: String?
    /// The number in its catalog, or of its file if nothing else is known; 0 for what has none.
    public var number: UInt32
    /// What restores to just before it, to be pasted.
    @OrNull public var restoreCommand: String?
    /// For changes of rows; null for others.
    @OrNull public var rows: Int64?
    @OrNull public var schema: String?
    public var subject: String
    @OrNull public var timeUtc: String?
    /// 0 where no transaction did it.
    public var xid: UInt32

    public init(_ event: WALEvent, restoreCommand: String? = nil) {
        action = event.action.rawValue
        ancestors = event.ancestors.map(\.description)
        boundaryLsn = event.boundary.description
        _commitLsn = OrNull(wrappedValue: event.commit?.description)
        _database = OrNull(wrappedValue: event.object.database)
        details = event.details
        self.event = event.title
        lsn = event.record.description
        _name = OrNull(wrappedValue: event.object.name)
        number = event.object.number
        _restoreCommand = OrNull(wrappedValue: restoreCommand)
        _rows = OrNull(wrappedValue: event.rows)
        _schema = OrNull(wrappedValue: event.object.schema)
        subject = event.subject.rawValue
        _timeUtc = OrNull(wrappedValue: event.time?.description)
        xid = event.xid.rawValue
    }
}
