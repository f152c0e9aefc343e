public import Planning
public import PostgresFormat
public import Repair
public import ServiceModel

/// What `undo` is asked for.
public struct UndoRequest: Hashable, Sendable {
    public var resourceGroup: String
    /// A bare name in the same group, or a full resource id.
    public var sourceServer: String
    /// Which transactions are to be taken back.
    public enum Wanted: Hashable, Sendable {
        /// By their numbers; at least one.
        case transactions([TransactionNumber])
        /// By what it did: one, as the event's choice says.
        case event(RequestedEvent)
        /// All that did so.
        case everyEvent(RequestedEvent)
        /// All that committed from one moment to another, as restores to these moments have them.
        case window(from: RequestedTime, to: RequestedTime)

        /// For the activity log.
        var words: String {
            switch self {
            case .transactions(let numbers):
                "transactions " + numbers.prefix(20).map(\.description).joined(separator: ", ")
                    + (numbers.count > 20 ? ", …" : "")
            case .event(let event): event.words
            case .everyEvent(let event): "every " + event.words
            case .window(let from, let to): "from \(from.instant) to \(to.instant)"
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

/// What came of it.
public struct UndoResult: Sendable {
    public var plan: UndoPlan
    public var rule: ConflictRule
    public var script: String
    /// How many rows the script writes.
    public var writes: Int
    public var proof: UndoProof
    public var operationID: String
    /// What each part took, in seconds.
    public var steps: [(name: String, seconds: Double)]
    public var notes: [String]
}
