public import ServiceModel

/// Azure's long names of things, below one subscription that is this machine.
public enum ResourceID {
    /// The one subscription there is.
    public static let subscription = "00000000-0000-0000-0000-000000000001"
    /// Its directory of people and programs; there is one as well.
    public static let tenant = "00000000-0000-0000-0000-000000000002"
    public static let serverType = "Microsoft.DBforPostgreSQL/flexibleServers"
    public static let groupType = "Microsoft.Resources/resourceGroups"

    public static func group(_ name: String) -> String {
        "/subscriptions/\(subscription)/resourceGroups/\(name)"
    }

    public static func server(_ server: ServerReference) -> String {
        "\(group(server.resourceGroup))/providers/\(serverType)/\(server.name)"
    }

    /// `kind` is the plural of the path, `firewallRules`.
    public static func child(_ kind: String, _ name: String, of server: ServerReference) -> String {
        "\(self.server(server))/\(kind)/\(name)"
    }
}
