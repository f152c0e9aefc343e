public import Planning
public import Platform
public import PostgresFormat
public import WALEvents

/// What a person asks a restore for: one target, read once, where it was typed.
public enum RequestedTarget: Hashable, Sendable {
    /// Everything the source has made durable when the work begins; of accepted work whose source's WAL could
    /// not be read then, everything up to the instant at which it was accepted.
    case latest(asOf: PostgresTimestamp?)
    /// Everything the source had made durable when the work was accepted: its WAL up to a position.
    case durable(upTo: LSN, asOf: PostgresTimestamp)
    case time(RequestedTime)
    /// A fast restore point: a backup alone, without replay beyond its end.
    case backup(String)
    case position(LSN, exclusive: Bool)
    case transaction(TransactionNumber, exclusive: Bool)
    case restorePoint(String)
    /// Just before something happened.
    case event(RequestedEvent)

    /// The time as it was typed; nil where no time was.
    public var typedTime: String? {
        if case .time(let time) = self { time.typed } else { nil }
    }

    /// In a few words, for records: `transaction 745`.
    public var words: String {
        switch self {
        case .latest: "the latest moment"
        case .durable(let end, _): "the latest moment, \(end)"
        case .time(let time): time.typed
        case .backup(let name): "backup \(name) alone"
        case .position(let lsn, let exclusive): "WAL position \(lsn)" + (exclusive ? ", exclusive" : "")
        case .transaction(let number, let exclusive):
            "transaction \(number)" + (exclusive ? ", exclusive" : "")
        case .restorePoint(let name): "restore point \(name)"
        case .event(let event): "just before \(event.words)"
        }
    }
}

/// An instant and the words it was asked for with.
public struct RequestedTime: Hashable, Sendable {
    public let instant: PostgresTimestamp
    public let typed: String
    /// How the words were understood, where they leave something open.
    public let note: String?

    public init(_ instant: PostgresTimestamp, typed: String, note: String? = nil) {
        self.instant = instant
        self.typed = typed
        self.note = note
    }
}

/// What happened right behind the moment that is wanted: `drop table orders in database shop`.
public struct RequestedEvent: Hashable, Sendable {
    public let pattern: EventPattern
    public let choice: EventChoice

    /// - Throws: `.usage` for words that are not understood.
    public init(_ words: String, _ choice: EventChoice) throws(Problem) {
        do {
            pattern = try EventPattern(words)
        } catch {
            throw Problem(
                .usage, "\"\(words)\" is no event", detail: error.description,
                hint:
                    "Say it like 'drop table orders in database shop', 'delete from orders' or 'restore point NAME'."
            )
        }
        self.choice = choice
    }

    /// As typed.
    public var words: String { pattern.description }
}
