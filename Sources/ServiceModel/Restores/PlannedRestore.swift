public import Planning

/// A plan with the words around it.
public struct PlannedRestore: Sendable {
    public var plan: RestorePlan
    public var source: ServerDetails
    /// Remarks before anything starts: a time taken as UTC, a future time taken as now.
    public var notes: [String]
    /// From where logins to the copy are possible as soon as it is open.
    public var allowedAddresses: [String] = []
    /// The moment of the state that the copy will have, in the zone of this machine.
    public var localTime: String?
    /// What the first transaction left out did; empty where that is not known, or was not asked.
    public var firstOutsideDid: [String] = []
    /// Databases that are being dropped at the target, which can only be dropped.
    public var invalidDatabases: [String] = []
    /// Unlogged tables, materialized views and sequences at the target, which recovery empties:
    /// `database.schema.name`. A note says so where they are not known, as with the one before.
    public var unloggedRelations: [String] = []
    /// What the order of text in the copy depends on.
    public var collations: [CollationVersion] = []
    /// Free bytes where the copy would be built, without what the servers there keep.
    public var availableBytes: UInt64
    /// A rough guess, in seconds, from what this machine did before.
    public var estimatedSeconds: Double

    public init(
        plan: RestorePlan, source: ServerDetails, notes: [String], availableBytes: UInt64,
        estimatedSeconds: Double
    ) {
        self.plan = plan
        self.source = source
        self.notes = notes
        self.availableBytes = availableBytes
        self.estimatedSeconds = estimatedSeconds
    }
}

/// What the order of text depends on, in the backup and here.
public struct CollationVersion: Sendable, Hashable {
    /// `libc` or `icu`.
    public var provider: String
    /// As the databases noted it when they were made.
    public var recorded: String
    /// Of this machine; nil where it cannot be told.
    public var here: String?
    public var databases: [String]

    public init(provider: String, recorded: String, here: String?, databases: [String]) {
        self.provider = provider
        self.recorded = recorded
        self.here = here
        self.databases = databases
    }

    /// Whether indexes on text may be in another order than the server will now look for.
    public var differs: Bool { here.map { $0 != recorded } ?? false }
}

/// A finished restore.
public struct RestoreResult: Sendable {
    public var server: ServerDetails
    public var evidence: RestoreEvidence
    /// What the copy does not inherit, as commands to paste.
    public var followUp: [String]
    public var notes: [String]
    /// Whether the admin got a new password; else that of the restored moment is good.
    public var hasNewPassword: Bool

    public init(
        server: ServerDetails, evidence: RestoreEvidence, hasNewPassword: Bool = false, followUp: [String],
        notes: [String]
    ) {
        self.hasNewPassword = hasNewPassword
        self.server = server
        self.evidence = evidence
        self.followUp = followUp
        self.notes = notes
    }
}
