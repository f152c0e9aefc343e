import Catalog
import GRDB
import Holdings
import Instance
import Planning
import Platform
import PostgresFormat
public import ServiceModel

/// Entering an operation that another process will carry out.
extension ControlPlane {
    /// Checks what can be checked at once, takes a new server's name and address, and enters the operation.
    ///
    /// From then on it is not lost: a dispatcher starts a worker for it, after a crash the next one does.
    /// Throws what the command itself would throw, and `.serverBusy` for power, update and delete of a server
    /// that something else is being done to.
    public func accept(_ request: OperationRequest, caller: Caller) throws -> AcceptedOperation {
        switch request {
        case .create(let create): return try accept(create, caller)
        case .restore(let restore):
            return try accept(restore, from: try source(of: restore), .restore, caller) { .restore($0) }
        case .revive(let restore):
            return try accept(restore, from: try droppedSource(of: restore), .revive, caller) {
                .revive($0)
            }
        case .geoRestore(let restore, let location):
            return try accept(
                restore, from: try geoSource(of: restore, location: location), .geoRestore, caller
            ) { .geoRestore($0, location: location) }
        case .update(let server, var update):
            let row = try findComplete(server)
            try requireOwn(row)
            try requireIdle(row)
            _ = try checkUpdate(row, update)
            let password = update.adminPassword
            update.adminPassword = nil
            return try enter(
                Entry(.update, row, .update(server, update), secret: password), caller)
        case .upgrade(let upgrade):
            let row = try findComplete(upgrade.server)
            try requireIdle(row)
            _ = try checkVersion(upgrade, row)
            try requireReady(row)
            return try enter(Entry(.upgrade, row, request), caller)
        case .delete(let server): return try acceptDelete(server, caller)
        case .start(let server):
            let row = try findComplete(server)
            try requireOwn(row)
            try requireIdle(row)
            try requireStopped(row)
            return try enter(Entry(.start, row, request), caller)
        case .stop(let server), .restart(let server):
            let row = try findComplete(server)
            try requireOwn(row)
            try requireIdle(row)
            let isStop = if case .stop = request { true } else { false }
            if isStop { try requireRunning(row) } else { try requireReady(row) }
            return try enter(Entry(isStop ? .stop : .restart, row, request), caller)
        case .deleteGroup(let name): return try acceptDeleteGroup(name, caller)
        case .drill(let drill): return try accept(drill, caller)
        case .verifyWAL(let server): return try acceptVerification(server, caller)
        case .undo(let undo): return try accept(undo, caller)
        case .compare(let compare): return try accept(compare, caller)
        default: return try acceptPart(request, caller)
        }
    }

    /// Something of a server that is there: its backups, rules, parameters and databases.
    private func acceptPart(_ request: OperationRequest, _ caller: Caller) throws -> AcceptedOperation {
        let kind: OperationKind
        let server: ServerReference
        let part: String
        switch request {
        case .createBackup(let reference, let name):
            (kind, server, part) = (.backup, reference, "backups/\(name)")
            _ = try checkNewBackup(reference, name: name)
        case .deleteBackup(let reference, let name):
            (kind, server, part) = (.deleteBackup, reference, "backups/\(name)")
            try checkBackupDeletion(reference, name: name)
        case .writeRule(let reference, let name, let start, let end):
            (kind, server, part) = (.writeRule, reference, "firewallRules/\(name)")
            try checkRule(
                reference, FirewallRule(name: name, startIPAddress: start, endIPAddress: end))
        case .deleteRule(let reference, let name):
            (kind, server, part) = (.deleteRule, reference, "firewallRules/\(name)")
            _ = try showFirewallRule(reference, name: name)
        case .setParameter(let reference, let name, _):
            (kind, server, part) = (.parameter, reference, "configurations/\(name)")
            _ = try showParameter(reference, name: name)
        case .createDatabase(let reference, let name, _, _):
            (kind, server, part) = (.createDatabase, reference, "databases/\(name)")
            try Self.validate(databaseName: name)
        case .deleteDatabase(let reference, let name):
            (kind, server, part) = (.deleteDatabase, reference, "databases/\(name)")
            _ = try showDatabase(reference, name: name)
        default: throw Problem(.system, "no part of a server was meant")
        }
        let row = try findComplete(server)
        if kind != .backup, kind != .deleteBackup {
            try requireOwn(row)
        }
        try requireNoUpgrade(row)
        return try enter(Entry(kind, row, request, part: part), caller)
    }

