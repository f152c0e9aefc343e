public import ServiceModel

/// A server as `az postgres flexible-server show` prints it, and one object of our own, `local`.
public struct FlexibleServer: Codable, Sendable {
    public var administratorLogin: String
    @OrNull public var administratorLoginPassword: String?
    public var authConfig: AuthConfig
    @OrNull public var availabilityZone: String?
    public var backup: BackupSettings
    @OrNull public var cluster: String?
    @OrNull public var createMode: String?
    public var dataEncryption: DataEncryption
    public var fullyQualifiedDomainName: String
    public var highAvailability: HighAvailability
    public var id: String
    @OrNull public var identity: String?
    public var local: LocalServer
    public var location: String
    public var maintenanceWindow: MaintenanceWindow
    public var minorVersion: String
    public var name: String
    public var network: Network
    @OrNull public var pointInTimeUtc: String?
    public var privateEndpointConnections: [String]
    public var replica: Replica
    public var replicaCapacity: Int
    public var replicationRole: String
    public var resourceGroup: String
    public var sku: SKU
    @OrNull public var sourceServerResourceId: String?
    public var state: String
    public var storage: Storage
    public var systemData: SystemData
    @OrNull public var tags: [String: String]?
    public var type: String
    public var version: String

    /// `evidence` and `followUp` go into `local`, beside Azure's own fields.
    public init(
        _ server: ServerDetails, evidence: RestoreEvidenceDocument? = nil, followUp: [String]? = nil
    ) {
        let reference = ServerReference(resourceGroup: server.resourceGroup, name: server.name)
        administratorLogin = server.administratorLogin
        authConfig = AuthConfig()
        backup = BackupSettings(server)
        dataEncryption = DataEncryption()
        // There is no DNS for servers of this machine: the address itself is the name.
        fullyQualifiedDomainName = server.host
        highAvailability = HighAvailability()
        id = ResourceID.server(reference)
        local = LocalServer(server, evidence: evidence, followUp: followUp)
        location = server.location
        maintenanceWindow = MaintenanceWindow(server)
        minorVersion = server.minorVersion
        name = server.name
        network = Network(publicNetworkAccess: server.publicNetworkAccess ? "Enabled" : "Disabled")
        privateEndpointConnections = []
        replica = Replica()
        replicaCapacity = 0
        replicationRole = "Primary"
        resourceGroup = server.resourceGroup
        sku = SKU(name: server.skuName, tier: server.tier)
        state = server.state.rawValue
        storage = Storage(server)
        systemData = SystemData(server)
        type = ResourceID.serverType
        version = server.version
        // These come last: their wrappers start out as null.
        availabilityZone = server.availabilityZone
        pointInTimeUtc = server.restoredFrom?.restoreTimeUTC?.wireText
        sourceServerResourceId = server.restoredFrom?.sourceServerResourceID
        tags = server.tags
    }
}
