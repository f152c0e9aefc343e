/// Azure's long names of things, below one subscription that is this machine.
///
/// An id is text as it is stored, printed and typed, with nothing encoded; the path of a request, which may
/// be encoded, is AzureAPI's `ResourcePath`.
public enum ResourceID {
    /// Azure ids need a subscription; there is one on this machine, the same everywhere.
    public static let subscription = "00000000-0000-0000-0000-000000000001"
    /// The directory that the identities of this machine belong to; there is one as well.
    public static let tenant = "00000000-0000-0000-0000-000000000002"
    public static let provider = "Microsoft.DBforPostgreSQL"
    public static let serverType = provider + "/flexibleServers"
    public static let groupType = "Microsoft.Resources/resourceGroups"

    public static let ofSubscription = "/subscriptions/" + subscription

    public static func group(_ name: String) -> String {
        "\(ofSubscription)/resourceGroups/\(name)"
    }

    public static func server(resourceGroup: String, name: String) -> String {
        "\(group(resourceGroup))/providers/\(serverType)/\(name)"
    }

    public static func server(_ server: ServerReference) -> String {
        self.server(resourceGroup: server.resourceGroup, name: server.name)
    }

    /// `kind` is the plural of the path, `firewallRules`.
    public static func child(_ kind: String, _ name: String, of server: ServerReference) -> String {
        "\(self.server(server))/\(kind)/\(name)"
    }

    /// What an id names.
    public enum Named: Hashable, Sendable {
        case subscription
        case group(String)
        case server(ServerReference)
    }

    /// Reads what the functions above print, of whatever subscription, with Azure's own words in any case.
    ///
    /// - Returns: nil for the id of anything else.
    public static func parse(_ id: String) -> Named? {
        let parts = id.split(separator: "/").map(String.init)
        guard parts.count >= 2, parts[0].lowercased() == "subscriptions" else { return nil }
        if parts.count == 2 { return .subscription }
        guard parts.count >= 4, parts[2].lowercased() == "resourcegroups" else { return nil }
        if parts.count == 4 { return .group(parts[3]) }
        guard parts.count == 8, parts[4].lowercased() == "providers",
            "\(parts[5])/\(parts[6])".lowercased() == serverType.lowercased()
        else { return nil }
        return .server(ServerReference(resourceGroup: parts[3], name: parts[7]))
    }

    /// A server by its bare name or its whole id; nil for an id of anything else.
    public static func reference(_ text: String, defaultGroup: String) -> ServerReference? {
        if !text.contains("/") { return ServerReference(resourceGroup: defaultGroup, name: text) }
        return if case .server(let server) = parse(text) { server } else { nil }
    }
}
