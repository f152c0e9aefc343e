import Platform
public import PostgresFormat
public import ServiceModel

/// What takes transactions back: tables with their rows judged, and what is left out.
public struct UndoPlan: Hashable, Sendable {
    /// One table, or a partitioned table with all its partitions.
    public struct Table: Hashable, Sendable {
        /// As it is now.
        public var shape: TableShape
        public var rows: [JudgedRow]
        /// Of a table without a key: how many rows of now have each text that may be expected or wanted.
        public var alike: [Cell: Int]
        /// Whether the script makes it again before it puts its rows in.
        public var isDropped: Bool

        public init(
            shape: TableShape, rows: [JudgedRow], alike: [Cell: Int] = [:], isDropped: Bool = false
        ) {
            self.shape = shape
            self.rows = rows
            self.alike = alike
            self.isDropped = isDropped
        }

        public func count(_ verdict: Verdict) -> Int { rows.count { $0.verdict == verdict } }
    }

    /// Something that the transaction did and that is not taken back.
    public struct LeftOut: Hashable, Sendable {
        public var subject: String
        public var reason: String

        public init(subject: String, reason: String) {
            self.subject = subject
            self.reason = reason
        }
    }

    /// A transaction that is taken back.
    public struct Transaction: Hashable, Sendable {
        public var xid: TransactionID
        public var commitTime: PostgresTimestamp
        /// Where its commit record begins.
        public var commit: LSN

        public init(xid: TransactionID, commitTime: PostgresTimestamp, commit: LSN) {
            self.xid = xid
            self.commitTime = commitTime
            self.commit = commit
        }
    }

    public var source: String
    public var database: String
    /// In the order in which they committed; at least one.
    public var transactions: [Transaction]
    /// What they did, in words: `UPDATE public.orders in database shop`.
    public var deeds: [String]
    /// Up to where WAL was read: the state that is called now.
    public var nowEnd: LSN
    public var nowTime: PostgresTimestamp
    public var tables: [Table]
    public var leftOut: [LeftOut]
    /// What it dropped and the script makes again.
    public var definitions = Definitions()
    /// Whether what it dropped is made again.
    public var makesDropped = true
    /// Whether the script switches the user triggers of its tables off while it works.
    public var disablesTriggers = false
    /// How many rows the script writes in one transaction; nil where all of it is one.
    public var batch: Int?
    /// What triggers do when the script is run, besides what it does itself; or would do, where it switches
    /// them off.
    public var triggerEffects: [String] = []
    /// Tables that it dropped, with all their rows; those that are made again become tables like the others.
    public var droppedRows: [Table] = []

    public init(
        source: String, database: String, transactions: [Transaction],
        deeds: [String], nowEnd: LSN, nowTime: PostgresTimestamp, tables: [Table], leftOut: [LeftOut]
    ) {
        self.source = source
        self.database = database
        self.transactions = transactions
        self.deeds = deeds
        self.nowEnd = nowEnd
        self.nowTime = nowTime
        self.tables = tables
        self.leftOut = leftOut
    }

    /// Notes that a table does not admit rows by now.
    ///
    /// - Parameter rows: places in the table's rows.
    /// - Returns: whether any of them was not known to be forbidden.
    @discardableResult
    public mutating func forbid(_ rows: [Int], of table: ObjectID, because reason: String) -> Bool {
        guard let place = tables.firstIndex(where: { $0.shape.number == table }) else { return false }
        var isChanged = false
        for row in rows where tables[place].rows[row].verdict != .forbiddenNow {
            isChanged = true
            tables.hold(row, of: place, as: .forbiddenNow, because: reason)
        }
        return isChanged
    }

    /// Which ones, as a part of a sentence: `transaction 731`, `12 transactions`.
    public var subject: String {
        transactions.count == 1
            ? "transaction \(transactions[0].xid)" : "\(transactions.count) transactions"
    }

    /// One sentence for each of the first ones.
    public var commits: [String] {
        let shown = transactions.prefix(20).map { transaction in
            "\(transaction.xid) committed \(transaction.commitTime) at \(transaction.commit)"
        }
        let rest = transactions.count - shown.count
        return rest == 0 ? shown : shown + ["\(rest) more"]
    }

    /// One sentence for each of the first rows whose decision could not be done, and what decides them now.
    ///
    /// - Parameter rule: for rows in conflict that nobody has decided about.
    public func withdrawnDecisions(_ rule: ConflictRule) -> [String] {
        var told: [String] = []
        var rest = 0
        for table in tables {
            for row in table.rows {
                guard let choice = row.withdrawn, row.decision == nil else { continue }
                guard told.count < 20 else {
                    rest += 1
                    continue
                }
                let name = "\(table.shape.name) \(UndoRows.key(of: row, table.shape))"
                let words =
                    "\(name) was decided '\(choice.rawValue)', which cannot be done: "
                    + "\(row.reason ?? row.verdict.rawValue). The rule '\(rule.rawValue)' is for it instead."
                told.append(words.visible())
            }
        }
        return rest == 0 ? told : told + ["So it is with \(rest) more rows that were decided."]
    }

    /// Rows in conflict that nobody has decided about one by one.
    public var undecidedCount: Int {
        tables.reduce(0) { $0 + $1.rows.count { $0.verdict.isConflict && $0.decision == nil } }
    }

    public var conflictCount: Int { tables.reduce(0) { $0 + $1.rows.count { $0.verdict.isConflict } } }
    public var repairCount: Int { tables.reduce(0) { $0 + $1.rows.count { $0.verdict.isRepaired } } }
}

extension [UndoPlan.Table] {
    /// Leaves a row as it is.
    ///
    /// One that the transaction took to another partition goes back whole or not at all: its other half, in
    /// this table or in another one, is left as well.
    mutating func hold(_ row: Int, of table: Int, as verdict: Verdict, because reason: String) {
        self[table].rows[row].verdict = verdict
        self[table].rows[row].conflicts = self[table].rows[row].damaged
        self[table].rows[row].reason = reason
        undecide(row, of: table)
        guard let move = self[table].rows[row].move else { return }
        for place in indices {
            for half in self[place].rows.indices
            where self[place].rows[half].move == move && (place, half) != (table, row) {
                // No rule may write it, nor one that was in conflict already.
                if !self[place].rows[half].verdict.isConflict {
                    self[place].rows[half].verdict = .forbiddenNow
                    self[place].rows[half].conflicts = self[place].rows[half].damaged
                    self[place].rows[half].reason = "its other half, in another partition, is in conflict"
                }
                self[place].rows[half].isLost = true
                undecide(half, of: place)
            }
        }
    }

    /// What was decided about a row cannot be done: somebody has to decide again.
    private mutating func undecide(_ row: Int, of table: Int) {
        guard self[table].rows[row].decision == .before else { return }
        self[table].rows[row].decision = nil
        self[table].rows[row].withdrawn = .before
    }
}
