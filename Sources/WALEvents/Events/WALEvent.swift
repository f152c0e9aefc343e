public import PostgresFormat

/// Something that happened on a server, as its WAL tells it: a table dropped, many rows deleted, a restore
/// point set.
///
/// Only what was committed is an event, but for what takes effect at once: see `boundary`.
public struct WALEvent: Hashable, Sendable {
    public enum Action: String, Hashable, Sendable, CaseIterable, Codable {
        case create, drop, alter, truncate
        /// Rows of one relation changed by one transaction.
        case insert, update, delete
        /// A named restore point was set.
        case restorePoint
        /// The server was started with other settings that a standby must know of.
        case parameterChange
        /// Recovery ended and a new timeline began.
        case timelineEnd
        /// What had changed by then was on the disk; `time` is when it began.
        case checkpoint
    }

    /// What kind of thing it happened to.
    public enum Subject: String, Hashable, Sendable, CaseIterable, Codable {
        case table, view, materializedView, foreignTable, index, sequence, type, schema, database, tablespace
        case server

        /// As in an SQL statement: `MATERIALIZED VIEW`.
        public var sqlName: String {
            switch self {
            case .materializedView: "MATERIALIZED VIEW"
            case .foreignTable: "FOREIGN TABLE"
            default: rawValue.uppercased()
            }
        }
    }

    public var action: Action
    public var subject: Subject
    public var object: EventObject
    /// Of a table: those it is a partition of or inherits from, the nearest first.
    public var ancestors: [EventObject] = []
    /// Of what was renamed or moved to another schema: what it was called before.
    public var former: EventObject?
    /// For insert, update and delete: how many rows, at least one.
    public var rows: Int64?
    /// For insert, update and delete: how many rows the table had, as VACUUM or ANALYZE noted last.
    public var tableSize = TableSize()
    /// What was altered, one change each, in a few words; of a checkpoint, where recovery would start.
    public var details: [String]
    /// The transaction that did it; `.none` if none did.
    public var xid: TransactionID
    /// Where the first record of it begins.
    public var record: LSN
    /// The start of the record that made it final; nil where nothing commits it.
    public var commit: LSN?
    /// The commit's time, or the record's own; nil if neither has one.
    public var time: PostgresTimestamp?
    /// The start of the first record to leave out so that it has not happened: the commit of the transaction,
    /// or, of what takes effect at once (DROP DATABASE, a tablespace), its own first record.
    public var boundary: LSN

    public init(
        action: Action, subject: Subject, object: EventObject, rows: Int64? = nil, details: [String] = [],
        xid: TransactionID = .none, record: LSN, commit: LSN? = nil, time: PostgresTimestamp? = nil,
        boundary: LSN
    ) {
        self.action = action
        self.subject = subject
        self.object = object
        self.rows = rows
        self.details = details
        self.xid = xid
        self.record = record
        self.commit = commit
        self.time = time
        self.boundary = boundary
    }

    /// Whether it is a change of rows rather than of what there is.
    public var changesRows: Bool { action == .insert || action == .update || action == .delete }

    /// The event without its numbers, for programs: `DROP TABLE shop.orders`, `DELETE shop.orders`, where
    /// `shop` is the database.
    public var title: String { title(object.description) }

    /// The same for people: `DROP TABLE public.orders in database shop`.
    public var words: String { title(object.words) }

    private func title(_ name: String) -> String {
        switch action {
        case .create, .drop, .alter: "\(action.rawValue.uppercased()) \(subject.sqlName) \(name)"
        case .truncate, .insert, .update, .delete: "\(action.rawValue.uppercased()) \(name)"
        case .restorePoint: "RESTORE POINT \(object.name.map(SQLName.plain) ?? name)"
        case .parameterChange: "PARAMETER CHANGE"
        case .timelineEnd: "NEW TIMELINE \(object.number)"
        case .checkpoint: "CHECKPOINT"
        }
    }
}

extension WALEvent: CustomStringConvertible {
    /// For people, with the rows and the details: `DELETE public.orders in database shop, 8400 rows`.
    public var description: String {
        let counted = rows.map { ", \($0) \($0 == 1 ? "row" : "rows")" } ?? ""
        return words + counted + (details.isEmpty ? "" : " (" + details.joined(separator: ", ") + ")")
    }
}

/// How many rows a table has, as far as its catalog tells. It says nothing about which event it is of.
public struct TableSize: Hashable, Sendable {
    /// Nil where nobody has counted yet.
    public var rows: Int64?

    public init(rows: Int64? = nil) {
        self.rows = rows
    }

    public static func == (left: TableSize, right: TableSize) -> Bool { true }

    public func hash(into hasher: inout Hasher) {}
}

/// The name of what an event happened to, as far as it is known: never guessed, the number instead.
public struct EventObject: Hashable, Sendable {
    /// The name of the database it is in; nil for what belongs to no database, or if not known.
    public var database: String?
    /// The number of that database; `.none` for what belongs to none.
    public var databaseID: ObjectID
    /// Nil for what has no schema, or if not known.
    public var schema: String?
    /// Nil if not known.
    public var name: String?
    /// The object's number in its catalog, or that of its file if only this is known; 0 for what has none.
    public var number: UInt32

    public init(
        database: String? = nil, databaseID: ObjectID = .none, schema: String? = nil, name: String? = nil,
        number: UInt32 = 0
    ) {
        self.database = database
        self.databaseID = databaseID
        self.schema = schema
        self.name = name
        self.number = number
    }

    /// By its numbers, which are enough to tell nearly all apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(databaseID)
        hasher.combine(number)
    }
}

extension EventObject: CustomStringConvertible {
    /// For programs: `shop.orders` for `public.orders` in the database `shop`, `shop.sales.orders` in another
    /// schema; a number for each name that is not known, and names quoted where SQL needs it.
    public var description: String {
        var parts: [String] = []
        if databaseID != .none || database != nil {
            parts.append(database.map(SQLName.quoted) ?? databaseID.description)
        }
        if let schema, schema != "public" { parts.append(SQLName.quoted(schema)) }
        if let name {
            parts.append(SQLName.quoted(name))
        } else if number != 0 || parts.isEmpty {
            parts.append(String(number))
        }
        return parts.joined(separator: ".")
    }

    /// The same for people, so that nobody takes a database for a schema: `public.orders in database shop`.
    public var words: String {
        guard databaseID != .none || database != nil else { return nameInDatabase }
        return nameInDatabase + " in database " + (database.map(SQLName.quoted) ?? databaseID.description)
    }

    /// As a session in its database would write it: `public.orders`.
    var nameInDatabase: String {
        let last = name.map(SQLName.quoted) ?? String(number)
        return schema.map { SQLName.quoted($0) + "." + last } ?? last
    }
}

/// An event as the target of a restore to just before it.
public struct EventTarget: Hashable, Sendable {
    public var event: WALEvent

    public init(_ event: WALEvent) {
        self.event = event
    }

    /// The start of the record that must be the first one left out.
    public var boundary: LSN { event.boundary }
}
