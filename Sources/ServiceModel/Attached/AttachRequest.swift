/// What `attach` was asked for.
public struct AttachRequest: Hashable, Sendable {
    public var resourceGroup: String
    public var name: String
    /// Where its primary may be; the first one is its address here.
    public var addresses: [SourceAddress]
    public var user: String
    public var password: String?
    /// Nil is the strongest that there is.
    public var security: Attachment.Security?
    public var rootCertificate: String?
    /// Nil is a name made of the server's.
    public var slotName: String?
    public var withoutSlot = false
    /// A permanent slot also where the source does not bound what it holds back.
    public var acceptsUnboundedSlot = false
    /// WAL, in bytes, that the slot may hold back before it is given up; nil for the default.
    public var walLimit: UInt64?
    /// Gives the stream a name for `synchronous_standby_names`.
    public var isSynchronous = false
    /// The login that administers copies.
    public var adminUser: String?
    public var location: String?
    public var backupRetentionDays: Int?
    /// Has the source write a checkpoint at once.
    public var isFast = false
    /// Kilobytes a second that each base backup may take.
    public var maxRate: Int?
    public var tags: [String: String] = [:]

    public init(resourceGroup: String, name: String, addresses: [SourceAddress], user: String) {
        self.resourceGroup = resourceGroup
        self.name = name
        self.addresses = addresses
        self.user = user
    }

    public var isLocal: Bool { addresses.allSatisfy(\.isLocal) }

    /// The addresses for a person.
    public var place: String { addresses.map { "\($0)" }.joined(separator: ",") }
}

/// What `reattach` changes of how an attached server is reached; nil leaves it as it is.
public struct ReattachRequest: Hashable, Sendable {
    public var addresses: [SourceAddress]?
    public var user: String?
    public var password: String?
    public var security: Attachment.Security?
    public var rootCertificate: String?
    public var walLimit: UInt64?
    /// Kilobytes a second that each base backup may take; 0 for as fast as it goes.
    public var maxRate: Int?

    public init() {}

    /// Whether the source has a say in it: not in a rate or a limit alone.
    public var asksSource: Bool {
        let isReachedAnew = addresses != nil || user != nil || password != nil
        let isProtectedAnew = security != nil || rootCertificate != nil
        return isReachedAnew || isProtectedAnew || (walLimit == nil && maxRate == nil)
    }
}

/// What attaching needs on the source, and what was found there.
public struct AttachReport: Sendable {
    /// What somebody with the right runs on the source.
    public var sql: [String]
    /// The line of the source's `pg_hba.conf`.
    public var accessLine: String
    /// What these give away, and what is not needed.
    public var costs: [String]
    public var findings: [Finding]

    public init(sql: [String], accessLine: String, costs: [String], findings: [Finding]) {
        self.sql = sql
        self.accessLine = accessLine
        self.costs = costs
        self.findings = findings
    }

    public var isPossible: Bool { !findings.contains { $0.level == .problem } }
}

/// What `attach` answers.
public struct AttachedServer: Sendable {
    public var server: ServerDetails
    public var notes: [String]

    public init(server: ServerDetails, notes: [String]) {
        self.server = server
        self.notes = notes
    }
}