    // MARK: New servers

    private func accept(_ request: CreateServerRequest, _ caller: Caller) throws -> AcceptedOperation {
        let creation = try prepareCreation(request)
        defer { creation.lock.release() }
        var request = request
        // What was generated or defaulted stays as it is now.
        request.name = creation.row.name
        request.adminUser = creation.row.administratorLogin
        request.location = creation.row.location
        request.adminPassword = nil
        return try entering(creation.row) {
            try enter(
                Entry(.create, creation.row, .create(request), secret: creation.password), caller)
        }
    }

    private func accept(
        _ request: RestoreRequest, from source: ServerRow, _ kind: OperationKind, _ caller: Caller,
        _ wrap: (RestoreRequest) -> OperationRequest
    ) throws -> AcceptedOperation {
        guard let name = request.name?.lowercased() else {
            throw Problem(.usage, "a restore needs the new server's name", hint: "Give it with --name.")
        }
        try Self.validate(serverName: name)
        var request = request
        let password = request.adminPassword
        request.adminPassword = nil
        var notes: [String] = []
        let sought = try sought(request.target, from: source, notes: &notes)
        // The latest moment is fixed now and not when its turn comes; what was deleted ends where it ended.
        if case .latest(nil) = request.target, source.deletedAt == nil {
            request.target = durableNow(source, mode: request.targetMode)
        }
        try checkWindow(sought, of: source)
        if let password { try AdminRole.checkPassword(password) }
        let old = try replaced(by: request, source: source)
        let (row, lock) = try claimCopy(
            name: old == nil ? name : Self.interimName(name), request: request, source: source)
        defer { lock.release() }
        // A server's id stays, whatever becomes of its name.
        request.sourceServer = source.id
        return try entering(row) {
            var entry = Entry(kind, old.map { row.inPlace(of: $0) } ?? row, wrap(request))
            entry.source = source.id
            entry.lane = "restore:\(source.id)"
            entry.secret = password
            return try enter(entry, caller)
        }
    }

    private func accept(_ request: DrillRequest, _ caller: Caller) throws -> AcceptedOperation {
        var request = request
        let source = try source(of: request.restore)
        var notes: [String] = []
        let sought = try sought(request.restore.target, from: source, notes: &notes)
        if case .latest(nil) = request.restore.target, source.deletedAt == nil {
            request.restore.target = durableNow(source, mode: request.restore.targetMode)
        }
        try checkWindow(sought, of: source)
        request.restore.sourceServer = source.id
        var entry = Entry(.drill, source, .drill(request))
        entry.source = source.id
        entry.lane = "drill:\(source.id)"
        return try enter(entry, caller)
    }

    /// Gives a new server's name back when its operation could not be entered.
    private func entering(_ row: ServerRow, _ body: () throws -> AcceptedOperation) throws
        -> AcceptedOperation
    {
        do {
            return try body()
        } catch {
            discard(row)
            throw error
        }
    }

    /// The bounds are known without a plan; everything else about a target is found when its turn comes.
    private func checkWindow(_ sought: SoughtTarget, of source: ServerRow) throws {
        guard case .known(.time(let time)) = sought else { return }
        let window = reader(of: source).window()
        guard let earliest = window.earliest, time < earliest else { return }
        throw Problem(
            .restoreTimeTooEarly,
            "The restore time \(time) is before the earliest restore point of server '\(source.name)'.",
            detail: "it can be restored to any time from \(earliest) on",
            hint: "Choose a time within these bounds.")
    }

