import ServiceModel

/// Something that can be done with a provider's resources, as `GET …/operations` lists it.
public struct WireProviderOperation: Encodable, Sendable {
    public struct Display: Encodable, Sendable {
        public var provider: String
        public var resource: String
        public var operation: String
        public var description: String
    }

    public var name: String
    public var isDataAction = false
    public var display: Display
    public var origin = "user,system"

    /// What an identity can be allowed to do with servers.
    public static let all: [WireProviderOperation] = {
        var names: [String] = []
        for action in AccessAction.allCases
        where action.name.hasPrefix(ResourceID.provider) && !names.contains(action.name) {
            names.append(action.name)
        }
        return names.map(WireProviderOperation.init)
    }()

    /// - Parameter name: an action's: `Microsoft.DBforPostgreSQL/flexibleServers/backups/write`.
    init(name: String) {
        self.name = name
        var words = name.split(separator: "/").dropFirst().map(String.init)
        var verb = words.popLast() ?? ""
        if verb == "action" { verb = words.popLast() ?? "" }
        let resource = words.joined(separator: "/")
        display = Display(
            provider: ResourceID.provider, resource: resource, operation: verb,
            description: "\(verb) on \(resource.isEmpty ? "the subscription" : resource)")
    }
}

/// One of the activity log's categories.
public struct WireEventCategory: Encodable, Sendable {
    public var value: String
    public var localizedValue: String

    /// All events of this machine are administrative.
    public static let all = [WireEventCategory(value: "Administrative", localizedValue: "Administrative")]
}
