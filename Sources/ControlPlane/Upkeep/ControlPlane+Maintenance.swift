import Catalog
import GRDB
import Instance
import Planning
import Platform
public import PostgresFormat
import Repository
public import ServiceModel

/// What has to be done once in a while: daily backups, expiry, and what crashes left behind.
extension ControlPlane {
    /// Days that a deleted server's backups are kept.
    static let revivalDays: Int64 = 5

    /// Does what is due at `asOf` (nil is now); with `dryRun` only says so.
    ///
    /// - Parameter acceptClock: somebody vouches for the clock: what is due by time is deleted at once.
    public func maintain(
        asOf: PostgresTimestamp?, dryRun: Bool, acceptClock: Bool = false
    ) throws -> [MaintenanceAction] {
        let now = asOf ?? clock.now()
        var time = ExpiryTime(now: now, isAccepted: acceptClock, dryRun: dryRun)
        var actions = try checkClock(&time)
        actions += try endOrphans(time)
        actions += try endDrills(dryRun: dryRun)
        let drilled = try drilledCopies()
        for row in try rows(resourceGroup: nil, dropped: false)
        where row.phase == .complete && !drilled.contains(row.id) {
            let expiry = try each(row, "expire-server") { try expireServer(row, time) }
            actions += expiry
            if expiry.contains(where: { $0.action == "expire-server" && $0.outcome == .done }) { continue }
            actions += try each(row, "keep-evidence") { try keepEvidenceIfDue(row, dryRun: dryRun) }
            if row.isOwn { actions += try maintainOwn(row, now: now, dryRun: dryRun) }
            actions += try each(row, "backup") { try backUpIfDue(row, now: now, dryRun: dryRun) }
            if expires(row) { actions += try each(row, "expire") { try expire(row, time) } }
            actions += try each(row, "index") { try indexIfDue(row, dryRun: dryRun) }
            actions += try each(row, "verify-backup") { try verifyIfDue(row, now: now, dryRun: dryRun) }
        }
        actions += try constrainAuthority(dryRun: dryRun)
        actions += try copyToPairs(dryRun: dryRun)
        for row in try rows(resourceGroup: nil, dropped: true) {
            actions += try each(row, "note-deletion") { try noteDeletionIfDue(row, dryRun: dryRun) }
            actions += try each(row, "purge-deleted") { try purgeIfDue(row, time) }
        }
        // Last, since ANALYZE and a rehearsal may take hours: no server's backup has to wait for another's.
        for row in try rows(resourceGroup: nil, dropped: false)
        where row.phase == .complete && !drilled.contains(row.id) {
            actions += try each(row, "analyze") { try makeStatisticsIfDue(row, dryRun: dryRun) }
            actions += try each(row, "drill") { try drillIfDue(row, now: now, dryRun: dryRun) }
        }
        return try actions + describeAll(dryRun: dryRun)
    }

    /// What only a server needs that is run here.
    private func maintainOwn(_ row: ServerRow, now: PostgresTimestamp, dryRun: Bool) throws
        -> [MaintenanceAction]
    {
        try each(row, "configure") { try agree(row, dryRun: dryRun) }
            + each(row, "take-minor-version") { try takeNewerMinor(row, now: now, dryRun: dryRun) }
            // Before a backup, which has to wait for its WAL.
            + each(row, "repair-helper") { try repairHelper(row, dryRun: dryRun) }
    }

    /// One step for one server: what is wrong with that server is told, and keeps no other from its turn.
    private func each(
        _ row: ServerRow, _ action: String, _ body: () throws -> [MaintenanceAction]
    ) throws -> [MaintenanceAction] {
        do {
            return try body()
        } catch {
            let problem = Self.problem(from: error)
            guard problem.code != .canceled else { throw problem }
            return [
                MaintenanceAction(
                    server: row.name, action: action, subject: row.name,
                    reason: "what is due cannot be told", outcome: .failed(problem.message))
            ]
        }
    }

    func act(
        _ server: String?, _ action: String, _ subject: String, _ reason: String, dryRun: Bool,
        _ body: () throws -> Void
    ) -> MaintenanceAction {
        var done = MaintenanceAction(
            server: server, action: action, subject: subject, reason: reason, outcome: .planned)
        if dryRun { return done }
        do {
            try body()
            done.outcome = .done
        } catch {
            done.outcome = .failed(Self.problem(from: error).message)
        }
        return done
    }

