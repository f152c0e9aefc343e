public import Planning
public import PostgresFormat

/// What `restore` and `plan` are asked for.
public struct RestoreRequest: Hashable, Sendable {
    public var resourceGroup: String
    /// The new server's name; `plan` works without one.
    public var name: String?
    /// A bare name in the same group, or a full resource id.
    public var sourceServer: String
    public var target: RequestedTarget
    public var targetMode: TargetMode
    /// The timeline to follow; nil is the source's own.
    public var timeline: TimelineID?
    /// Where the WAL of a source that does not run may end although something shows that it went on; nil
    /// refuses that.
    public var acceptedEnd: LSN?
    public var tags: [String: String]?
    public var tier: String?
    public var skuName: String?
    public var storageType: String?
    public var geoRedundantBackup: Bool?
    public var availabilityZone: String?
    /// From where logins are possible as soon as the copy is open: `127.0.0.1`, or `10.0.0.1-10.0.0.9`.
    public var allowedAddresses: [String] = []
    /// The admin's new password; nil leaves that of the restored moment. Never kept in the catalog.
    public var adminPassword: String?
    /// When the copy is deleted; nil is never.
    public var expiry: RequestedExpiry?
    /// Whether the copy is protected from its expiry.
    public var isHeld = false
    /// Whether it takes the place of an earlier copy that has the name.
    public var replaces = false
    /// Whether the copy is gone again soon: then nobody backs it up.
    public var isTransient = false
    public var listen: String?
    public var port: Int?

    public init(
        resourceGroup: String, sourceServer: String, target: RequestedTarget = .latest(asOf: nil)
    ) {
        self.resourceGroup = resourceGroup
        self.sourceServer = sourceServer
        self.target = target
        targetMode = .automatic
    }
}
