public import ServiceModel

/// A resource group as `az group show` prints it.
public struct ResourceGroup: Codable, Sendable {
    public struct Properties: Codable, Sendable {
        public var provisioningState = "Succeeded"
    }

    public var id: String
    public var location: String
    @OrNull public var managedBy: String?
    public var name: String
    public var properties: Properties
    @OrNull public var tags: [String: String]?
    public var type: String

    public init(_ group: GroupDetails) {
        id = ResourceID.group(group.name)
        location = group.location
        name = group.name
        properties = Properties()
        type = ResourceID.groupType
        tags = group.tags.isEmpty ? nil : group.tags
    }
}
