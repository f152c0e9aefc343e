import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

/// Answers one call about resources for one identity.
struct Resources: Sendable {
    let controlPlane: ControlPlane
    let identity: Identity
    let request: APIRequest
    let path: ResourcePath
    let wake: API.Wake

    /// The identity; behind the default one, the account at the other end of the connection.
    var caller: Caller {
        guard identity.isLocal, let user = request.peer.user() else { return Caller(name: identity.name) }
        return Caller(Person.of(user))
    }

    func answer(_ call: APICall) throws -> APIResponse {
        try authorize(call)
        switch call {
        case .listTenants: return try .document(WireList([WireTenant()]))
        case .listProviderOperations: return try .document(WireList(WireProviderOperation.all))
        case .listEventCategories: return try .document(WireList(WireEventCategory.all))
        case .listSubscriptions: return try .document(WireList([WireSubscription()]))
        case .showSubscription: return try .document(WireSubscription())
        case .listLocations: return try .document(WireList(AzureLocation.all.map(WireLocation.init)))
        case .listProviders: return try .document(WireList(WireProvider.all))
        case .showProvider(let name): return try provider(name)
        case .listResources(let group): return try resources(group)
        case .listGroups: return try .document(WireList(groups().map { WireGroup($0) }))
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
        return try ServerBody(request.body).mode.isRestore
    }

    func isVisible(_ server: ServerDetails) -> Bool {
        identity.scope.covers(group: server.resourceGroup)
    }

    private func groups() throws -> [GroupDetails] {
        let filter = try ResourceFilter(request.query["$filter"])
        return try controlPlane.listGroups().filter {
            identity.scope.covers(group: $0.name) && filter.matches($0)
        }
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
        let servers = try controlPlane.listServers(resourceGroup: group).filter {
            isVisible($0) && filter.matches($0)
        }
        return try .document(WireList(servers.map(WireResourceItem.init)))
    }

    private func activityLog() throws -> APIResponse {
        let filter = try ActivityLogFilter(request.query["$filter"])
        let selection = try WireEvent.Selection(request.query["$select"])
        let events = try controlPlane.activityLog(
            resourceGroup: filter.resourceGroup, resourceID: nil, correlationID: filter.correlationID,
            caller: nil, status: filter.status, from: filter.from, to: filter.to, limit: 10_000)
        let wanted = events.filter {
            identity.scope.covers(group: $0.resourceGroup) && filter.matches($0)
        }
        return try .document(WireList(wanted.prefix(1000).map { WireEvent($0, selection) }))
    }

    private func checkName() throws -> APIResponse {
        let body = try NameCheckBody(request.body)
        return try .document(
            WireNameAvailability(
                name: body.name, type: body.type, refusal: try controlPlane.refusal(ofName: body.name)))
    }

    func capabilities(_ location: String) throws -> APIResponse {
        let version = APIVersion(request.query["api-version"])
        let capability = Capability(
            controlPlane.listSKUs(), versions: controlPlane.installedVersions(), for: version)
        guard version < .capabilitiesByLocation else { return try .document(WireList([capability])) }
        return try .document(WireList([ZoneCapability(capability)]))
    }

    // MARK: Groups

    private func answer(_ call: APICall.GroupCall, group name: String) throws -> APIResponse {
        switch call {
        case .show:
            let group = try controlPlane.showGroup(name)
            // Azure answers whether there is one with an empty 204.
            return request.method == "HEAD" ? .empty(204) : try .document(WireGroup(group))
        case .put:
            let existing = try existing(name)
            let body = try GroupBody(request.body, isNew: existing == nil)
            let group = try controlPlane.createGroup(
                name: name, location: body.location, tags: body.tags ?? existing?.tags ?? [:],
                caller: caller)
            return try .document(WireGroup(group), status: existing == nil ? 201 : 200)
        case .patch:
            let existing = try controlPlane.showGroup(name)
            let body = try GroupBody(request.body, isNew: false)
            let group = try controlPlane.createGroup(
                name: name, location: nil, tags: body.tags ?? existing.tags, caller: caller)
            return try .document(WireGroup(group))
        case .delete:
            return try accept(.deleteGroup(name))
        }
    }

    private func existing(_ group: String) throws -> GroupDetails? {
        do {
            return try controlPlane.showGroup(group)
        } catch let problem as Problem where problem.code == .resourceGroupNotFound {
            return nil
        }
    }
}

extension APICall {
    fileprivate var isGroup: Bool {
        if case .group = self { true } else { false }
    }
}

extension ServerBody.Mode {
    /// Whether a server is made from another one's backups.
    var isRestore: Bool { [.pointInTimeRestore, .geoRestore, .reviveDropped].contains(self) }
}
