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
    public var isOfNotesAlone: Bool {
        var rest = self
        (rest.expiry, rest.isHeld, rest.maintenanceWindow) = (nil, nil, nil)
        return rest == UpdateServerRequest() && self != rest
    }
}
