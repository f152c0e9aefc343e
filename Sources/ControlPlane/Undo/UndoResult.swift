public import Repair
public import ServiceModel

/// What came of it.
public struct UndoResult: Sendable {
    public var plan: UndoPlan
    /// All that were found, also those that changed no row of the database.
    public var found: CommittedTransactions
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
