import Catalog
import GRDB
import Holdings
import Instance
public import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore
public import ServiceModel

/// Start, stop, restart, update and delete.
extension ControlPlane {
    public func startServer(_ server: ServerReference, for accepted: AcceptedWork? = nil) throws {
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let lock = try lockServer(row)
        defer { lock.release() }
        try requireStopped(row)
        try perform(.start, server: row, for: accepted) { _ in try bringUp(row) }
    }

    func requireStopped(_ row: ServerRow) throws(Problem) {
        guard state(row) != .ready else {
            throw Problem(
                .serverIsNotStopped,
                "Start Server can only be performed on Stopped servers. "
                    + "Server Name = \(row.name), Current Server State = Ready")
        }
    }

    /// Starts a server with the configuration that the catalog tells, and remembers that it should run.
    func bringUp(_ row: ServerRow) throws {
        try configure(row)
        let installation = try installation(row)
        let instance = try instance(row)
        try instance.start()
        let changed = try update(row.id) {
            $0.shouldRun = true
            $0.postgresVersion = installation.minorVersion
        }
        try dropKeptSettings(changed)
    }

    /// A setting that was kept for transactions in doubt goes when none is left; the next restart is without
    /// it.
    private func dropKeptSettings(_ row: ServerRow) throws {
        var kept = row.keptSettings ?? [:]
        guard kept.removeValue(forKey: Self.preparedSetting) != nil else { return }
        let instance = try instance(row)
        guard try instance.connect().query("SELECT 1 FROM pg_prepared_xacts").isEmpty else { return }
        let rest = kept.isEmpty ? nil : kept
        let changed = try update(row.id) { $0.keptSettings = rest }
        try instance.write(RenderedConfiguration(parameters: try effectiveParameters(changed)))
    }

    /// Stops a server that runs, also where its version is not installed any more: then by a signal alone.
    ///
    /// - Returns: why it cannot be started again; nil where it can.
    @discardableResult
    public func stopServer(
        _ server: ServerReference, for accepted: AcceptedWork? = nil
    ) throws -> Problem? {
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let lock = try lockServer(row)
        defer { lock.release() }
        try requireRunning(row)
        try perform(.stop, server: row, for: accepted) { _ in
            try instanceToEnd(row).stop(.fast)
            try update(row.id) { $0.shouldRun = false }
        }
        do throws(Problem) {
            _ = try installation(row)
            return nil
        } catch {
            return error
        }
    }

    /// Stops every server that runs, of one group or of all, each as `stopServer` does.
    public func stopAll(resourceGroup: String? = nil) throws -> [MaintenanceAction] {
        try rows(resourceGroup: resourceGroup, dropped: false).filter { row in
            row.isOwn && isRunning(row)
        }.map { row in
            var action = MaintenanceAction(
                server: row.name, action: "stop", subject: row.name, reason: "it runs", outcome: .done)
            do {
                try stopServer(ServerReference(resourceGroup: row.resourceGroup, name: row.name))
            } catch {
                action.outcome = .failed(Self.problem(from: error).message)
            }
            return action
        }
    }

    public func restartServer(_ server: ServerReference, for accepted: AcceptedWork? = nil) throws {
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let lock = try lockServer(row)
        defer { lock.release() }
        try requireReady(row)
        try perform(.restart, server: row, for: accepted) { _ in
            let instance = try instance(row)
            try instance.stop(.fast)
            try bringUp(row)
        }
    }

    /// Whether its postmaster lives; what is installed does not matter.
    private func isRunning(_ row: ServerRow) -> Bool {
        guard row.phase == .complete, case .running = instanceToEnd(row).status() else { return false }
        return true
    }

    func requireRunning(_ row: ServerRow) throws(Problem) {
        if !isRunning(row) { try requireReady(row) }
    }

    func requireReady(_ row: ServerRow) throws(Problem) {
        let state = state(row)
        guard state == .ready else {
            throw Problem(
                .serverIsNotReady,
                "Restart or Stop Server can only be performed on Started servers. "
                    + "Server Name = \(row.name), Current Server State = \(state.rawValue)")
        }
    }

    /// Starts every server that should run, of one group or of all.
    public func startAll(resourceGroup: String? = nil) throws -> [MaintenanceAction] {
        let wanted = try rows(resourceGroup: resourceGroup, dropped: false)
        return wanted.filter { $0.phase == .complete && $0.shouldRun }.map { row in
            var action = MaintenanceAction(
                server: row.name, action: "start", subject: row.name, reason: "it should run", outcome: .done
            )
            if state(row) == .ready {
                action.outcome = .runsAlready
                return action
            }
            do {
                let lock = try lockServer(row)
                defer { lock.release() }
                try perform(.start, server: row, for: nil) { _ in try bringUp(row) }
            } catch {
                action.outcome = .failed(Self.problem(from: error).message)
            }
            return action
        }
    }

