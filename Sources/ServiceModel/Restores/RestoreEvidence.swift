public import Planning
public import PostgresFormat

/// What a restore did and how it was proved: printed, kept with the new server, never changed.
public struct RestoreEvidence: Codable, Sendable {
    public struct Step: Codable, Sendable, Hashable {
        public var name: String
        public var seconds: Double

        public init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    /// A logical subscription that the copy has and does not use.
    public struct Subscription: Codable, Sendable, Hashable {
        public var database: String
        public var name: String
        /// The publisher's slot, which the source uses; the copy's subscription has none.
        public var slot: String?
        public var wasEnabled: Bool
        public var isTwoPhase: Bool

        public init(
            database: String, name: String, slot: String? = nil, wasEnabled: Bool, isTwoPhase: Bool
        ) {
            self.database = database
            self.name = name
            self.slot = slot
            self.wasEnabled = wasEnabled
            self.isTwoPhase = isTwoPhase
        }
    }

    public var operationID: String
    public var correlationID: String
    public var sourceServer: String
    public var sourceServerID: String
    public var newServer: String
    public var newServerID: String
    /// As typed; nil for the latest moment and for a backup alone.
    public var requestedTime: String?
    /// What was asked for, in words, if it was neither a time nor the latest moment.
    public var requestedTarget: String?
    public var effectiveTimeUTC: PostgresTimestamp?
    public var lastCommitInside: BoundaryRecord?
    public var firstExcluded: BoundaryRecord?
    public var baseBackup: String
    public var walStart: LSN
    public var walEnd: LSN
    public var walSegments: Int
    public var timelineBefore: TimelineID
    public var timelineAfter: TimelineID
    public var handedToPostgres: String
    /// PostgreSQL's own words for where and why it stopped.
    public var postgresReason: String
    public var checks: [String]
    public var preparedTransactionsInDoubt: [String]
    /// Databases whose DROP was interrupted; nil in evidence of before this was looked at.
    public var invalidDatabases: [String]?
    /// Unlogged tables and sequences, which a restore empties; nil as above.
    public var unloggedRelations: [String]?
    /// Switched off, and without their slots; nil in evidence of before this was done.
    public var subscriptions: [Subscription]?
    /// Tables whose first copying had not ended; nil as above.
    public var tablesToCopyAgain: [String]?
    /// What reaches out of the copy when it is used, in words; nil as above.
    public var reachesOut: [String]?
    /// What is to be known of the cut: an end that is not proved, a clock that went back. Nil in evidence of
    /// before it was kept.
    public var remarks: [String]?
    /// From where logins were possible when it was opened. Nil as above.
    public var allowedAddresses: [String]?
    /// What the first transaction left out did, as far as the WAL tells. Nil as above.
    public var firstExcludedDid: [String]?
    /// Who asked for it. Nil as above.
    public var caller: String?
    public var steps: [Step]
    public var totalSeconds: Double
    public var startedAt: PostgresTimestamp
    public var finishedAt: PostgresTimestamp

    public init(
        operationID: String, correlationID: String, sourceServer: String, sourceServerID: String,
        newServer: String, newServerID: String, requestedTime: String?, effectiveTimeUTC: PostgresTimestamp?,
        lastCommitInside: BoundaryRecord?, firstExcluded: BoundaryRecord?, baseBackup: String, walStart: LSN,
        walEnd: LSN, walSegments: Int, timelineBefore: TimelineID, timelineAfter: TimelineID,
        handedToPostgres: String, postgresReason: String, checks: [String],
        preparedTransactionsInDoubt: [String], steps: [Step], totalSeconds: Double,
        startedAt: PostgresTimestamp, finishedAt: PostgresTimestamp
    ) {
        self.operationID = operationID
        self.correlationID = correlationID
        self.sourceServer = sourceServer
        self.sourceServerID = sourceServerID
        self.newServer = newServer
        self.newServerID = newServerID
        self.requestedTime = requestedTime
        self.effectiveTimeUTC = effectiveTimeUTC
        self.lastCommitInside = lastCommitInside
        self.firstExcluded = firstExcluded
        self.baseBackup = baseBackup
        self.walStart = walStart
        self.walEnd = walEnd
        self.walSegments = walSegments
        self.timelineBefore = timelineBefore
        self.timelineAfter = timelineAfter
        self.handedToPostgres = handedToPostgres
        self.postgresReason = postgresReason
        self.checks = checks
        self.preparedTransactionsInDoubt = preparedTransactionsInDoubt
        self.steps = steps
        self.totalSeconds = totalSeconds
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}
