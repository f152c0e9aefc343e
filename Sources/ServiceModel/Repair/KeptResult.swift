public import Planning
public import PostgresFormat

/// What came of an undo or of a comparison that the daemon carried out: kept until it is deleted, or the
/// server that it is about. The rows in full are in its files.
public struct KeptResult: Codable, Hashable, Sendable {
    /// What was asked for.
    public enum Work: Codable, Hashable, Sendable {
        case undo(UndoRequest)
        case compare(CompareRequest)

        /// The kind of its operation: `undo` or `compare`.
        public var name: String {
            switch self {
            case .undo: OperationKind.undo.name
            case .compare: OperationKind.compare.name
            }
        }
    }

    public struct File: Codable, Hashable, Sendable {
        /// Below the result's folder: `report.md`, `rows/public.orders.csv`.
        public var name: String
        public var bytes: UInt64

        public init(name: String, bytes: UInt64) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// How many rows of a table have a verdict, or differ in some way.
    public struct Count: Codable, Hashable, Sendable {
        public var words: String
        public var rows: UInt64

        public init(_ words: String, _ rows: UInt64) {
            self.words = words
            self.rows = rows
        }
    }

    public struct Cell: Codable, Hashable, Sendable {
        public var column: String
        /// One for each of the result's sides; nil for NULL, and where there is no such row.
        public var values: [String?]

        public init(column: String, values: [String?]) {
            self.column = column
            self.values = values
        }
    }

    public struct Row: Codable, Hashable, Sendable {
        public var key: String
        /// Its verdict, or how it differs.
        public var outcome: String
        public var isConflict: Bool
        /// Why, and who wrote it since; empty where there is nothing to say.
        public var remark: String
        public var cells: [Cell]
        /// Of a row in conflict: the place of its first cell in `conflicts.csv`, counted from 0.
        public var record: Int?
        /// How many cells of it stand there, from that place on; nil in results of earlier versions, which
        /// are decided by the first one alone.
        public var recordCount: Int?
        /// What was decided about it: `before`, `now` or `skip`.
        public var decision: String?

        public init(key: String, outcome: String, isConflict: Bool, remark: String, cells: [Cell]) {
            self.key = key
            self.outcome = outcome
            self.isConflict = isConflict
            self.remark = remark
            self.cells = cells
        }

        /// The places of its cells in `conflicts.csv`; empty of a row that nobody has to decide about.
        public var records: [Int] {
            guard let record else { return [] }
            return Array(record..<(record + max(1, recordCount ?? 1)))
        }
    }

    /// Rows in conflict that follow each other in `conflicts.csv`, and are alike in this.
    public struct ConflictRun: Codable, Hashable, Sendable {
        public var rows: Int
        /// Of each row.
        public var cells: Int
        /// Whether they can get their old values, whatever was written since.
        public var mayBeForced: Bool

        public init(rows: Int, cells: Int, mayBeForced: Bool) {
            self.rows = rows
            self.cells = cells
            self.mayBeForced = mayBeForced
        }
    }

    public struct Table: Codable, Hashable, Sendable {
        public var database: String
        public var name: String
        /// What is to be said of it as a whole: `equal`, `only here`, which triggers fire.
        public var remark: String
        public var counts: [Count]
        /// The first rows, conflicts before others; long values cut.
        public var rows: [Row]
        /// Which cells in `conflicts.csv` are of one row, for all that are in conflict; nil where there are
        /// too many changes from one row to the next, and in results of earlier versions.
        public var conflictRuns: [ConflictRun]?

        public init(database: String, name: String, remark: String, counts: [Count], rows: [Row]) {
            self.database = database
            self.name = name
            self.remark = remark
            self.counts = counts
            self.rows = rows
        }
    }

    /// Places in `conflicts.csv` of the rows that cannot get their old values. What stands behind a table
    /// whose rows are not told apart is not known.
    public var unforcedRecords: [Range<Int>] {
        var places: [Range<Int>] = []
        var next = 0
        for table in tables {
            guard let runs = table.conflictRuns else { break }
            for run in runs {
                guard run.rows > 0, run.cells > 0, run.rows <= (Int.max - next) / run.cells else {
                    return places
                }
                let end = next + run.rows * run.cells
                if !run.mayBeForced { places.append(next..<end) }
                next = end
            }
        }
        return places
    }

    /// Of the operation.
    public var id: String
    /// The resource id of the server that it is about: of an undo the source, of a comparison the server
    /// that is compared.
    public var server: String
    public var serverID: String
    public var serverName: String
    public var caller: String
    public var work: Work
    /// Of an undo that a script may still be made of: the transactions that it found. Nil of any other, and
    /// in results of earlier versions.
    public var shown: CommittedTransactions?
    /// In results of earlier versions, of an undo that was asked for by an event: the number of the
    /// transaction that was found.
    public var found: TransactionNumber?
    /// In a few words: `transaction 745`, `a copy of shop as of 0/3000148`.
    public var subject: String
    public var startedAt: PostgresTimestamp
    public var finishedAt: PostgresTimestamp
    /// In one sentence for a person.
    public var summary: String
    /// What the values of a cell are of: before, after and now, or here and there.
    public var sides: [String]
    public var tables: [Table] = []
    /// What was not taken back, or not compared, and why.
    public var leftOut: [String] = []
    public var notes: [String] = []
    /// Rows about which somebody has to decide; of an undo.
    public var conflictRows = 0
    /// How many of them are decided and not among the rows of `tables`; nil in results of earlier versions.
    public var decidedBesides: Int?
    /// Rows that the script writes; of an undo.
    public var writtenRows = 0
    /// Whether the script makes objects again that were dropped; of an undo.
    public var writesDefinitions: Bool?
    /// Of an undo: `passed`, `stopped` or `none`.
    public var proof: String?
    /// Of a comparison.
    public var isEqual: Bool?
    /// Of a comparison: the resource group of the other side, whose rows are in it as well.
    public var otherResourceGroup: String?
    public var files: [File] = []

    public init(
        id: String, server: String, serverID: String, serverName: String, caller: String, work: Work,
        subject: String, startedAt: PostgresTimestamp, finishedAt: PostgresTimestamp, summary: String,
        sides: [String]
    ) {
        self.id = id
        self.server = server
        self.serverID = serverID
        self.serverName = serverName
        self.caller = caller
        self.work = work
        self.subject = subject
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.summary = summary
        self.sides = sides
    }

    public var resourceGroup: String {
        ResourceID.reference(server, defaultGroup: "")?.resourceGroup ?? ""
    }

    /// Whether there is a script to run.
    public var hasScript: Bool {
        guard files.contains(where: { $0.name == Self.scriptName }) else { return false }
        return writtenRows > 0 || writesDefinitions == true
    }

    /// What a script of this preview takes back: the transactions that were looked at, whatever else has done
    /// the same since.
    ///
    /// Nil where that is not known: a result of an earlier version has the words alone that it was asked for
    /// with, and what fits them by now nobody has looked at.
    public func wantedAgain(_ request: UndoRequest) -> UndoRequest.Wanted? {
        if let shown {
            if case .shown(_, let asked) = request.wanted { return .shown(shown, of: asked) }
            return .shown(shown, of: request.wanted)
        }
        switch request.wanted {
        case .transactions, .shown: return request.wanted
        case .event, .everyEvent, .window: return found.map { .transactions([$0]) }
        }
    }

    public var bytes: UInt64 { files.reduce(0) { $0 + $1.bytes } }

    public static let scriptName = "repair.sql"
    public static let conflictsName = "conflicts.csv"
}
