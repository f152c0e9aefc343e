public import PostgresFormat
public import Repair
public import ServiceModel

/// What `undo` is asked for.
public struct UndoRequest: Hashable, Sendable {
    public var resourceGroup: String
    /// A bare name in the same group, or a full resource id.
    public var sourceServer: String
    /// Just before the transaction that is to be taken back: by its number, or by what it did.
    public var target: RequestedTarget
    public var timeline: TimelineID?
    /// Tables that are of interest, as `schema.table` or `table`; all of them where none is named.
    public var tables: [String] = []
    public var conflicts = ConflictRule.stop
    /// Whether a row that was written at all since is a conflict, whatever the column.
    public var isStrict = false
    /// Whether the script is run on a copy before anybody gets it.
    public var proves = true
    /// Whether only the verdicts are wanted.
    public var isPreview = false

    public init(resourceGroup: String, sourceServer: String, target: RequestedTarget) {
        self.resourceGroup = resourceGroup
        self.sourceServer = sourceServer
        self.target = target
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
