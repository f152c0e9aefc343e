public import Planning

/// What `create` was asked for; nil means Azure's default.
public struct CreateServerRequest: Sendable, Codable {
    public var name: String?
    public var resourceGroup: String
    public var location: String?
    public var adminUser: String?
    public var adminPassword: String?
    public var version: String?
    public var tier: String?
    public var skuName: String?
    public var storageSizeGiB: Int?
    public var storageType: String?
    public var storageAutoGrow: Bool?
    public var backupRetentionDays: Int?
    public var geoRedundantBackup: Bool?
    /// As az takes it: `None`, `Disabled`, `Enabled`, `All`, an address, or `a-b`; nil adds a rule for
    /// 127.0.0.1.
    public var publicAccess: String?
    public var databaseName: String?
    public var tags: [String: String]
    public var availabilityZone: String?
    public var maintenanceWindow: MaintenanceWindow?
    /// Address to listen on; nil picks a loopback address of the server's own.
    public var listen: String?
    public var port: Int?

    public init(resourceGroup: String) {
        self.resourceGroup = resourceGroup
        tags = [:]
    }
}

/// What `create` answers: the server and the secrets that are shown once.
public struct CreatedServer: Sendable {
    public var server: ServerDetails
    public var password: String
    public var databaseName: String
    public var firewallRuleName: String?
    public var connectionString: String
    /// Remarks for the person, for example that a name was generated.
    public var notes: [String]

    public init(
        server: ServerDetails, password: String, databaseName: String, firewallRuleName: String?,
        connectionString: String, notes: [String]
    ) {
        self.server = server
        self.password = password
        self.databaseName = databaseName
        self.firewallRuleName = firewallRuleName
        self.connectionString = connectionString
        self.notes = notes
    }
}

/// What `update` changes; nil leaves a value as it is.
public struct UpdateServerRequest: Hashable, Sendable, Codable {
    public var backupRetentionDays: Int?
    public var tags: [String: String]?
    public var adminPassword: String?
    public var tier: String?
    public var skuName: String?
    public var storageSizeGiB: Int?
    public var storageAutoGrow: Bool?
    public var publicAccess: Bool?
    /// When a copy is deleted.
    public var expiry: RequestedExpiry?
    /// Whether a copy is protected from its expiry.
    public var isHeld: Bool?
    public var maintenanceWindow: RequestedWindow?

    public init() {}

    /// Whether it is only about what the catalog notes of the server, which need not run for that.
    var isOfNotesAlone: Bool {
        var rest = self
        (rest.expiry, rest.isHeld, rest.maintenanceWindow) = (nil, nil, nil)
        return rest == UpdateServerRequest() && self != rest
    }
}

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