    // MARK: Deleting

    private func acceptDelete(_ server: ServerReference, _ caller: Caller) throws -> AcceptedOperation {
        let row = try find(server)
        if row.phase == .provisioning, let queued = try queuedCreation(of: row) {
            try callOffQueued(queued)
        } else if row.phase != .complete {
            _ = try findComplete(server)
        } else {
            try requireIdle(row)
        }
        return try enter(Entry(.delete, row, .delete(server)), caller)
    }

    /// The operation that has yet to make a server.
    func queuedCreation(of row: ServerRow) throws -> Operation? {
        try operations.operations(.init(states: [.queued], server: row.id)).first
    }

    /// Ends an operation that was not begun; a server that it would have made is removed.
    func callOffQueued(_ operation: Operation) throws {
        guard let mine = operation.take(by: .current), try operations.write(mine) else {
            throw Problem(
                .serverBusy, "the operation has just begun",
                hint: "Try again in a moment; the operation is being canceled.")
        }
        try end(accepted: mine.operation, failure: Problem(.canceled, "called off before it began"))
    }

    private func acceptDeleteGroup(_ name: String, _ caller: Caller) throws -> AcceptedOperation {
        let group = try showGroup(name)
        var entry = Entry(
            kind: .deleteGroup, serverID: "", group: group.name,
            resourceID: ResourceID.group(group.name), location: group.location,
            request: .deleteGroup(group.name))
        entry.lane = "group:\(group.name.lowercased())"
        return try enter(entry, caller)
    }

    // MARK: Busy

    /// Refuses with `.serverBusy` while something that a user asked for is queued or runs.
    private func requireIdle(_ row: ServerRow) throws {
        let busy = try operations.operations(.init(states: OperationStore.Query.open, server: row.id))
            .filter { $0.row.acceptedAt != nil || $0.row.kind != OperationKind.backup.name }
        try requireEnded(busy, row)
    }

    /// Refuses with `.serverBusy` while an upgrade is queued or runs: in its turn, what is asked for would
    /// find another server under the name.
    private func requireNoUpgrade(_ row: ServerRow) throws {
        let upgrades = try operations.operations(
            .init(states: OperationStore.Query.open, kinds: [.upgrade]))
        try requireEnded(
            upgrades.filter { $0.row.serverID == row.id || $0.row.details[Self.replacedKey] == row.id }, row)
    }

    private func requireEnded(_ busy: [Operation], _ row: ServerRow) throws {
        // A process that died is no reason to refuse; the server's lock decides then.
        guard let alive = busy.first(where: \.isAlive)?.row else { return }
        throw Problem(
            .serverBusy, "Server '\(row.name)' is busy with another operation. Please try again later.",
            detail: "'\(alive.kind)' is \(alive.state == .queued ? "waiting" : "in progress") since "
                + "\(alive.acceptedAt ?? alive.startedAt)")
    }

    func reference(_ row: ServerRow) -> ServerReference {
        ServerReference(resourceGroup: row.resourceGroup, name: row.name)
    }
}

/// What is entered of an operation.
struct Entry {
    var kind: OperationKind
    var serverID: String
    var source: String?
    var group: String
    var resourceID: String
    var location: String
    /// Empty for the server's own.
    var lane = ""
    var request: OperationRequest
    /// Kept apart from the catalog, readable by the service account only, until a worker has read it.
    var secret: String?
}

extension Entry {
    /// - Parameter part: what of the server is changed, `backups/nightly`.
    init(
        _ kind: OperationKind, _ row: ServerRow, _ request: OperationRequest, part: String? = nil,
        secret: String? = nil
    ) {
        let server = ResourceID.server(resourceGroup: row.resourceGroup, name: row.name)
        self.init(
            kind: kind, serverID: row.id, group: row.resourceGroup,
            resourceID: part.map { "\(server)/\($0)" } ?? server, location: row.location,
            lane: "server:\(row.id)", request: request, secret: secret)
    }
}
