import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel
import Synchronization

/// A server and what it has.
extension Resources {
    func answer(_ call: APICall.ServerCall, server: ServerReference) throws -> APIResponse {
        switch call {
        case .show: return try .document(WireServer(try controlPlane.server(server)))
        case .put: return try put(server)
        case .patch: return try patch(server)
        case .delete:
            return try accept(.delete(server)) { _ = try controlPlane.showGroup(server.resourceGroup) }
        case .start: return try accept(.start(server))
        case .stop: return try accept(.stop(server))
        case .restart:
            _ = try RestartBody(request.body)
            return try accept(.restart(server))
        case .capabilities: return try capabilities(try controlPlane.server(server).location)
        case .listNothing:
            _ = try controlPlane.server(server)
            return try .document(WireList<WireNothing>([]))
        case .showAbsent(let part, let name):
            _ = try controlPlane.server(server)
            throw Problem(
                .resourceNotFound, "The \(part.rawValue) '\(name)' of server '\(server.name)' was not found.",
                detail: "\(part.words) are not available on this machine")
        case .changeAbsent(let words):
            _ = try controlPlane.server(server)
            throw Problem(.operationNotSupported, "\(words) are not available on this machine.")
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
        case .checkUpgrade: return try checkUpgrade(server)
        case .undo: return try accept(.undo(UndoBody(request.body, of: server).request))
        case .compare: return try compare(server)
        case .verifyWAL: return try accept(.verifyWAL(server))
        case .showVerification: return try verification(server)
        case .listResults: return try results(of: server)
        case .showResult(let id):
            let result = try result(id, of: server)
            return try .document(KeptResultDocument(result, withContent: maySeeRows(of: result)))
        case .deleteResult(let id):
            try controlPlane.deleteResult(result(id, of: server).id)
            return .empty(204)
        case .resultFile(let id, let name):
            return try file(name, of: result(id, of: server))
        }
    }

    private func results(of server: ServerReference) throws -> APIResponse {
        let details = try controlPlane.server(server)
        let kept = try controlPlane.listResults(
            resourceGroup: nil, server: ResourceID.server(ServerReference(details))
        ).kept
        return try .document(WireList(kept.map(KeptResultEntryDocument.init)))
    }

    // MARK: The server itself

    /// Makes a server, in one way or another, or changes the one that is there.
    private func put(_ server: ServerReference) throws -> APIResponse {
        let body = try ServerBody(request.body)
        if let existing = try existing(server) { return try change(existing, server, body) }
        let operation = try body.creation(group: server.resourceGroup, name: server.name)
        if body.mode.isRestore { try check(body, server) }
        return try accept(operation)
    }

    private func patch(_ server: ServerReference) throws -> APIResponse {
        try change(controlPlane.server(server), server, ServerBody(request.body))
    }

    private func change(
        _ existing: ServerDetails, _ server: ServerReference, _ body: ServerBody
    ) throws -> APIResponse {
        if let version = try body.upgrade(of: existing) {
            return try accept(.upgrade(UpgradeRequest(server: server, version: version)))
        }
        return try accept(.update(server, try body.update(of: existing)))
    }

    /// One at a time, and only where the server is free: each keeps a thread for as long as pg_upgrade looks.
    private static let isCheckingUpgrade = Atomic(false)

    /// In Azure an operation, whose end tells what was found. Here the answer waits for it, some seconds;
    /// what stands in the way is the error that the upgrade would end with.
    private func checkUpgrade(_ server: ServerReference) throws -> APIResponse {
        let body = try UpgradeCheckBody(request.body)
        guard !Self.isCheckingUpgrade.exchange(true, ordering: .acquiring) else {
            throw Problem(
                .serverBusy, "Another upgrade is being checked. Please try again later.",
                hint: "Try again in half a minute.")
        }
        defer { Self.isCheckingUpgrade.store(false, ordering: .releasing) }
        let outlook = try controlPlane.checkUpgrade(
            UpgradeRequest(server: server, version: body.targetVersion), waitingSeconds: 0)
        return try .document(WireUpgradeCheck(outlook))
    }

    private func existing(_ server: ServerReference) throws -> ServerDetails? {
        do {
            return try controlPlane.server(server)
        } catch let problem as Problem where problem.code == .resourceNotFound {
            return nil
        }
    }

    /// The source has to be one that the identity may read, and has to fit what is asked for.
    private func check(_ body: ServerBody, _ server: ServerReference) throws {
        let source = try body.source(defaultGroup: server.resourceGroup)
        try Authenticator.require(
            .read, by: identity, group: source.resourceGroup, scope: ResourceID.server(source))
        if let details = try? controlPlane.server(source) { try body.checkSource(details) }
    }

    // MARK: What it has

    private func backup(_ name: String, _ call: APICall.PartCall, _ server: ServerReference) throws
        -> APIResponse
    {
        switch call {
        case .show: try .document(WireBackup(try controlPlane.showBackup(server, name: name), of: server))
        case .put: try accept(.createBackup(server, name: name))
        case .delete:
            try accept(.deleteBackup(server, name: name)) { _ = try controlPlane.server(server) }
        }
    }

    private func parameter(_ name: String, _ call: APICall.PartCall, _ server: ServerReference) throws
        -> APIResponse
    {
        guard call != .show else {
            let parameter = try controlPlane.showParameter(server, name: name)
            return try .document(WireConfiguration(parameter, of: server))
        }
        let body = try ConfigurationBody(request.body)
        let parameter = try controlPlane.showParameter(server, name: name)
        return try accept(
            .setParameter(server, name: parameter.name, value: body.setting(of: parameter)))
    }

    private func database(_ name: String, _ call: APICall.PartCall, _ server: ServerReference) throws
        -> APIResponse
    {
        switch call {
        case .show:
            return try .document(WireDatabase(try controlPlane.showDatabase(server, name: name), of: server))
        case .put:
            let body = try DatabaseBody(request.body)
            return try accept(
                .createDatabase(server, name: name, charset: body.charset, collation: body.collation))
        case .delete:
            return try accept(.deleteDatabase(server, name: name)) {
                _ = try controlPlane.server(server)
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
            let body = try FirewallRuleBody(request.body)
            return try accept(
                .writeRule(server, name: name, start: body.startIPAddress, end: body.endIPAddress))
        case .delete:
            return try accept(.deleteRule(server, name: name)) { _ = try controlPlane.server(server) }
        }
    }
}
