public import PostgresFormat

/// Whether an undo's script was seen to do what is planned.
public enum UndoProof: String, Hashable, Sendable {
    /// On a copy of now exactly the planned rows changed, and a second run changed nothing.
    case passed
    /// Rows are in conflict, and the script does nothing until somebody decides.
    case stopped
    /// It was not wanted, or there is nothing to write.
    case none
}

/// What an undo came to, without the rows themselves.
public struct UndoReport: Sendable {
    public struct Table: Hashable, Sendable {
        public var name: String
        public var rows: Int
        public var triggers: [String]
        /// How many rows have each verdict, by its words.
        public var verdicts: [String: Int]

        public init(name: String, rows: Int, triggers: [String], verdicts: [String: Int]) {
            self.name = name
            self.rows = rows
            self.triggers = triggers
            self.verdicts = verdicts
        }
    }

    public struct Transaction: Hashable, Sendable {
        public var xid: TransactionID
        /// Where its commit record begins.
        public var commit: LSN
        public var commitTime: PostgresTimestamp

        public init(xid: TransactionID, commit: LSN, commitTime: PostgresTimestamp) {
            self.xid = xid
            self.commit = commit
            self.commitTime = commitTime
        }
    }

    /// A row about which somebody has to decide.
    public struct Conflict: Hashable, Sendable {
        public struct Cell: Hashable, Sendable {
            public var column: String
            /// As PostgreSQL prints them, long ones cut; nil for NULL, and where there was no such row.
            public var before: String?
            public var after: String?
            public var now: String?

            public init(column: String, before: String?, after: String?, now: String?) {
                self.column = column
                self.before = before
                self.after = after
                self.now = now
            }
        }

        public struct Writer: Hashable, Sendable {
            public var xid: TransactionID
            public var time: PostgresTimestamp

            public init(xid: TransactionID, time: PostgresTimestamp) {
                self.xid = xid
                self.time = time
            }
        }

        public var table: String
        /// As `id=7`.
        public var key: String
        /// Its verdict in words.
        public var verdict: String
        /// Those in conflict.
        public var cells: [Cell]
        /// Who wrote the row since, in the order of WAL.
        public var writtenSince: [Writer]
        public var reason: String?

        public init(
            table: String, key: String, verdict: String, cells: [Cell], writtenSince: [Writer],
            reason: String?
        ) {
            self.table = table
            self.key = key
            self.verdict = verdict
            self.cells = cells
            self.writtenSince = writtenSince
            self.reason = reason
        }
    }

    /// What was taken back, of which server.
    public var source: String
    public var database: String
    /// In the order in which they committed.
    public var transactions: [Transaction]
    public var deeds: [String]
    public var operationID: String
    /// The state that is called now.
    public var nowEnd = LSN.zero
    public var nowTime = PostgresTimestamp(unixMicroseconds: 0)
    public var tables: [Table] = []
    public var conflictRows = 0
    /// The first of them, at most 20.
    public var conflicts: [Conflict] = []
    /// How many of them somebody decided about one by one.
    public var decidedRows = 0
    /// `stop`, `skip`, `before` or `now`.
    public var conflictRule = ""
    /// What is not taken back, and why.
    public var leftOut: [(subject: String, reason: String)] = []
    public var madeAgain: [String] = []
    public var triggerEffects: [String] = []
    public var proof = UndoProof.none
    /// How many rows the script writes.
    public var writtenRows = 0
    /// What each part took, in seconds.
    public var steps: [(name: String, seconds: Double)] = []
    public var notes: [String] = []

    public init(
        source: String, database: String, transactions: [Transaction], deeds: [String], operationID: String
    ) {
        self.source = source
        self.database = database
        self.transactions = transactions
        self.deeds = deeds
        self.operationID = operationID
    }
}
