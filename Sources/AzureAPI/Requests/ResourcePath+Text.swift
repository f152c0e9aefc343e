import Notation
import ServiceModel

extension ResourcePath {
    /// The path as Azure spells it: what `parse` reads back as the same.
    public var text: String {
        guard let subscription else {
            return switch resource {
            case .tenants: "/tenants"
            case .providerOperations: "/providers/\(ResourceID.provider)/operations"
            case .eventCategories: "/providers/Microsoft.Insights/eventcategories"
            default: "/subscriptions"
            }
        }
        let root = "/subscriptions/" + PercentCoding.encode(subscription)
        let provider = root + "/providers/" + ResourceID.provider
        func group(_ name: String) -> String { root + "/resourceGroups/" + PercentCoding.encode(name) }
        func location(_ name: String) -> String { provider + "/locations/" + PercentCoding.encode(name) }
        switch resource {
        case .tenants, .subscriptions, .providerOperations, .eventCategories:
            return ResourcePath(resource).text
        case .subscription: return root
        case .locations: return root + "/locations"
        case .providers: return root + "/providers"
        case .provider(let name): return root + "/providers/" + PercentCoding.encode(name)
        case .registration(let name): return root + "/providers/" + PercentCoding.encode(name) + "/register"
        case .resources(let name): return (name.map(group) ?? root) + "/resources"
        case .groups: return root + "/resourceGroups"
        case .group(let name): return group(name)
        case .activityLog:
            return root + "/providers/Microsoft.Insights/eventtypes/management/values"
        case .checkNameAvailability(let place):
            return (place.map(location) ?? provider) + "/checkNameAvailability"
        case .capabilities(let place): return location(place) + "/capabilities"
        case .operationStatus(let place, let id):
            return location(place) + "/azureAsyncOperation/" + PercentCoding.encode(id)
        case .operationResult(let place, let id):
            return location(place) + "/operationResults/" + PercentCoding.encode(id)
        case .servers(nil): return provider + "/flexibleServers"
        case .servers(let name?):
            return group(name) + "/providers/" + ResourceID.serverType
        case .server(let name, let server, let part):
            return group(name) + "/providers/\(ResourceID.serverType)/"
                + PercentCoding.encode(server) + part.text
        }
    }
}

extension ResourcePath.ServerPart {
    /// What follows the server's name, with its slash.
    var text: String {
        switch self {
        case .itself: ""
        case .capabilities: "/capabilities"
        case .start: "/start"
        case .stop: "/stop"
        case .restart: "/restart"
        case .backups: "/backups"
        case .backup(let name): "/backups/" + PercentCoding.encode(name)
        case .configurations: "/configurations"
        case .configuration(let name): "/configurations/" + PercentCoding.encode(name)
        case .databases: "/databases"
        case .database(let name): "/databases/" + PercentCoding.encode(name)
        case .firewallRules: "/firewallRules"
        case .firewallRule(let name): "/firewallRules/" + PercentCoding.encode(name)
        case .upgradeCheck: "/startMajorVersionUpgradePrecheck"
        case .undo: "/undo"
        case .compare: "/compare"
        case .walVerification: "/walVerification"
        case .results: "/results"
        case .result(let id): "/results/" + PercentCoding.encode(id)
        case .resultFile(let id, let name):
            "/results/\(PercentCoding.encode(id))/\(PercentCoding.encode(name))"
        case .resultRows(let id, let name):
            "/results/\(PercentCoding.encode(id))/rows/\(PercentCoding.encode(name))"
        case .absent(let part, let name):
            "/" + part.rawValue + (name.map { "/" + PercentCoding.encode($0) } ?? "")
        case .absentAction(let action): "/" + action.rawValue
        case .belowAbsent(let child, let name):
            "/\(child.parent.rawValue)/\(PercentCoding.encode(name))/\(child.rawValue)"
        }
    }
}
