import Catalog
import GRDB
import Platform
import PostgresFormat
import ServiceModel

/// What a worker does: it carries out one accepted operation, and tells how it ended.
extension ControlPlane {
    /// Carries out an accepted operation, if no other process does already.
    ///
    /// - Parameter files: writes what comes of an undo or a comparison.
    public func runAccepted(_ id: String, files: any ResultFiles) throws {
        // One that is taken already, or was called off, is somebody else's.
        guard let mine = try operations.operation(id)?.take(by: .current), try operations.write(mine)
        else { return }
        let operation = mine.operation
        do {
            let request = try CatalogJSON.value(OperationRequest.self, operation.row.request ?? "")
            let secret = try readSecret(id)
            RestoreFaults.reached("worker: begin")
            try ControlPlane(self, workingFor: operation)
                .carryOut(request, secret: secret, files, for: AcceptedWork(operation: operation))
            RestoreFaults.reached("worker: end")
            try end(accepted: operation, failure: nil)
        } catch {
            let problem = Self.problem(from: error)
            try end(accepted: operation, failure: problem)
            throw problem
        }
    }

    /// A secret is read once: what is left of a worker that died holds none.
    private func readSecret(_ id: String) throws -> String? {
        let path = paths.operation(id) + "/secret"
        guard let bytes = try DurableFiles.readIfPresent(path) else { return nil }
        _ = try DurableFiles.removeFile(path)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func carryOut(
        _ request: OperationRequest, secret: String?, _ files: any ResultFiles, for accepted: AcceptedWork
    ) throws {
        switch request {
        case .create(var create):
            create.adminPassword = secret
            _ = try createServer(create, for: accepted)
        case .restore(var restore):
            restore.adminPassword = secret
            _ = try self.restore(restore, for: accepted) { _ in }
        case .revive(var restore):
            restore.adminPassword = secret
            _ = try reviveDropped(restore, for: accepted) { _ in }
        case .geoRestore(var restore, let location):
            restore.adminPassword = secret
            _ = try geoRestore(restore, location: location, for: accepted) { _ in }
        case .update(let server, var update):
            update.adminPassword = secret
            _ = try updateServer(server, update, for: accepted)
        case .upgrade(let upgrade): _ = try upgradeServer(upgrade, for: accepted)
        case .delete(let server):
            // One that was called off before it began is gone already.
            guard (try? find(server, for: accepted)) != nil else { return }
            try deleteServer(server, for: accepted)
        case .start(let server): try startServer(server, for: accepted)
        case .stop(let server): _ = try stopServer(server, for: accepted)
        case .restart(let server): try restartServer(server, for: accepted)
        case .createBackup(let server, let name): _ = try createBackup(server, name: name, for: accepted)
        case .deleteBackup(let server, let name): try deleteBackup(server, name: name, for: accepted)
        case .writeRule(let server, let name, let start, let end):
            let rule = FirewallRule(name: name, startIPAddress: start, endIPAddress: end)
            _ = try createFirewallRule(server, rule, for: accepted)
        case .deleteRule(let server, let name): try deleteFirewallRule(server, name: name, for: accepted)
        case .setParameter(let server, let name, let value):
            _ = try setParameter(server, name: name, value: value, for: accepted)
        case .createDatabase(let server, let name, let charset, let collation):
            _ = try createDatabase(
                server, name: name, charset: charset, collation: collation, for: accepted)
        case .deleteDatabase(let server, let name): try deleteDatabase(server, name: name, for: accepted)
        case .deleteGroup(let name): try deleteGroup(name, for: accepted)
        case .drill(let drill):
            // One that failed has its record, and says so as an operation too.
            if let failure = try runDrill(drill, for: accepted).failure { throw failure }
        case .verifyWAL(let server): try verifyWAL(server, for: accepted)
        case .undo(let undo): try keep(undo, files, for: accepted)
        case .compare(let compare): try keep(compare, files, for: accepted)
        }
    }

    // MARK: The end

    /// Notes how an accepted operation ended; a server that it was to make and did not is removed.
    func end(accepted operation: Operation, failure: Problem?) throws {
        if failure != nil,
            let row = try? catalog.read({ try ServerRow.fetchOne($0, key: operation.row.serverID) }),
            row.phase == .provisioning
        {
            discard(row)
        }
        if failure != nil { try removeResult(of: operation) }
        // The last line of the activity log is missing when the work did not get as far as writing it.
        let isTold = try operations.isTold(operation.row.id, [.succeeded, .failed])
        try operations.write(operation.end(failure: failure, isTold: isTold, at: clock.now()))
        // A failed recovery leaves a log that is worth reading.
        if failure?.code != .recoveryFailed { removeOperationFolder(operation.row.id) }
    }
}