    // MARK: Update

    /// Checks what is to be changed, and tells the size that the server has and the one it will have.
    func checkUpdate(_ row: ServerRow, _ request: UpdateServerRequest) throws
        -> (current: ComputeSize, tier: ComputeTier, size: ComputeSize)
    {
        try checkExpiry(row, request)
        try Self.validate(retention: request.backupRetentionDays)
        try Self.validate(storage: request.storageSizeGiB)
        if let size = request.storageSizeGiB, size < row.storageSizeGiB {
            throw Problem(
                .invalidParameterValue,
                "Decreasing storage size is not supported. Current storage size is \(row.storageSizeGiB) GiB, "
                    + "attempting to set to \(size) GiB.")
        }
        let current = try Self.size(row)
        let (tier, size) = try Self.resolveSize(tier: request.tier, sku: request.skuName, current: current)
        if let password = request.adminPassword { try AdminRole.checkPassword(password) }
        guard request.isOfNotesAlone || state(row) == .ready else { throw Self.cannotUpdate(row) }
        return (current, tier, size)
    }

    private static func cannotUpdate(_ row: ServerRow) -> Problem {
        Problem(
            .serverIsNotReady, "server '\(row.name)' is not running, so it cannot be updated",
            hint: "Start it with 'pitr start -n \(row.name)'.")
    }

    public func updateServer(
        _ server: ServerReference, _ request: UpdateServerRequest, for accepted: AcceptedWork? = nil
    ) throws -> ServerDetails {
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let (current, tier, size) = try checkUpdate(row, request)
        let lock = try lockServer(row)
        defer { lock.release() }
        if request.isOfNotesAlone {
            try perform(
                .update, server: row, properties: Self.properties(request), for: accepted
            ) { _ in
                try changeNotes(row, request)
            }
            return try showServer(server)
        }
        guard state(row) == .ready else { throw Self.cannotUpdate(row) }
        try perform(
            .update, server: row, properties: Self.properties(request), for: accepted
        ) { _ in
            let instance = try instance(row)
            if let password = request.adminPassword {
                try AdminRole.setPassword(
                    row.administratorLogin, password: password, on: try connect(row))
            }
            let changed = try changeAccess(
                row, to: AccessRules(isPublic: request.publicAccess ?? row.publicNetworkAccess, row, self)
            ) {
                try update(row.id) { try enter(request, tier: tier, size: size, into: &$0) }
            } revert: {
                try update(row.id) { $0 = row }
            }
            try changeNotes(row, request)
            RestoreFaults.reached("update: restart")
            if size != current {
                try instance.stop(.fast)
                try bringUp(changed)
            }
        }
        return try showServer(server)
    }

    private func enter(
        _ request: UpdateServerRequest, tier: ComputeTier, size: ComputeSize, into row: inout ServerRow
    ) throws {
        if let days = request.backupRetentionDays, days != row.backupRetentionDays {
            row.retentionHistory.append(RetentionChange(days: row.backupRetentionDays, until: clock.now()))
            row.backupRetentionDays = days
        }
        if let tags = request.tags { row.tags = tags }
        row.tier = tier.rawValue
        row.skuName = size.name
        if let size = request.storageSizeGiB { row.storageSizeGiB = size }
        if let grow = request.storageAutoGrow { row.storageAutoGrow = grow }
        if let access = request.publicAccess { row.publicNetworkAccess = access }
    }

    // MARK: Delete

    /// Deletes a server; its backups and its WAL to the last record stay for five days, unless they are
    /// purged at once. An attached one is detached.
    ///
    /// - Returns: statements that are left to be run on an attached source, whose slot could not be dropped.
    @discardableResult
    public func deleteServer(
        _ server: ServerReference, purge: Bool = false, for accepted: AcceptedWork? = nil
    ) throws -> [String] {
        try requireGroup(server.resourceGroup)
        if purge, let row = try dropped(server) {
            try purgeDropped(row)
            return []
        }
        let row = try find(server, for: accepted)
        if row.phase == .provisioning {
            if let queued = try queuedCreation(of: row) {
                try callOffQueued(queued)
                return []
            }
            throw Problem(
                .serverBusy, "Server '\(row.name)' is busy with another operation. Please try again later.",
                detail: "it is still being made",
                hint: "If whatever did that was killed, 'pitr maintain' cleans up.")
        }
        // Asked first: a restore that reads the backups must not find half of them.
        let pin = try purge ? pinForPurge(row) : nil
        defer { pin?.release() }
        cancelBackups(of: row)
        let lock = try lockServer(row, seconds: 30)
        defer { lock.release() }
        return try delete(row, purge: purge, accepted: accepted)
    }

