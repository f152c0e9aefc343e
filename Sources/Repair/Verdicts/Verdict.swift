public import PostgresFormat
public import ServiceModel

/// What is to be said of one row that the transaction touched. The words stand in documents.
public enum Verdict: String, Hashable, Sendable, CaseIterable, Codable {
    /// Nobody wrote the row since: it goes back to what it was.
    case restorable
    /// Later transactions wrote other columns of it; these stay as they are.
    case mergeable
    /// A damaged cell was written again, or the row was deleted, by a later transaction.
    case conflict
    /// The row has its old values already.
    case alreadyRight = "already right"
    /// The transaction deleted it, and its key is free.
    case absentNow = "deleted, absent now"
    /// The transaction deleted it, and another row has its key.
    case keyTakenNow = "deleted, key taken now"
    /// The transaction put it in, and nobody wrote it since.
    case unchangedSince = "inserted, unchanged since"
    /// The transaction put it in, and a later one wrote it.
    case changedSince = "inserted, changed since"
    /// The transaction put it in, and rows of others refer to it.
    case referencedSince = "referenced since"
    /// The transaction changed its key.
    case keyChanged = "key changed"
    /// The row could be brought back, but the table as it is now does not admit it.
    case forbiddenNow = "forbidden now"

    /// Whether a person has to decide.
    public var isConflict: Bool {
        switch self {
        case .conflict, .keyTakenNow, .changedSince, .referencedSince, .forbiddenNow: true
        case .restorable, .mergeable, .alreadyRight, .absentNow, .unchangedSince, .keyChanged: false
        }
    }

    /// Whether the row is written by a repair.
    public var isRepaired: Bool { !isConflict && self != .alreadyRight }
}

/// One row with what it was, what the transaction made of it, and what it is now.
public struct JudgedRow: Hashable, Sendable {
    public enum Change: String, Hashable, Sendable, Codable {
        case insert, update, delete
    }

    public var change: Change
    /// Nil for one that the transaction put in.
    public var before: Cells?
    /// Nil for one that it deleted.
    public var after: Cells?
    /// Nil where no row has the key now.
    public var now: Cells?
    /// Where the row lies now, for tables without a key.
    public var address: RowAddress?
    /// In which table or partition; nil for the table itself.
    public var relation: ObjectID?
    public var verdict: Verdict
    /// Places of the columns that the transaction changed.
    public var damaged: [Int]
    /// Places of those that cannot be given back without a decision.
    public var conflicts: [Int]
    /// What somebody decided about it, where it is in conflict; nil leaves it to the rule.
    public var decision: ConflictDecision.Choice?
    /// What somebody decided and the tables of now do not admit: it counts no more.
    public var withdrawn: ConflictDecision.Choice?
    /// Who wrote the row since, in the order of WAL.
    public var later: [RowWrite]
    /// See `RowTrack.move`.
    public var move: Int?
    /// Whether no rule can give it anything back, since it cannot be told what is the row.
    public var isLost = false
    /// Why, where the verdict alone does not tell.
    public var reason: String?

    /// Places of the cells that somebody has to decide about, of a row in conflict.
    public var undecided: [Int] { conflicts.isEmpty ? damaged : conflicts }

    public init(
        change: Change, before: Cells?, after: Cells?, now: Cells?, address: RowAddress? = nil,
        verdict: Verdict, damaged: [Int], conflicts: [Int] = [], later: [RowWrite] = [],
        reason: String? = nil
    ) {
        self.change = change
        self.before = before
        self.after = after
        self.now = now
        self.address = address
        self.verdict = verdict
        self.damaged = damaged
        self.conflicts = conflicts
        self.later = later
        self.reason = reason
    }
}
