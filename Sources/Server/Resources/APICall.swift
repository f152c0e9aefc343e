import AzureAPI
import Platform
import PostgresFormat
import ServiceModel

/// What a request asks for: its method and its path, understood.
enum APICall: Hashable {
    case listTenants, listSubscriptions, showSubscription, listLocations
    case listProviderOperations, listEventCategories
    case listProviders
    case showProvider(String)
    case listResources(group: String?)
    case listGroups
    case group(String, GroupCall)
    case activityLog
    case checkName(location: String?)
    case capabilities(location: String)
    case operationStatus(String)
    case operationResult(String)
    case listServers(group: String?)
    case server(ServerReference, ServerCall)

    enum GroupCall: Hashable {
        case show, put, patch, delete
    }

    /// What is done with a server or a part of it.
    enum ServerCall: Hashable {
        case show, put, patch, delete
        case start, stop, restart
        case capabilities
        case listBackups
        case backup(String, PartCall)
        case listParameters
        case parameter(String, PartCall)
        case listDatabases
        case database(String, PartCall)
        case listRules
        case rule(String, PartCall)
        case checkUpgrade
        case undo, compare
        case verifyWAL, showVerification
        case listResults
        case showResult(String)
        case deleteResult(String)
        /// A file by its name among those of the result.
        case resultFile(String, String)
        /// Things that no server here has.
        case listNothing
        case showAbsent(ResourcePath.AbsentPart, String)
        /// What is refused, as the beginning of a sentence.
        case changeAbsent(String)
    }

    enum PartCall: Hashable {
        case show, put, delete
    }

    /// Throws `.methodNotAllowed` for a method that the path does not have. HEAD is GET without a body.
    init(_ method: String, _ path: ResourcePath) throws(Problem) {
        let verb = method == "HEAD" ? "GET" : method
        func only<Value>(_ allowed: [String: Value]) throws(Problem) -> Value {
            guard let value = allowed[verb] else {
                throw Self.notAllowed(method, allowed: allowed.keys.sorted())
            }
            return value
        }
        switch path.resource {
        case .tenants: self = try only(["GET": .listTenants])
        case .providerOperations: self = try only(["GET": .listProviderOperations])
        case .eventCategories: self = try only(["GET": .listEventCategories])
        case .subscriptions: self = try only(["GET": .listSubscriptions])
        case .subscription: self = try only(["GET": .showSubscription])
        case .locations: self = try only(["GET": .listLocations])
        case .providers: self = try only(["GET": .listProviders])
        case .provider(let name): self = try only(["GET": .showProvider(name)])
        case .registration(let name): self = try only(["POST": .showProvider(name)])
        case .resources(let group): self = try only(["GET": .listResources(group: group)])
        case .groups: self = try only(["GET": .listGroups])
        case .group(let name):
            let call: GroupCall = try only(["GET": .show, "PUT": .put, "PATCH": .patch, "DELETE": .delete])
            self = .group(name, call)
        case .activityLog: self = try only(["GET": .activityLog])
        case .checkNameAvailability(let location):
            self = try only(["POST": .checkName(location: location)])
        case .capabilities(let location): self = try only(["GET": .capabilities(location: location)])
        case .operationStatus(_, let id): self = try only(["GET": .operationStatus(id)])
        case .operationResult(_, let id): self = try only(["GET": .operationResult(id)])
        case .servers(let group): self = try only(["GET": .listServers(group: group)])
        case .server(let group, let name, let part):
            let call = try only(Self.calls(part))
            self = .server(ServerReference(resourceGroup: group, name: name), call)
        }
    }

    /// What can be done with a part of a server, by method.
    private static func calls(_ part: ResourcePath.ServerPart) -> [String: ServerCall] {
        func all(_ make: (PartCall) -> ServerCall) -> [String: ServerCall] {
            ["GET": make(.show), "PUT": make(.put), "DELETE": make(.delete)]
        }
        return switch part {
        case .itself: ["GET": .show, "PUT": .put, "PATCH": .patch, "DELETE": .delete]
        case .capabilities: ["GET": .capabilities]
        case .start: ["POST": .start]
        case .stop: ["POST": .stop]
        case .restart: ["POST": .restart]
        case .backups: ["GET": .listBackups]
        case .backup(let name): all { .backup(name, $0) }
        case .configurations: ["GET": .listParameters]
        case .configuration(let name):
            ["GET": .parameter(name, .show), "PUT": .parameter(name, .put), "PATCH": .parameter(name, .put)]
        case .databases: ["GET": .listDatabases]
        case .database(let name): all { .database(name, $0) }
        case .firewallRules: ["GET": .listRules]
        case .firewallRule(let name): all { .rule(name, $0) }
        case .upgradeCheck: ["POST": .checkUpgrade]
        case .undo: ["POST": .undo]
        case .compare: ["POST": .compare]
        case .walVerification: ["GET": .showVerification, "POST": .verifyWAL]
        case .results: ["GET": .listResults]
        case .result(let id): ["GET": .showResult(id), "DELETE": .deleteResult(id)]
        case .resultFile(let id, let name): ["GET": .resultFile(id, name)]
        case .resultRows(let id, let name): ["GET": .resultFile(id, "rows/\(name)")]
        case .absent(_, nil): ["GET": .listNothing]
        case .absent(let part, let name?):
            [
                "GET": .showAbsent(part, name), "PUT": .changeAbsent(part.words),
                "PATCH": .changeAbsent(part.words), "DELETE": .changeAbsent(part.words),
            ]
        case .absentAction(let action): ["POST": .changeAbsent(action.words)]
        case .belowAbsent(.recommendations, _): ["GET": .listNothing]
        case .belowAbsent(let child, _): ["POST": .changeAbsent(child.parent.words)]
        }
    }

    static func notAllowed(_ method: String, allowed: [String]) -> Problem {
        Problem(
            .methodNotAllowed,
            "The requested resource does not support http method '\(method.prefix(20))'. "
                + "It supports \(allowed.joined(separator: ", ")).")
    }
}