    /// As `act`, where `body` tells the statement that drops a slot which it had to leave on a source.
    private func actOnLeftover(
        _ server: String?, _ action: String, _ subject: String, _ reason: String, dryRun: Bool,
        _ body: () throws -> String?
    ) -> MaintenanceAction {
        var left: String?
        var done = act(server, action, subject, reason, dryRun: dryRun) { left = try body() }
        if let left { done.reason += ". " + Self.slotStays(left) }
        return done
    }

    // MARK: Operations whose process is gone

    private func endOrphans(_ time: ExpiryTime) throws -> [MaintenanceAction] {
        let dryRun = time.dryRun
        var actions: [MaintenanceAction] = []
        let running = try operations.operations(.init(states: [.running]))
        for operation in running where try isOrphaned(operation) {
            let row = try catalog.read { try ServerRow.fetchOne($0, key: operation.row.serverID) }
            actions.append(
                actOnLeftover(
                    row?.name, "end-operation", "\(operation.row.kind) \(operation.row.id)",
                    "process \(operation.row.pid) that ran it is gone", dryRun: dryRun
                ) { try end(operation, row: row) })
        }
        // A process that died between entering a server and starting its operation leaves a row alone.
        for row in try rows(resourceGroup: nil, dropped: false) where row.phase != .complete {
            guard !running.contains(where: { $0.row.serverID == row.id }), try !isWorkedOn(row),
                let lock = try DirectoryLock.attempt(paths.serverLock(row.id))
            else { continue }
            defer { lock.release() }
            actions.append(
                actOnLeftover(
                    row.name, "remove-leftover", row.name, "it was never finished, and nothing works on it",
                    dryRun: dryRun
                ) { try settleLeftover(row) })
        }
        return try actions + leftoverFolders(time) + leftoverReplacements(dryRun: dryRun)
            + leftoverRepositories(dryRun: dryRun)
            + leftoverTemporaries(dryRun: dryRun)
            + leftoverResults(dryRun: dryRun)
            + leftoverBackups(dryRun: dryRun)
    }

    /// Whether an operation waits for its turn with the server, or runs by now: a worker plans a restore
    /// before it locks the copy.
    private func isWorkedOn(_ row: ServerRow) throws -> Bool {
        try operations.operations(.init(states: OperationStore.Query.open, server: row.id))
            .contains(where: \.isAlive)
    }

    /// Whether an operation is still running by the catalog and its process is gone.
    ///
    /// In this order: a process writes its end into the catalog before it ends itself.
    func isOrphaned(_ operation: Operation) throws -> Bool {
        guard !operation.process.isAlive else { return false }
        return try operations.operation(operation.row.id)?.row.state == .running
    }

    /// Puts in order what an operation left whose process is gone, and notes that it failed.
    ///
    /// - Parameter seconds: how long it waits for whoever else works on the server.
    /// - Returns: the statement that drops a slot which had to be left on a source.
    @discardableResult
    func end(_ operation: Operation, row: ServerRow?, seconds: Double = 10) throws -> String? {
        var left: String?
        // A worker may be ended after its work and before it could say so.
        if operation.row.acceptedAt != nil, try operations.isTold(operation.row.id, [.succeeded]) {
            try end(accepted: operation, failure: nil)
            try settleReplacement(of: operation.row)
            return nil
        }
        if let row {
            let lock = try lockServer(row, seconds: seconds)
            defer { lock.release() }
            if operation.row.kind == OperationKind.backup.name {
                let repository = BackupRepository(layout: layout(row))
                for folder in try repository.leftovers() { try repository.removeLeftover(folder) }
            } else {
                left = try settleLeftover(row)
            }
        }
        try endUpgraded(by: operation, of: row, seconds: seconds)
        try endPrivateCopies(of: operation.row.id)
        try removeResult(of: operation)
        removeOperationFolder(operation.row.id)
        try operations.write(operation.abandon(of: row, at: clock.now()))
        try settleReplacement(of: operation.row)
        return left
    }

    /// An upgrade that was accepted names the server that it found: what works on the new one ends before the
    /// old one runs again.
    private func endUpgraded(by operation: Operation, of row: ServerRow?, seconds: Double) throws {
        guard let id = operation.row.details[Self.replacingKey], id != row?.id,
            let new = try catalog.read({ try ServerRow.fetchOne($0, key: id) }), new.phase == .provisioning
        else { return }
        let lock = try lockServer(new, seconds: seconds)
        defer { lock.release() }
        // Nobody attaches what is upgraded: no slot can be left.
        _ = try settleLeftover(new)
    }

