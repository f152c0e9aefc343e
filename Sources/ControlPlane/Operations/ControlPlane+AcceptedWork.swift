import Catalog
import GRDB
import Platform
import PostgresFormat

/// What a worker does: it carries out one accepted operation, and tells how it ended.
extension ControlPlane {
    /// Carries out the accepted operation that this process was started for, if no other one does already.
    public func runAccepted() throws {
        guard let id = acceptedOperation, let operation = try take(id) else { return }
        do {
            let request = try CatalogJSON.value(OperationRequest.self, operation.request ?? "")
            let secret = try readSecret(id)
            RestoreFaults.reached("worker: begin")
            try carryOut(request, secret: secret)
            RestoreFaults.reached("worker: end")
            try end(accepted: operation, failure: nil)
        } catch {
            let problem = Self.problem(from: error)
            try end(accepted: operation, failure: problem)
            throw problem
        }
    }

    /// Makes the operation this process's own; nil when it has been taken, or called off.
    private func take(_ id: String) throws -> OperationRow? {
        let me = ProcessIdentity.current
        return try catalog.write { database in
            try database.execute(
                sql: """
                    UPDATE operation SET state = 'running', pid = ?, processStart = ?
                    WHERE id = ? AND state = 'queued'
                    """, arguments: [Int(me.pid), me.start, id])
            guard database.changesCount > 0 else { return nil }
            return try OperationRow.fetchOne(database, key: id)
        }
    }

    /// A secret is read once: what is left of a worker that died holds none.
    private func readSecret(_ id: String) throws -> String? {
        let path = paths.operation(id) + "/secret"
        guard let bytes = try DurableFiles.readIfPresent(path) else { return nil }
        _ = try DurableFiles.removeFile(path)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func carryOut(_ request: OperationRequest, secret: String?) throws {
        switch request {
        case .create(var create):
            create.adminPassword = secret
            _ = try createServer(create)
        case .restore(var restore):
            restore.adminPassword = secret
            _ = try self.restore(restore) { _ in }
        case .revive(var restore):
            restore.adminPassword = secret
            _ = try reviveDropped(restore) { _ in }
        case .geoRestore(var restore, let location):
            restore.adminPassword = secret
            _ = try geoRestore(restore, location: location) { _ in }
        case .update(let server, var update):
            update.adminPassword = secret
            _ = try updateServer(server, update)
        case .delete(let server):
            // One that was called off before it began is gone already.
            guard (try? find(server)) != nil else { return }
            try deleteServer(server)
        case .start(let server): try startServer(server)
        case .stop(let server): try stopServer(server)
        case .restart(let server): try restartServer(server)
        case .createBackup(let server, let name): _ = try createBackup(server, name: name)
        case .deleteBackup(let server, let name): try deleteBackup(server, name: name)
        case .writeRule(let server, let name, let start, let end):
            let rule = FirewallRule(name: name, startIPAddress: start, endIPAddress: end)
            _ = try createFirewallRule(server, rule)
        case .deleteRule(let server, let name): try deleteFirewallRule(server, name: name)
        case .setParameter(let server, let name, let value):
            _ = try setParameter(server, name: name, value: value)
        case .createDatabase(let server, let name, let charset, let collation):
            _ = try createDatabase(server, name: name, charset: charset, collation: collation)
        case .deleteDatabase(let server, let name): try deleteDatabase(server, name: name)
        case .deleteGroup(let name): try deleteGroup(name)
        }
    }

    // MARK: The end

    /// Notes how an accepted operation ended; a server that it was to make and did not is removed.
    func end(accepted operation: OperationRow, failure: Problem?) throws {
        if failure != nil,
            let row = try? catalog.read({ try ServerRow.fetchOne($0, key: operation.serverID) }),
            row.phase == .provisioning
        {
            discard(row)
        }
        let state: OperationState =
            switch failure?.code {
            case nil: .succeeded
            case .canceled?: .canceled
            default: .failed
            }
        let now = clock.now().description
        let words = failure.map(\.sentences)
        let event = try missingEnd(of: operation, failure: failure)
        try catalog.write { database in
            try database.execute(
                sql: "UPDATE operation SET state = ?, endedAt = ?, error = ?, errorCode = ? WHERE id = ?",
                arguments: [state.rawValue, now, words, failure?.code.rawValue, operation.id])
            try event?.insert(database)
        }
        // A failed recovery leaves a log that is worth reading.
        if failure?.code != .recoveryFailed { removeOperationFolder(operation.id) }
    }

    /// The last line of the activity log, when the work did not get as far as writing it.
    private func missingEnd(of operation: OperationRow, failure: Problem?) throws -> ActivityRow? {
        let isThere = try catalog.read {
            try ActivityRow.filter(Column("operationID") == operation.id)
                .filter(["Succeeded", "Failed"].contains(Column("status"))).fetchCount($0) > 0
        }
        guard !isThere else { return nil }
        let kind = OperationKind.all.first { $0.name == operation.kind } ?? .update
        let running = RunningOperation(
            id: operation.id, correlationID: operation.correlationID, kind: kind,
            serverID: operation.serverID, resourceGroup: operation.resourceGroup ?? "",
            resourceID: operation.resourceID ?? "", startedAt: clock.now(), caller: operation.caller)
        return try activity(
            running, status: failure == nil ? "Succeeded" : "Failed", properties: [:], failure: failure)
    }
}
