public import ControlPlane
import Notation
import Platform
import PostgresFormat
import ServiceModel

/// What az needs to know of a state directory to use its API as the default identity. A secret is in it.
public struct AzureSettings: Codable, Sendable {
    public var url: String
    public var subscription: String
    public var tenant: String
    public var clientId: String
    public var clientSecret: String
    /// The local authority's certificate, as PEM text.
    public var authority: String
    /// Whether a daemon is there to answer.
    public var isServed: Bool

    /// Makes the secret and the authority where there are none yet.
    ///
    /// - Parameter port: another one than the daemon's last.
    public init(_ controlPlane: ControlPlane, port: Int?) throws {
        var endpoint = try controlPlane.endpoint() ?? .standard
        if let port { endpoint.port = port }
        url = endpoint.url
        subscription = ResourceID.subscription
        tenant = ResourceID.tenant
        clientId = Identity.local.clientID
        clientSecret = try controlPlane.localSecret()
        authority = try controlPlane.authorityText()
        isServed = try controlPlane.isDispatched()
    }
}

extension AzureSettings {
    /// The name of the cloud in az's configuration.
    static let cloud = "Local"

    /// The files of a configuration directory with which az needs no login, by name.
    public var files: [String: String] {
        let user = JSONValue.object(["name": .string(clientId), "type": "servicePrincipal"])
        let profile = JSONValue.object([
            "subscriptions": [
                [
                    "id": .string(subscription), "name": "Local", "state": "Enabled", "user": user,
                    "isDefault": true, "tenantId": .string(tenant),
                    "environmentName": .string(Self.cloud), "homeTenantId": .string(tenant),
                    "managedByTenants": [],
                ]
            ]
        ])
        let principals = JSONValue.array([
            [
                "client_id": .string(clientId), "tenant": .string(tenant),
                "client_secret": .string(clientSecret),
            ]
        ])
        return [
            "clouds.config": """
            [\(Self.cloud)]
            endpoint_resource_manager = \(url)
            endpoint_active_directory = \(url)/adfs
            endpoint_active_directory_resource_id = \(url)
            subscription = \(subscription)

            """,
            "azureProfile.json": profile.printed(),
            "service_principal_entries.json": principals.printed(),
        ]
    }

    /// az's own settings, which a user may change: written once.
    public static let configuration = """
        [cloud]
        name = \(cloud)
        [core]
        collect_telemetry = false
        survey_message = no
        encrypt_token_cache = false
        [auto-upgrade]
        enable = no
        [extension]
        use_dynamic_install = no

        """

    /// What an earlier use left that would be wrong for another state directory or another secret.
    public static let stale = ["msal_token_cache.json", "msal_http_cache.bin"]
}
