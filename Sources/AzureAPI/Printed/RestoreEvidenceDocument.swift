import PostgresFormat
public import ServiceModel

/// What a restore did and how it was proved. Positions are PostgreSQL's text, times UTC with microseconds.
public struct RestoreEvidenceDocument: Codable, Sendable, Hashable {
    public struct Step: Codable, Sendable, Hashable {
        public var name: String
        public var seconds: Double
    }

    /// A logical subscription that the copy has, switched off and without a slot.
    public struct Subscription: Codable, Sendable, Hashable {
        public var database: String
        public var name: String
        /// The publisher's slot, which stays the source's.
        @OrNull public var slot: String?
        public var wasEnabled: Bool
    }

    public struct WALRange: Codable, Sendable, Hashable {
        public var endLsn: String
        public var segmentCount: Int
        public var startLsn: String
    }

    /// From where logins were possible when the copy was opened.
    public var allowedAddresses: [String]
    public var baseBackup: String
    /// Who asked for the restore.
    @OrNull public var caller: String?
    public var checks: [String]
    public var correlationId: String
    @OrNull public var effectiveTimeUtc: String?
    public var finishedAtUtc: String
    @OrNull public var firstExcluded: BoundaryDocument?
    /// What that transaction did, as far as the WAL tells: `DROP TABLE public.orders in database shop`.
    public var firstExcludedDid: [String]
    public var handedToPostgres: String
    /// Databases whose DROP was interrupted: they can only be dropped again.
    public var invalidDatabases: [String]
    @OrNull public var lastCommitInside: BoundaryDocument?
    public var newServer: String
    public var newServerId: String
    public var operationId: String
    public var postgresReason: String
    public var preparedTransactionsInDoubt: [String]
    /// Foreign servers and the like: what reaches out of the copy when somebody uses it.
    public var reachesOut: [String]
    /// What is to be known of the cut: an end that is not proved, a clock that went back.
    public var remarks: [String]
    /// In words, if it was neither a time nor the latest moment.
    @OrNull public var requestedTarget: String?
    /// As typed.
    @OrNull public var requestedTime: String?
    public var sourceServer: String
    public var sourceServerId: String
    public var startedAtUtc: String
    public var steps: [Step]
    public var subscriptions: [Subscription]
    /// Tables of subscriptions whose first copying had not ended.
    public var tablesToCopyAgain: [String]
    public var timelineAfter: UInt32
    public var timelineBefore: UInt32
    public var totalSeconds: Double
    /// Empty in the copy, since no WAL has their content.
    public var unloggedRelations: [String]
    public var wal: WALRange

    public init(_ evidence: RestoreEvidence) {
        allowedAddresses = evidence.allowedAddresses ?? []
        baseBackup = evidence.baseBackup
        checks = evidence.checks
        correlationId = evidence.correlationID
        finishedAtUtc = evidence.finishedAt.description
        firstExcludedDid = evidence.firstExcludedDid ?? []
        handedToPostgres = evidence.handedToPostgres
        invalidDatabases = evidence.invalidDatabases ?? []
        newServer = evidence.newServer
        newServerId = evidence.newServerID
        operationId = evidence.operationID
        postgresReason = evidence.postgresReason
        preparedTransactionsInDoubt = evidence.preparedTransactionsInDoubt
        reachesOut = evidence.reachesOut ?? []
        remarks = evidence.remarks ?? []
        sourceServer = evidence.sourceServer
        sourceServerId = evidence.sourceServerID
        startedAtUtc = evidence.startedAt.description
        steps = evidence.steps.map { Step(name: $0.name, seconds: $0.seconds) }
        subscriptions = (evidence.subscriptions ?? []).map {
            Subscription(
                database: $0.database, name: $0.name, slot: OrNull(wrappedValue: $0.slot),
                wasEnabled: $0.wasEnabled)
        }
        tablesToCopyAgain = evidence.tablesToCopyAgain ?? []
        timelineAfter = evidence.timelineAfter.rawValue
        timelineBefore = evidence.timelineBefore.rawValue
        totalSeconds = evidence.totalSeconds
        unloggedRelations = evidence.unloggedRelations ?? []
        wal = WALRange(
            endLsn: evidence.walEnd.description, segmentCount: evidence.walSegments,
            startLsn: evidence.walStart.description)
        caller = evidence.caller
        effectiveTimeUtc = evidence.effectiveTimeUTC?.description
        firstExcluded = evidence.firstExcluded.map(BoundaryDocument.init)
        lastCommitInside = evidence.lastCommitInside.map(BoundaryDocument.init)
        requestedTarget = evidence.requestedTarget
        requestedTime = evidence.requestedTime
    }
}
