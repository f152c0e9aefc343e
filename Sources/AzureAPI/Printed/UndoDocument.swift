public import ControlPlane
import PostgresFormat
import Repair

/// What taking a transaction back comes to, as `pitr undo` prints it.
public struct UndoDocument: Codable, Sendable {
    public struct LeftOut: Codable, Hashable, Sendable {
        public var reason: String
        public var subject: String
    }

    public struct Step: Codable, Hashable, Sendable {
        public var name: String
        public var seconds: Double
    }

    public struct Table: Codable, Hashable, Sendable {
        public var name: String
        public var rows: Int
        public var triggers: [String]
        /// How many rows have each verdict; only those that there are.
        public var verdicts: [String: Int]
    }

    public var commitLsn: String
    public var commitTimeUtc: String
    /// Rows about which somebody has to decide.
    public var conflictRows: Int
    public var conflictRule: String
    public var database: String
    /// What the transaction did.
    public var deeds: [String]
    public var leftOut: [LeftOut]
    /// What the transaction dropped and the script makes again: kind, schema, name and owner.
    public var madeAgain: [String]
    public var notes: [String]
    public var nowLsn: String
    public var nowTimeUtc: String
    public var operationId: String
    /// `passed`, `stopped` or `none`.
    public var proof: String
    public var sourceServer: String
    public var steps: [Step]
    public var tables: [Table]
    /// What triggers do when the script is run, besides what it does itself.
    public var triggerEffects: [String]
    /// Rows that the script writes.
    public var writtenRows: Int
    public var xid: UInt32

    public init(_ result: UndoResult) {
        let plan = result.plan
        commitLsn = plan.commit.description
        commitTimeUtc = plan.commitTime.description
        conflictRows = plan.conflictCount
        conflictRule = result.rule.rawValue
        database = plan.database
        deeds = plan.deeds
        leftOut = plan.leftOut.map { LeftOut(reason: $0.reason, subject: $0.subject) }
        madeAgain = plan.definitions.entries
        notes = result.notes
        nowLsn = plan.nowEnd.description
        nowTimeUtc = plan.nowTime.description
        operationId = result.operationID
        proof =
            switch result.proof {
            case .passed: "passed"
            case .stopped: "stopped"
            case .none: "none"
            }
        sourceServer = plan.source
        steps = result.steps.map { Step(name: $0.name, seconds: $0.seconds) }
        tables = plan.tables.map { table in
            Table(
                name: table.shape.name.description, rows: table.rows.count, triggers: table.shape.triggers,
                verdicts: Dictionary(grouping: table.rows, by: \.verdict.rawValue).mapValues(\.count))
        }
        triggerEffects = plan.triggerEffects
        writtenRows = result.writes
        xid = plan.xid.rawValue
    }
}
