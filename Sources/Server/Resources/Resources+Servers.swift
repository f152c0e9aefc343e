import AzureAPI
import ControlPlane
import Platform
import PostgresFormat

/// A server and what it has.
extension Resources {
    func answer(_ call: APICall.ServerCall, server: ServerReference) throws -> APIResponse {
        switch call {
        case .show: return try .document(WireServer(try controlPlane.showServer(server)))
        case .put: return try put(server)
        case .patch: return try patch(server)
        case .delete:
            return try accept(.delete(server)) { _ = try controlPlane.showGroup(server.resourceGroup) }
        case .start: return try accept(.start(server))
        case .stop: return try accept(.stop(server))
        case .restart: return try accept(.restart(server))
        case .capabilities: return try capabilities(try controlPlane.showServer(server).location)
        case .listNothing:
            _ = try controlPlane.showServer(server)
            return try .document(WireList<WireNothing>([]))
        case .listBackups:
            let backups = try controlPlane.listBackups(server)
            return try .document(WireList(backups.map { WireBackup($0, of: server) }))
        case .listParameters:
            let parameters = try controlPlane.listParameters(server)
            return try .document(WireList(parameters.map { WireConfiguration($0, of: server) }))
        case .listDatabases:
            let databases = try controlPlane.listDatabases(server)
            return try .document(WireList(databases.map { WireDatabase($0, of: server) }))
        case .listRules:
            let rules = try controlPlane.listFirewallRules(server)
            return try .document(WireList(rules.map { WireFirewallRule($0, of: server) }))
        case .backup(let name, let call): return try backup(name, call, server)
        case .parameter(let name, let call): return try parameter(name, call, server)
        case .database(let name, let call): return try database(name, call, server)
        case .rule(let name, let call): return try rule(name, call, server)
        }
    }

    private func backup(_ name: String, _ call: APICall.PartCall, _ server: ServerReference) throws
        -> APIResponse
    {
        switch call {
        case .show: try .document(WireBackup(try controlPlane.showBackup(server, name: name), of: server))
        case .put: try accept(.createBackup(server, name: name))
        case .delete:
            try accept(.deleteBackup(server, name: name)) { _ = try controlPlane.showServer(server) }
        }
    }

    private func parameter(_ name: String, _ call: APICall.PartCall, _ server: ServerReference) throws
        -> APIResponse
    {
        guard call != .show else {
            let parameter = try controlPlane.showParameter(server, name: name)
            return try .document(WireConfiguration(parameter, of: server))
        }
        let body = try ParameterBody(try request.json())
        return try accept(.setParameter(server, name: name, value: body.value))
    }

    private func database(_ name: String, _ call: APICall.PartCall, _ server: ServerReference) throws
        -> APIResponse
    {
        switch call {
        case .show:
            return try .document(WireDatabase(try controlPlane.showDatabase(server, name: name), of: server))
        case .put:
            let body = try DatabaseBody(try request.json())
            return try accept(
                .createDatabase(server, name: name, charset: body.charset, collation: body.collation))
        case .delete:
            return try accept(.deleteDatabase(server, name: name)) {
                _ = try controlPlane.showServer(server)
            }
        }
    }

    private func rule(_ name: String, _ call: APICall.PartCall, _ server: ServerReference) throws
        -> APIResponse
    {
        switch call {
        case .show:
            let rule = try controlPlane.showFirewallRule(server, name: name)
            return try .document(WireFirewallRule(rule, of: server))
        case .put:
            let body = try FirewallRuleBody(try request.json())
            return try accept(.writeRule(server, name: name, start: body.start, end: body.end))
        case .delete:
            return try accept(.deleteRule(server, name: name)) { _ = try controlPlane.showServer(server) }
        }
    }
}
