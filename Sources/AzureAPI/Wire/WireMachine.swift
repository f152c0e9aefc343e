public import Platform
public import ServiceModel

/// The one subscription.
public struct WireSubscription: Encodable, Sendable {
    public struct Policies: Encodable, Sendable {
        public var locationPlacementId = "Public_2014-09-01"
        public var quotaId = "Local"
        public var spendingLimit = "Off"
    }

    public var id = ResourceID.ofSubscription
    public var authorizationSource = "RoleBased"
    public var managedByTenants: [WireNothing] = []
    public var subscriptionId = ResourceID.subscription
    public var tenantId = ResourceID.tenant
    public var displayName = "Local"
    public var state = "Enabled"
    public var subscriptionPolicies = Policies()

    public init() {}
}

/// The one tenant.
public struct WireTenant: Encodable, Sendable {
    public var id = "/tenants/" + ResourceID.tenant
    public var tenantId = ResourceID.tenant
    public var countryCode = "ZZ"
    public var displayName = "Local"
    public var domains = ["local"]
    public var tenantCategory = "Home"
    public var defaultDomain = "local"
    public var tenantType = "AAD"

    public init() {}
}

/// A region as `az account list-locations` reads it.
public struct WireLocation: Encodable, Sendable {
    public struct Paired: Encodable, Sendable {
        public var name: String
        public var id: String
    }

    public struct Metadata: Encodable, Sendable {
        public var regionType = "Physical"
        public var regionCategory = "Recommended"
        public var pairedRegion: [Paired]
    }

    public var id: String
    public var name: String
    public var type = "Region"
    public var displayName: String
    public var regionalDisplayName: String
    public var metadata: Metadata

    public init(_ region: AzureLocation) {
        func id(_ name: String) -> String {
            "\(ResourceID.ofSubscription)/locations/\(name)"
        }
        self.id = id(region.name)
        name = region.name
        displayName = region.displayName
        regionalDisplayName = region.displayName
        metadata = Metadata(
            pairedRegion: region.pair.map { [Paired(name: $0, id: id($0))] } ?? [])
    }
}

/// A resource provider, always registered.
public struct WireProvider: Encodable, Sendable {
    public struct ResourceType: Encodable, Sendable {
        public var resourceType: String
        public var locations: [String]
        public var apiVersions: [String]
        public var defaultApiVersion: String
        public var capabilities = "None"
    }

    public var id: String
    public var namespace: String
    public var registrationPolicy = "RegistrationRequired"
    public var registrationState = "Registered"
    public var resourceTypes: [ResourceType]

    /// Every provider that answers here.
    public static let all: [WireProvider] = [
        WireProvider(
            "Microsoft.DBforPostgreSQL",
            [
                "flexibleServers", "flexibleServers/backups", "flexibleServers/configurations",
                "flexibleServers/databases", "flexibleServers/firewallRules", "locations",
                "locations/capabilities", "locations/checkNameAvailability",
                "locations/azureAsyncOperation", "locations/operationResults", "checkNameAvailability",
            ], versions: ["2025-08-01", "2024-08-01", "2022-12-01", "2026-04-01-preview"]),
        WireProvider(
            "Microsoft.Insights", ["eventtypes", "eventtypes/values"], versions: ["2015-04-01"]),
        WireProvider(
            "Microsoft.Resources",
            ["resourceGroups", "resources", "subscriptions", "tenants", "providers"],
            versions: ["2024-11-01", "2022-12-01"]),
    ]

    /// The provider of that namespace, in any case of letters.
    public static func find(_ namespace: String) -> WireProvider? {
        all.first { $0.namespace.lowercased() == namespace.lowercased() }
    }

    private init(_ namespace: String, _ types: [String], versions: [String]) {
        id = "\(ResourceID.ofSubscription)/providers/\(namespace)"
        self.namespace = namespace
        resourceTypes = types.map {
            ResourceType(
                resourceType: $0, locations: AzureLocation.all.map(\.displayName), apiVersions: versions,
                defaultApiVersion: versions[0])
        }
    }
}

/// An item of the list of all resources.
public struct WireResourceItem: Encodable, Sendable {
    public var id: String
    public var name: String
    public var type: String
    public var location: String
    public var tags: [String: String]?
    public var sku: FlexibleServer.SKU?

    public init(_ server: ServerDetails) {
        id = ResourceID.server(ServerReference(resourceGroup: server.resourceGroup, name: server.name))
        name = server.name
        type = ResourceID.serverType
        location = server.location
        tags = server.tags.isEmpty ? nil : server.tags
        sku = FlexibleServer.SKU(name: server.skuName, tier: server.tier)
    }
}

/// Whether a name can be had.
public struct WireNameAvailability: Encodable, Sendable {
    public var name: String
    public var type: String
    public var nameAvailable: Bool
    /// `Invalid` or `AlreadyExists`; nil when it can be had.
    public var reason: String?
    public var message: String

    /// - Parameter refusal: why not, as `create` would say.
    public init(name: String, type: String, refusal: Problem?) {
        self.name = name
        self.type = type
        nameAvailable = refusal == nil
        reason = refusal.map { $0.code == .serverNameAlreadyExists ? "AlreadyExists" : "Invalid" }
        message = refusal.map { $0.code == .serverNameAlreadyExists ? $0.message : $0.wireMessage } ?? ""
    }
}