    /// A server whose making was cut short is removed; one whose deletion was cut short is deleted to the
    /// end.
    ///
    /// - Returns: the statement that drops a slot which had to be left on a source.
    private func settleLeftover(_ row: ServerRow) throws -> String? {
        guard let current = try catalog.read({ try ServerRow.fetchOne($0, key: row.id) }) else { return nil }
        var left: String?
        switch current.phase {
        case .provisioning:
            left = try endMaking(of: current)
            discard(current)
        case .dropping:
            try update(row.id) { $0.phase = .complete }
        case .complete, .dropped: break
        }
        return left
    }

    /// Ends what works on an unfinished server: initdb and its postmaster outlive the tool.
    func endProcesses(_ row: ServerRow) throws {
        let instance = instanceToEnd(row)
        try instance.stop(.immediate, timeoutSeconds: 60)
        // The server that pg_upgrade starts on the old files.
        var places = instance.paths
        places.data = upgradeFolder(row.id) + "/data"
        try PostgresInstance(installation: instance.installation, paths: places, runner: runner)
            .stop(.immediate, timeoutSeconds: 60)
        guard instance.endInitialization() else {
            throw Problem(
                .serverBusy, "processes still work in \(instancePaths(row).data)",
                hint: "They end by themselves in a moment; then call 'pitr maintain' again.")
        }
    }

    private func leftoverFolders(_ time: ExpiryTime) -> [MaintenanceAction] {
        let names = (try? DurableFiles.listIfPresent(paths.operations)) ?? []
        let live =
            (try? operations.operations(.init(states: OperationStore.Query.open)).map(\.row.id)) ?? []
        return names.filter { name in
            guard !live.contains(name), let status = DurableFiles.status(paths.operation(name)) else {
                return false
            }
            if let owner = TailFolder.owner(of: name) { return !owner.isAlive }
            // A fresh folder may belong to a process that has not entered its operation yet. Its age is told
            // by the clock.
            return !time.hasGap && clock.now().unixMicroseconds / 1_000_000 - status.modified > 3600
        }.map { name in
            act(
                nil, "remove-leftover", "operations/\(name)", "no operation runs there", dryRun: time.dryRun
            ) {
                try endPrivateCopies(of: name)
                try DurableFiles.removeTree(paths.operation(name))
            }
        }
    }

    // MARK: Backups that are due

    private func backUpIfDue(_ row: ServerRow, now: PostgresTimestamp, dryRun: Bool) throws
        -> [MaintenanceAction]
    {
        guard state(row) == .ready else { return [] }
        // One that runs already is the one that is due.
        if try DirectoryLock.isHeld(paths.backupLock(row.id)) { return [] }
        let backups = try BackupRepository(layout: layout(row)).intact()
        // One from the future was taken while the clock was ahead: it is not today's.
        let soon = now.advanced(bySeconds: Int64(ExpiryLedger.tolerance))
        let newest = backups.filter { $0.source == .automatic && $0.stopTime <= soon }
            .max { $0.stopTime < $1.stopTime }
        guard let newest else {
            let reason =
                backups.contains { $0.source == .automatic }
                ? "those it has were taken while the clock was ahead" : "it has no automatic backup yet"
            return [
                act(row.name, "backup", row.name, reason, dryRun: dryRun) {
                    _ = try takeBackup(row, name: nil, onDemand: false)
                }
            ]
        }
        guard Self.isDailyWorkDue(since: newest.stopTime, row.maintenanceWindow, at: now) else {
            return try backUpBehindDamage(row, dryRun: dryRun)
        }
        return [
            act(row.name, "backup", row.name, "the last one is of \(newest.stopTime)", dryRun: dryRun) {
                _ = try takeBackup(row, name: nil, onDemand: false)
            }
        ]
    }
}

extension ControlPlane {
    /// Gives up the backups of a group's deleted servers at once, without waiting for the days of grace.
    public func forgetDeleted(resourceGroup: String) throws {
        for row in try rows(resourceGroup: nil, dropped: true)
        where row.resourceGroup.lowercased() == resourceGroup.lowercased() {
            guard let pin = try DirectoryLock.attempt(paths.pin(row.id)) else { continue }
            defer { pin.release() }
            try removeForGood(row)
        }
    }
}
