public import PostgresFormat

/// How a drill stands or ended.
public enum DrillResult: String, Codable, Sendable, Hashable, CaseIterable {
    case running
    /// No rung failed, and everything that was asked for was run.
    case passed
    case failed
    /// It was called off, or its process ended; nothing is known of the rungs that are missing.
    case abandoned
}

/// What a drill tried, and what came of it: kept in the catalog and as a file, whatever becomes of the copy.
public struct DrillRecord: Codable, Sendable, Hashable {
    /// The restore itself; nil where it failed.
    public struct Restore: Codable, Sendable, Hashable {
        /// Of the evidence.
        public var operationID: String
        public var backup: String
        public var backupCompletedAt: PostgresTimestamp?
        public var walStart: LSN
        public var walEnd: LSN
        public var walSegments: Int
        public var lastCommitInside: PostgresTimestamp?
        /// From the last commit that the copy has to the moment that was asked for, in seconds; nil where
        /// there is no such commit or no such moment.
        public var secondsBehind: Double?
        public var steps: [RestoreEvidence.Step]
        /// From the request until the copy was open.
        public var seconds: Double
        /// Of the copy's data directory, when it was open.
        public var dataBytes: UInt64
        public var postgresVersion: String

        public init(
            operationID: String, backup: String, backupCompletedAt: PostgresTimestamp?, walStart: LSN,
            walEnd: LSN, walSegments: Int, lastCommitInside: PostgresTimestamp?, secondsBehind: Double?,
            steps: [RestoreEvidence.Step], seconds: Double, dataBytes: UInt64, postgresVersion: String
        ) {
            self.operationID = operationID
            self.backup = backup
            self.backupCompletedAt = backupCompletedAt
            self.walStart = walStart
            self.walEnd = walEnd
            self.walSegments = walSegments
            self.lastCommitInside = lastCommitInside
            self.secondsBehind = secondsBehind
            self.steps = steps
            self.seconds = seconds
            self.dataBytes = dataBytes
            self.postgresVersion = postgresVersion
        }
    }

    /// 16 hexadecimal digits.
    public var id: String
    /// The resource id of the server whose restore was rehearsed.
    public var server: String
    public var serverID: String
    public var serverName: String
    public var caller: String
    /// Whether nobody asked for just this one.
    public var isScheduled: Bool
    /// What was asked for, in words.
    public var target: String
    public var result: DrillResult
    /// Why it failed or was abandoned, in one sentence.
    public var reason: String?
    public var startedAt: PostgresTimestamp
    /// Nil while it runs.
    public var finishedAt: PostgresTimestamp?
    /// The copy's name.
    public var copy: String
    /// Whether the copy was to stay.
    public var keepsCopy: Bool
    public var restore: Restore?
    public var rungs: [DrillRung] = []
    /// What the copy held; empty where that was not looked at.
    public var databases: [DrillDatabase] = []
    /// How long the restore took beside earlier ones; nil where there are too few.
    public var trend: DrillTrend?
    public var pitrVersion: String
    public var notes: [String] = []

    public init(
        id: String, server: String, serverID: String, serverName: String, caller: String, isScheduled: Bool,
        target: String, result: DrillResult, startedAt: PostgresTimestamp, copy: String, keepsCopy: Bool,
        rungs: [DrillRung] = [], pitrVersion: String
    ) {
        self.id = id
        self.server = server
        self.serverID = serverID
        self.serverName = serverName
        self.caller = caller
        self.isScheduled = isScheduled
        self.target = target
        self.result = result
        self.startedAt = startedAt
        self.copy = copy
        self.keepsCopy = keepsCopy
        self.rungs = rungs
        self.pitrVersion = pitrVersion
    }

    public var resourceGroup: String {
        ResourceID.reference(server, defaultGroup: "")?.resourceGroup ?? ""
    }

    public func count(_ outcome: DrillRung.Outcome) -> Int { rungs.count { $0.outcome == outcome } }

    /// `8 passed, 1 failed, 2 not run`.
    public var tally: String {
        DrillRung.Outcome.allCases.map { "\(count($0)) \($0.words)" }.joined(separator: ", ")
    }

    /// From the request to the end, in seconds; nil while it runs.
    public var seconds: Double? {
        finishedAt.map { Double($0.unixMicroseconds - startedAt.unixMicroseconds) / 1_000_000 }
    }
}

/// One thing that a drill tries.
public struct DrillRung: Codable, Sendable, Hashable {
    /// In the order in which they are tried.
    public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        /// The copy is complete and open.
        case open
        /// Every page has the right checksum.
        case checksums
        /// `pg_amcheck`, with every heap row looked up in its indexes.
        case amcheck
        /// Every table can be read to its end.
        case rows
        /// Every row that a foreign key refers to is there.
        case references
        /// A query of the user's returns no row.
        case assertion
        /// What is other than in the drill before.
        case comparison
        /// A command of the user's.
        case step
        case cleanUp
    }

    public enum Outcome: String, Codable, Sendable, Hashable, CaseIterable {
        case passed, failed
        /// It could not be tried, which never counts as passed.
        case notRun

        public var words: String { self == .notRun ? "not run" : rawValue }
    }

    public var kind: Kind
    /// The assertion's or the step's name; what it is in words, of any other.
    public var name: String
    public var outcome: Outcome
    /// Whether somebody asked for it: what was asked for and could not be run is no success.
    public var isAsked: Bool
    public var seconds: Double
    /// One sentence without a full stop.
    public var summary: String
    /// Rows, output, differences; cut where they are long, and saying so.
    public var details: [String]

    public init(
        _ kind: Kind, name: String? = nil, _ outcome: Outcome, isAsked: Bool = false, seconds: Double = 0,
        _ summary: String, details: [String] = []
    ) {
        self.kind = kind
        self.name = name ?? kind.words
        self.outcome = outcome
        self.isAsked = isAsked
        self.seconds = seconds
        self.summary = summary
        self.details = details
    }

    /// Whether the drill cannot have passed with it.
    public var spoils: Bool { outcome == .failed || outcome == .notRun && isAsked }
}

extension DrillRung.Kind {
    public var words: String {
        switch self {
        case .open: "complete and open"
        case .checksums: "page checksums"
        case .amcheck: "pg_amcheck"
        case .rows: "row counts"
        case .references: "foreign keys"
        case .assertion: "assertion"
        case .comparison: "compared with the drill before"
        case .step: "step"
        case .cleanUp: "clean-up"
        }
    }
}

/// What one database of a copy held.
public struct DrillDatabase: Codable, Sendable, Hashable {
    public struct Table: Codable, Sendable, Hashable {
        /// With its schema, quoted where SQL needs it.
        public var name: String
        public var rows: UInt64

        public init(name: String, rows: UInt64) {
            self.name = name
            self.rows = rows
        }
    }

    public var name: String
    /// SHA-256 of the definitions, as `pg_dump` writes them; nil where that failed.
    public var schema: String?
    public var tables: [Table]

    public init(name: String, schema: String?, tables: [Table]) {
        self.name = name
        self.schema = schema
        self.tables = tables
    }
}
