/// Names and ids of the resources of this machine.
public enum Identifiers {
    /// Azure ids need a subscription; there is one on this machine, the same everywhere.
    public static let subscription = "00000000-0000-0000-0000-000000000001"
    /// The directory that the identities of this machine belong to.
    public static let tenant = "00000000-0000-0000-0000-000000000002"
    public static let provider = "Microsoft.DBforPostgreSQL"
    public static let defaultGroup = "local"
    public static let defaultLocation = "local"

    /// A server's ARM resource id.
    public static func serverResourceID(resourceGroup: String, name: String) -> String {
        groupResourceID(resourceGroup) + "/providers/\(provider)/flexibleServers/\(name)"
    }

    public static func groupResourceID(_ group: String) -> String {
        "/subscriptions/\(subscription)/resourceGroups/\(group)"
    }

    /// Resolves a bare server name or a full resource id.
    public static func reference(_ text: String, defaultGroup: String) -> ServerReference? {
        if !text.contains("/") { return ServerReference(resourceGroup: defaultGroup, name: text) }
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 8, parts[0].lowercased() == "subscriptions",
            parts[2].lowercased() == "resourcegroups", parts[4].lowercased() == "providers",
            parts[5].lowercased() == provider.lowercased(), parts[6].lowercased() == "flexibleservers"
        else { return nil }
        return ServerReference(resourceGroup: parts[3], name: parts[7])
    }
}
