import AzureAPI
import ControlPlane
import Platform
import PostgresFormat

/// Answers one call about resources for one identity.
struct Resources: Sendable {
    let controlPlane: ControlPlane
    let identity: Identity
    let request: APIRequest
    let path: ResourcePath
    let wake: API.Wake

    var caller: Caller { Caller(name: identity.name) }

    func answer(_ call: APICall) throws -> APIResponse {
        try authorize(call)
        switch call {
        case .listTenants: return try .document(WireList([WireTenant()]))
        case .listSubscriptions: return try .document(WireList([WireSubscription()]))
        case .showSubscription: return try .document(WireSubscription())
        case .listLocations: return try .document(WireList(Region.all.map(WireLocation.init)))
        case .listProviders: return try .document(WireList(WireProvider.all))
        case .showProvider(let name): return try provider(name)
        case .listResources(let group): return try resources(group)
        case .listGroups: return try .document(WireList(visibleGroups().map { WireGroup($0) }))
        case .group(let name, let call): return try answer(call, group: name)
        case .activityLog: return try activityLog()
        case .checkName: return try checkName()
        case .capabilities(let location): return try capabilities(location)
        case .operationStatus(let id): return try operationStatus(id)
        case .operationResult(let id): return try operationResult(id)
        case .listServers(let group):
            let servers = try controlPlane.listServers(resourceGroup: group).filter(isVisible)
            return try .document(WireList(servers.map { WireServer($0) }))
        case .server(let server, let call): return try answer(call, server: server)
        }
    }

    // MARK: Permission

    /// What lies in no group is cut to what the identity may see, and so open to every identity.
    private func authorize(_ call: APICall) throws {
        let action = call.action(isRestore: try isRestore(call))
        let group = call.group
        if group == nil, identity.role.allows(action) { return }
        try Authenticator.require(
            action, named: call.isGroup && action == .read ? Self.readGroup : nil, by: identity, group: group,
            scope: path.text)
    }

    private static let readGroup = "Microsoft.Resources/subscriptions/resourceGroups/read"

    private func isRestore(_ call: APICall) throws -> Bool {
        guard case .server(_, .put) = call else { return false }
        let mode = try request.json()["properties"]?["createMode"]?.string?.lowercased()
        return ["pointintimerestore", "georestore", "revivedropped"].contains(mode)
    }

    func isVisible(_ server: ServerDetails) -> Bool {
        identity.scope.covers(group: server.resourceGroup)
    }

    func visibleGroups() throws -> [GroupDetails] {
        try controlPlane.listGroups().filter { identity.scope.covers(group: $0.name) }
    }

    // MARK: The subscription

    private func provider(_ name: String) throws -> APIResponse {
        guard let found = WireProvider.find(name) else {
            throw Problem(
                .resourceNotFound, "The resource provider '\(name)' is not registered here.",
                hint: "This server knows Microsoft.DBforPostgreSQL/flexibleServers.")
        }
        return try .document(found)
    }

    private func resources(_ group: String?) throws -> APIResponse {
        let filter = try ResourceFilter(request.query["$filter"])
        let servers = try controlPlane.listServers(resourceGroup: group ?? filter.resourceGroup)
            .filter(isVisible)
            .filter { filter.admits(name: $0.name, type: ResourceID.serverType, location: $0.location) }
        return try .document(WireList(servers.map(WireResourceItem.init)))
    }

    private func checkName() throws -> APIResponse {
        let body = try request.json()
        guard let name = body["name"]?.string else {
            throw Problem(.invalidRequestContent, "The request content has no name to check.")
        }
        let type = body["type"]?.string ?? ResourceID.serverType
        return try .document(
            WireNameAvailability(name: name, type: type, refusal: try controlPlane.refusal(ofName: name)))
    }

    func capabilities(_ location: String) throws -> APIResponse {
        try .document(WireList([Capability(controlPlane.listSKUs())]))
    }

    // MARK: Groups

    private func answer(_ call: APICall.GroupCall, group name: String) throws -> APIResponse {
        switch call {
        case .show:
            let group = try controlPlane.showGroup(name)
            // Azure answers whether there is one with an empty 204.
            return request.method == "HEAD" ? .empty(204) : try .document(WireGroup(group))
        case .put, .patch:
            let body = try request.json()
            let tags = try tags(body["tags"])
            let existing = try? controlPlane.showGroup(name)
            if call == .patch, existing == nil { _ = try controlPlane.showGroup(name) }
            let location = try text(body["location"], "location")
            if existing == nil, location == nil {
                throw Problem(
                    .invalidRequestContent, "The location property is required for this definition.")
            }
            let group = try controlPlane.createGroup(
                name: name, location: call == .patch ? nil : location, tags: tags ?? existing?.tags ?? [:])
            return try .document(WireGroup(group), status: existing == nil ? 201 : 200)
        case .delete:
            return try accept(.deleteGroup(name))
        }
    }

    private func tags(_ value: JSONValue?) throws(Problem) -> [String: String]? {
        guard let value, !value.isNull else { return nil }
        guard let object = value.object else {
            throw Problem(.invalidRequestContent, "The tags have to be an object of texts.")
        }
        var tags: [String: String] = [:]
        for member in object.members {
            guard let text = member.value.string else {
                throw Problem(.invalidRequestContent, "The tag '\(member.name)' has to be a text.")
            }
            tags[member.name] = text
        }
        return tags
    }

    private func text(_ value: JSONValue?, _ name: String) throws(Problem) -> String? {
        guard let value, !value.isNull else { return nil }
        guard let text = value.string else {
            throw Problem(.invalidRequestContent, "The property '\(name)' has to be a text.")
        }
        return text
    }
}

extension APICall {
    fileprivate var isGroup: Bool {
        if case .group = self { true } else { false }
    }
}
