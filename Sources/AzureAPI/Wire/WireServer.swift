import PostgresFormat
public import ServiceModel

/// A server on the wire.
public typealias WireServer = WireResource<WireServerProperties>

extension WireResource where Properties == WireServerProperties {
    public init(_ server: ServerDetails) {
        let reference = ServerReference(resourceGroup: server.resourceGroup, name: server.name)
        self.init(
            id: ResourceID.server(reference), name: server.name, type: ResourceID.serverType,
            properties: WireServerProperties(server))
        location = server.location
        tags = server.tags
        sku = FlexibleServer.SKU(name: server.skuName, tier: server.tier)
        systemData = WireSystemData(server)
    }
}

/// What Azure says of a server, in its order; and `local`, which its clients pass over.
///
/// Never in it, as in Azure: the password, and `createMode`. Where a copy came from stays in it, which Azure
/// leaves out.
public struct WireServerProperties: Encodable, Sendable {
    public struct Storage: Encodable, Sendable {
        public var type: String
        public var iops: Int?
        public var tier: String?
        public var storageSizeGB: Int
        public var autoGrow: String
    }

    public struct Network: Encodable, Sendable {
        public var publicNetworkAccess: String
    }

    public struct DataEncryption: Encodable, Sendable {
        public var type = "SystemManaged"
    }

    public struct AuthConfig: Encodable, Sendable {
        public var activeDirectoryAuth = "Disabled"
        public var passwordAuth = "Enabled"
    }

    public struct Backup: Encodable, Sendable {
        public var backupRetentionDays: Int
        public var geoRedundantBackup: String
        /// Not there until the first base backup is complete.
        public var earliestRestoreDate: String?
    }

    public struct HighAvailability: Encodable, Sendable {
        public var mode = "Disabled"
        public var state = "NotEnabled"
    }

    public struct Replica: Encodable, Sendable {
        public var role = "Primary"
        public var capacity = 0
    }

    /// What Azure has no word for: the port, how far a restore can reach, where a copy came from.
    public struct Local: Encodable, Sendable {
        public var id: String
        public var host: String
        public var port: Int
        public var postgresVersion: String
        public var latestRestoreDate: String?
        public var restoredFrom: LocalServer.Origin?
    }

    public var replica = Replica()
    public var storage: Storage
    public var network: Network
    public var privateEndpointConnections: [WireNothing] = []
    public var dataEncryption = DataEncryption()
    public var authConfig = AuthConfig()
    public var fullyQualifiedDomainName: String
    public var version: String
    public var minorVersion: String
    public var administratorLogin: String
    public var state: String
    public var availabilityZone: String?
    public var backup: Backup
    public var highAvailability = HighAvailability()
    public var maintenanceWindow: FlexibleServer.MaintenanceWindow
    public var replicationRole = "Primary"
    public var replicaCapacity = 0
    public var pointInTimeUTC: String?
    public var sourceServerResourceId: String?
    public var local: Local

    init(_ server: ServerDetails) {
        let disk = ManagedDisk.holding(server.storageSizeGiB)
        storage = Storage(
            type: server.storageType, iops: disk?.iops, tier: disk?.tier,
            storageSizeGB: server.storageSizeGiB, autoGrow: Self.word(server.storageAutoGrow))
        network = Network(publicNetworkAccess: Self.word(server.publicNetworkAccess))
        // There is no DNS for servers of this machine: the address itself is the name.
        fullyQualifiedDomainName = server.host
        version = server.version
        minorVersion = server.minorVersion
        administratorLogin = server.administratorLogin
        state = server.state.rawValue
        availabilityZone = server.availabilityZone
        backup = Backup(
            backupRetentionDays: server.backupRetentionDays,
            geoRedundantBackup: Self.word(server.geoRedundantBackup),
            earliestRestoreDate: server.earliestRestoreDate?.wireText)
        maintenanceWindow = FlexibleServer.MaintenanceWindow(server)
        pointInTimeUTC = server.restoredFrom?.restoreTimeUTC?.wireText
        sourceServerResourceId = server.restoredFrom?.sourceServerResourceID
        local = Local(
            id: server.id, host: server.host, port: server.port, postgresVersion: server.postgresVersion,
            latestRestoreDate: server.latestRestoreDate?.wireText,
            restoredFrom: server.restoredFrom.map(LocalServer.Origin.init))
    }

    private static func word(_ isOn: Bool) -> String { isOn ? "Enabled" : "Disabled" }
}
