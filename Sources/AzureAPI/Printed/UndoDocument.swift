import PostgresFormat
public import ServiceModel

/// What taking transactions back comes to, as `pitr undo` prints it.
public struct UndoDocument: Codable, Sendable {
    public struct Cell: Codable, Hashable, Sendable {
        /// Null for NULL, and where the transactions deleted the row.
        @OrNull public var after: String?
        /// Null for NULL, and where they put it in.
        @OrNull public var before: String?
        public var column: String
        /// Null for NULL, and where the row is not there.
        @OrNull public var now: String?
    }

    public struct Conflict: Codable, Hashable, Sendable {
        /// Those that somebody has to decide about; long values are cut.
        public var cells: [Cell]
        public var key: String
        /// Why, where the verdict alone does not tell.
        @OrNull public var reason: String?
        public var table: String
        public var verdict: String
        /// Who wrote the row since.
        public var writtenSince: [Writer]
    }

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

    public struct Transaction: Codable, Hashable, Sendable {
        public var commitLsn: String
        public var commitTimeUtc: String
        public var xid: UInt32
    }

    public struct Writer: Codable, Hashable, Sendable {
        public var commitTimeUtc: String
        public var xid: UInt32
    }

    /// Of the first transaction.
    public var commitLsn: String
    public var commitTimeUtc: String
    /// Rows about which somebody has to decide.
    public var conflictRows: Int
    public var conflictRule: String
    /// The first of them, at most 20; conflicts.csv has all.
    public var conflicts: [Conflict]
    public var database: String
    /// Rows in conflict that were decided about one by one.
    public var decidedRows: Int
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
    /// Those that are taken back, in the order in which they committed.
    public var transactions: [Transaction]
    /// What triggers do when the script is run, besides what it does itself.
    public var triggerEffects: [String]
    /// Rows that the script writes.
    public var writtenRows: Int
    /// Of the first transaction.
    public var xid: UInt32

    public init(_ report: UndoReport) {
        commitLsn = report.transactions.first?.commit.description ?? ""
        commitTimeUtc = report.transactions.first?.commitTime.description ?? ""
        conflictRows = report.conflictRows
        conflicts = report.conflicts.map(Conflict.init)
        conflictRule = report.conflictRule
        database = report.database
        decidedRows = report.decidedRows
        deeds = report.deeds
        leftOut = report.leftOut.map { LeftOut(reason: $0.reason, subject: $0.subject) }
        madeAgain = report.madeAgain
        notes = report.notes
        nowLsn = report.nowEnd.description
        nowTimeUtc = report.nowTime.description
        operationId = report.operationID
        proof = report.proof.rawValue
        sourceServer = report.source
        steps = report.steps.map { Step(name: $0.name, seconds: $0.seconds) }
        tables = report.tables.map {
            Table(name: $0.name, rows: $0.rows, triggers: $0.triggers, verdicts: $0.verdicts)
        }
        transactions = report.transactions.map { transaction in
            Transaction(
                commitLsn: transaction.commit.description,
                commitTimeUtc: transaction.commitTime.description, xid: transaction.xid.rawValue)
        }
        triggerEffects = report.triggerEffects
        writtenRows = report.writtenRows
        xid = report.transactions.first?.xid.rawValue ?? 0
    }
}

extension UndoDocument.Conflict {
    fileprivate init(_ conflict: UndoReport.Conflict) {
        cells = conflict.cells.map(UndoDocument.Cell.init)
        key = conflict.key
        reason = conflict.reason
        table = conflict.table
        verdict = conflict.verdict
        writtenSince = conflict.writtenSince.map {
            UndoDocument.Writer(commitTimeUtc: $0.time.description, xid: $0.xid.rawValue)
        }
    }
}

extension UndoDocument.Cell {
    fileprivate init(_ cell: UndoReport.Conflict.Cell) {
        after = cell.after
        before = cell.before
        column = cell.column
        now = cell.now
    }
}