    /// Deletes a server whose lock is held.
    ///
    /// - Parameters:
    ///   - expiry: what it is deleted for; nil when somebody asked for it.
    ///   - accepted: the operation that was accepted for it, if any.
    /// - Returns: as `deleteServer`.
    @discardableResult
    func delete(
        _ row: ServerRow, purge: Bool = false, for expiry: ServerExpiry? = nil,
        accepted: AcceptedWork? = nil
    ) throws -> [String] {
        var properties = purge ? ["purge": "true"] : [:]
        if let expiry { properties["reason"] = expiry.reason }
        return try performUntilFinished(
            .delete, server: row, properties: properties, for: accepted
        ) { operation in
            var left: [String] = []
            try update(row.id) {
                $0.phase = .dropping
                $0.shouldRun = false
            }
            do {
                try keepEvidence(of: row)
                RestoreFaults.reached("delete: stop")
                left = try endSource(of: row, purge: purge)
            } catch {
                try update(row.id) { $0.phase = .complete }
                throw error
            }
            RestoreFaults.reached("delete: files")
            try removeLinkedWAL(row)
            try DurableFiles.removeTree(paths.server(row.id))
            try DurableFiles.removeTree(socketDirectory(row.id))
            RestoreFaults.reached("delete: catalog")
            let now = clock.now()
            let dropped = try update(row.id) {
                $0.phase = .dropped
                $0.deletedAt = now
                if let expiry { $0.expiry = expiry.carriedOut }
            }
            RestoreFaults.reached("delete: note")
            // Where that fails, maintenance does it.
            try? noteDeletion(of: dropped, at: now)
            try change(row.id) {
                _ = try FirewallRuleRow.filter(Column("serverID") == row.id).deleteAll($0)
            }
            if purge { try removeForGood(row) }
            if !left.isEmpty { properties[OperationStatus.notesKey] = Self.slotStays(left[0]) }
            try finish(operation, properties: properties, failure: nil)
            return left
        }
    }

    /// A deleted server by its id, or by its name where no server has that now; nil when there is none.
    private func dropped(_ server: ServerReference) throws -> ServerRow? {
        let found = try rows(resourceGroup: nil, dropped: true).filter { row in
            row.id == server.name
                || row.name == server.name
                    && row.resourceGroup.lowercased() == server.resourceGroup.lowercased()
        }
        if let row = found.first(where: { $0.id == server.name }) { return row }
        guard !found.isEmpty, (try? find(server)) == nil else { return nil }
        guard found.count == 1 else {
            throw Problem(
                .invalidParameterValue, "\(found.count) deleted servers were named '\(server.name)'",
                hint: "Give the id of one instead; 'pitr list --deleted' shows them.")
        }
        return found[0]
    }

    /// Removes a deleted server's backups and WAL now; it cannot come back.
    ///
    /// - Parameter id: its own: several deleted servers may have had its name.
    public func purgeDeletedServer(id: String, caller: Caller) throws {
        guard let row = try rows(resourceGroup: nil, dropped: true).first(where: { $0.id == id }) else {
            throw Problem(.resourceNotFound, "there is no deleted server '\(id)'")
        }
        try purgeDropped(row, caller: caller)
    }

    private func purgeDropped(_ row: ServerRow, caller: Caller? = nil) throws {
        let pin = try pinForPurge(row)
        defer { pin.release() }
        try perform(.delete, server: row, properties: ["purge": "true"], caller: caller, for: nil) { _ in
            try removeForGood(row)
        }
    }

    private func pinForPurge(_ row: ServerRow) throws -> DirectoryLock {
        guard let pin = try DirectoryLock.attempt(paths.pin(row.id)) else {
            throw Problem(
                .serverBusy, "backups of server '\(row.name)' are in use by a restore",
                hint: "Wait until it has finished.")
        }
        return pin
    }

    /// Removes a deleted server's backups and its row: it cannot come back.
    func removeForGood(_ row: ServerRow) throws {
        // A delete that was killed has not noted it, and without its row nothing tells any more.
        let deleted = row.deletedAt ?? clock.now()
        try noteDeletion(of: row, at: deleted)
        if DurableFiles.status(paths.server(row.id)) != nil { try clearAway(row) }
        RestoreFaults.reached("purge: files")
        try paths.layout(row.id).remove()
        try removePaired(row)
        try KnownEndFile(path: paths.knownEnd(row.id)).forget()
        try removeResults(of: row)
        RestoreFaults.reached("purge: catalog")
        _ = try catalog.write { try ServerRow.deleteOne($0, key: row.id) }
    }

    /// Ends backups that run in the background, so that a delete need not wait for them.
    func cancelBackups(of row: ServerRow) {
        let running =
            (try? operations.operations(.init(states: [.running], kinds: [.backup], server: row.id))) ?? []
        for operation in running { operation.process.terminate() }
    }
}
