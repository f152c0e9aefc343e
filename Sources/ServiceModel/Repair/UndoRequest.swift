public import Planning
import Platform
public import PostgresFormat
import WALEvents

/// What `undo` is asked for.
public struct UndoRequest: Codable, Hashable, Sendable {
    public var resourceGroup: String
    /// A bare name in the same group, or a full resource id.
    public var sourceServer: String
    /// Which transactions are to be taken back.
    public indirect enum Wanted: Hashable, Sendable {
        /// By their numbers; at least one.
        case transactions([TransactionNumber])
        /// By what it did: one, as the event's choice says.
        case event(RequestedEvent)
        /// All that did so.
        case everyEvent(RequestedEvent)
        /// All that committed from one moment to another, as restores to these moments have them.
        case window(from: RequestedTime, to: RequestedTime)
        /// Exactly those that a preview has shown, whatever else is as it was asked for by now.
        case shown(CommittedTransactions, of: Wanted)

        /// For the activity log.
        public var words: String {
            switch self {
            case .transactions(let numbers):
                "transactions " + numbers.prefix(20).map(\.description).joined(separator: ", ")
                    + (numbers.count > 20 ? ", …" : "")
            case .event(let event): event.words
            case .everyEvent(let event): "every " + event.words
            case .window(let from, let to): "from \(from.instant) to \(to.instant)"
            case .shown(_, let asked): "as previewed: " + asked.words
            }
        }
    }

    public var wanted: Wanted
    /// Whose rows are taken back, where several databases were changed.
    public var database: String?
    public var timeline: TimelineID?
    /// Tables that are of interest, as `schema.table` or `table`; all of them where none is named.
    public var tables: [String] = []
    /// Columns that updated rows get back; all of them where none is named.
    public var columns: [String] = []
    /// SQL, as behind WHERE: of rows as they were just before, or just after where they were not there.
    public var condition: String?
    /// As for `condition`, of rows as they were just after.
    public var conditionAfter: String?
    public var conflicts = ConflictRule.stop
    /// About rows in conflict, one by one; the rule is for all others. Nil for none.
    public var decisions: [ConflictDecision]?
    /// Whether a row that was written at all since is a conflict, whatever the column.
    public var isStrict = false
    /// Whether the script switches the user triggers of its tables off while it works.
    public var disablesTriggers = false
    /// How many rows the script writes in one transaction, 1 or more; nil where all of it is one.
    public var batch: Int?
    /// Whether the script is run on a copy before anybody gets it.
    public var proves = true
    /// Whether only the verdicts are wanted.
    public var isPreview = false

    public init(resourceGroup: String, sourceServer: String, wanted: Wanted) {
        self.resourceGroup = resourceGroup
        self.sourceServer = sourceServer
        self.wanted = wanted
    }
}

/// Which transactions, spread over fields, as a restore's target waits in the catalog.
private struct StoredWanted: Codable {
    var transactions: [TransactionNumber]?
    var event: String?
    var isEvery: Bool?
    var nth: Int?
    var isLatestEvent: Bool?
    var minimumRows: Int64?
    /// Instants in UTC, and the same as they were typed.
    var from: String?
    var fromTyped: String?
    var to: String?
    var toTyped: String?
    /// Of those that were asked for.
    var shown: CommittedTransactions?
}

extension UndoRequest.Wanted: Codable {
    public init(from decoder: any Decoder) throws {
        let stored = try StoredWanted(from: decoder)
        let asked = try Self(asked: stored)
        self = stored.shown.map { .shown($0, of: asked) } ?? asked
    }

    private init(asked stored: StoredWanted) throws {
        if let transactions = stored.transactions {
            self = .transactions(transactions)
            return
        }
        if let words = stored.event {
            let place: EventChoice.Place =
                if let nth = stored.nth { .nth(nth) } else { stored.isLatestEvent == true ? .latest : .only }
            let event = try RequestedEvent(words, EventChoice(place, minimumRows: stored.minimumRows))
            self = stored.isEvery == true ? .everyEvent(event) : .event(event)
            return
        }
        self = .window(
            from: try Self.time(stored.from, stored.fromTyped), to: try Self.time(stored.to, stored.toTyped))
    }

    private static func time(_ text: String?, _ typed: String?) throws(Problem) -> RequestedTime {
        guard case .success(let parsed) = TimestampParser.parse(text ?? "") else {
            throw Problem(.stateDamaged, "a queued undo has no readable time", detail: "'\(text ?? "")'")
        }
        return RequestedTime(parsed.instant, typed: typed ?? text ?? "")
    }

    public func encode(to encoder: any Encoder) throws {
        try stored().encode(to: encoder)
    }

    private func stored() -> StoredWanted {
        var stored = StoredWanted()
        switch self {
        case .transactions(let numbers): stored.transactions = numbers
        case .event(let event): stored.set(event)
        case .everyEvent(let event):
            stored.set(event)
            stored.isEvery = true
        case .window(let from, let to):
            (stored.from, stored.fromTyped) = (from.instant.description, from.typed)
            (stored.to, stored.toTyped) = (to.instant.description, to.typed)
        case .shown(let shown, let asked):
            stored = asked.stored()
            stored.shown = shown
        }
        return stored
    }
}

extension StoredWanted {
    fileprivate mutating func set(_ wanted: RequestedEvent) {
        event = wanted.words
        minimumRows = wanted.choice.minimumRows
        switch wanted.choice.place {
        case .only: break
        case .latest: isLatestEvent = true
        case .nth(let number): nth = number
        }
    }
}
