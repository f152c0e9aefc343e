public import Platform
public import ServiceModel

/// Which resources, or resource groups, of a list are wanted.
public struct ResourceFilter: Hashable, Sendable {
    public var resourceGroup: String?
    public var resourceType: String?
    public var name: String?
    public var location: String?
    public var tagName: String?
    public var tagValue: String?

    private static let known = ["resourceGroup", "resourceType", "name", "location", "tagName", "tagValue"]

    /// Reads a `$filter`; nil wants everything. Throws `.badRequest` with the term that is not understood.
    public init(_ text: String?) throws(Problem) {
        guard let text else { return }
        for term in try ODataFilter(text).comparisons {
            switch (term.field.lowercased(), term.operation) {
            case ("resourcegroup", "eq"): resourceGroup = term.value
            case ("resourcetype", "eq"): resourceType = term.value
            case ("name", "eq"): name = term.value
            case ("location", "eq"): location = term.value
            case ("tagname", "eq"): tagName = term.value
            case ("tagvalue", "eq"): tagValue = term.value
            default: throw ODataFilter.unknown(term, known: Self.known.map { $0 + " eq" })
            }
        }
    }

    public func matches(_ server: ServerDetails) -> Bool {
        matches(ResourceID.serverType, server.name, server.location, server.tags)
            && same(resourceGroup, server.resourceGroup)
    }

    public func matches(_ group: GroupDetails) -> Bool {
        matches(ResourceID.groupType, group.name, group.location, group.tags)
            && same(resourceGroup, group.name)
    }

    private func matches(
        _ type: String, _ name: String, _ location: String, _ tags: [String: String]
    ) -> Bool {
        guard same(resourceType, type), same(self.name, name) else { return false }
        if let wanted = self.location, !ServerBody.same(wanted, location) { return false }
        // Names of tags have no case in Azure, their values have.
        let found = tags.filter { same(tagName, $0.key) && (tagValue ?? $0.value) == $0.value }
        return tagName == nil && tagValue == nil || !found.isEmpty
    }

    private func same(_ wanted: String?, _ value: String) -> Bool {
        wanted.map { $0.lowercased() == value.lowercased() } ?? true
    }
}
