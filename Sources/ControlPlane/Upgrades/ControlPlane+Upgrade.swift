import Catalog
import GRDB
import Holdings
import Instance
import Platform
import PostgresClient
import PostgresFormat
import Repository
public import ServiceModel

/// Taking a server to a newer major version of PostgreSQL.
///
/// A copy of its files is upgraded, as a new server beside it: the system identifier is another one, so it
/// has a repository of its own. The old files are only read. The new server takes name, address and port as a
/// newer copy does; the old one is a deleted server by then, with its backups and its WAL to the last record,
/// until somebody finishes the upgrade or its days are over.
///
/// Where the files are linked, nothing writes to those that both have before the catalog has given the new
/// server the place: until then the old one can go on, and from then on it never runs again. pg_upgrade does
/// start the new version on them at its end, in a mode that lets nobody else in and runs no autovacuum: that
/// reads and writes catalogs, whose files are the new server's own. Everything else starts it in its place.
extension ControlPlane {
    public func upgradeServer(
        _ request: UpgradeRequest, for accepted: AcceptedWork? = nil
    ) throws -> UpgradeResult {
        let watch = Stopwatch()
        let found = try findComplete(request.server, for: accepted)
        _ = try checkVersion(request, found)
        try ensureBackup(found)
        let lock = try lockServer(found, seconds: 30)
        defer { lock.release() }
        let row = try findComplete(request.server, for: accepted)
        // Only what is locked may be changed, and only what has a backup.
        guard row.id == found.id else {
            throw Problem(
                .serverBusy, "server '\(row.name)' has changed meanwhile: another one has its name",
                hint: "Give the command again.")
        }
        let upgrade = try think(request, row)
        let (new, newLock) = try claimUpgraded(upgrade)
        defer { newLock.release() }
        let named = new.inPlace(of: row)
        let properties = [
            Self.replacedKey: row.id, Self.replacingKey: new.id, "fromVersion": upgrade.old.minorVersion,
            "toVersion": upgrade.new.minorVersion,
        ]
        RestoreFaults.reached("upgrade: claim")
        var (replacement, notes, down) = try performUntilFinished(
            .upgrade, server: named, properties: properties, for: accepted
        ) { operation in
            try carryOut(upgrade, as: new, lock: lock) { database in
                try finish(operation, properties: properties, failure: nil, in: database)
            }
        }
        try complete(replacement, by: named)
        let downSeconds = down.seconds
        // A backup waits for the lock, and is wanted more than statistics: those of a large server take long.
        newLock.release()
        do {
            _ = try backUpInBackground(named)
        } catch {
            notes.append("The first backup could not be started: \(Self.problem(from: error).message)")
        }
        let details = try showServer(request.server)
        if upgrade.files.linked != nil { notes += makeStatistics(named) }
        notes += [
            "The server as it was, PostgreSQL \(upgrade.old.minorVersion), is deleted and can be revived: 'pitr "
                + "revive-dropped --source-server \(row.id) -n OTHER-NAME'. Times before the upgrade are restored "
                + "from it."
        ]
        return UpgradeResult(
            server: details, outlook: upgrade.outlook, oldServerID: row.id,
            downSeconds: downSeconds, totalSeconds: watch.seconds,
            followUp: ["pitr upgrade -n \(row.name) --finish"], notes: notes)
    }

    /// Removes what an upgrade kept of the server before it; there is no way back from then on.
    ///
    /// - Returns: the id of what was removed.
    public func finishUpgrade(_ server: ServerReference) throws -> String {
        let row = try findComplete(server)
        let upgrades = try operations.operations(
            .init(states: [.succeeded], kinds: [.upgrade], order: .newest))
        for operation in upgrades {
            let details = operation.row.details
            guard details[Self.replacingKey] == row.id, let id = details[Self.replacedKey],
                try catalog.read({ try ServerRow.fetchOne($0, key: id) }) != nil
            else { continue }
            guard reader(of: row).window().earliest != nil else {
                throw Problem(
                    .operationNotSupported, "server '\(row.name)' has no backup of its own yet",
                    detail: "the server before the upgrade is all there is to go back to",
                    hint: "Wait for its first backup, or have it taken with 'pitr maintain'.")
            }
            try deleteServer(ServerReference(resourceGroup: row.resourceGroup, name: id), purge: true)
            return id
        }
        throw Problem(
            .resourceNotFound, "nothing is left of an upgrade of server '\(row.name)'",
            hint: "'pitr list --deleted' shows the servers that can be revived.")
    }

    /// Among an operation's details, the id of the server that takes the place.
    static let replacingKey = "newServerId"

    // MARK: The work

    /// Without a base backup and whole WAL behind it the server before the upgrade could not come back: its
    /// first one may be under way.
    private func ensureBackup(_ row: ServerRow) throws {
        while true {
            try cancellation.check()
            if try isBackingUp(row) {
                Pause.milliseconds(100)
                continue
            }
            if isWholeFromNewestBackup(row) { return }
            do {
                _ = try takeBackup(row, name: nil, onDemand: false)
                return
            } catch let problem as Problem where problem.code == .serverBusy {
                Pause.milliseconds(100)
            }
        }
    }

    private func isBackingUp(_ row: ServerRow) throws -> Bool {
        try operations.operations(
            .init(states: OperationStore.Query.open, kinds: [.backup], server: row.id)
        ).contains(where: \.isAlive)
    }

    private func claimUpgraded(_ upgrade: UpgradePlan) throws -> (ServerRow, DirectoryLock) {
        let old = upgrade.row
        let parameters = try userParameters(old.id)
        let (row, lock) = try claim(for: nil, rules: try firewallRules(old.id)) { endpoint in
            var row = old
            row.id = Identifiers.fresh()
            row.name = Self.interimName(old.name)
            row.phase = .provisioning
            row.version = String(upgrade.new.major)
            row.postgresVersion = upgrade.new.minorVersion
            row.systemIdentifier = nil
            row.evidence = nil
            (row.host, row.port) = (endpoint.address.description, Int(endpoint.port))
            return row
        } listen: {
            try chooseEndpoint(listen: nil, port: nil)
        }
        try change(row.id) { database in
            for (name, value) in parameters {
                try ParameterRow(serverID: row.id, name: name, value: value).insert(database)
            }
        }
        return (row, lock)
    }

    private func cluster(_ upgrade: UpgradePlan, as row: ServerRow) throws -> ClusterUpgrade {
        try cluster(
            upgrade, newData: instancePaths(row).data, folder: upgradeFolder(row.id), id: row.id)
    }

    func cluster(_ upgrade: UpgradePlan, newData: String, folder: String, id: String) throws
        -> ClusterUpgrade
    {
        let libraries = try effectiveParameters(upgrade.row)[Self.preload]
        return ClusterUpgrade(
            from: upgrade.old, to: upgrade.new, newData: newData, folder: folder,
            socketDirectory: recoverySocketDirectory(id),
            account: account.name,
            preloadLibraries: libraries.flatMap { $0.isEmpty ? nil : $0 },
            segmentSize: segmentSize(of: upgrade.row), firstSuperuser: upgrade.firstSuperuser,
            tablespaces: upgrade.tablespaces, runner: runner)
    }

    /// - Throws: with the new server discarded, and the old one going on.
    /// - Returns: what changed hands, notes for whoever asked for it, and the time since nobody could
    ///   connect.
    private func carryOut(
        _ upgrade: UpgradePlan, as row: ServerRow, lock: DirectoryLock, finish: (Database) throws -> Void
    ) throws -> (Replacement, [String], Stopwatch) {
        let old = upgrade.row
        let (instance, work): (PostgresInstance, ClusterUpgrade)
        // From before the new cluster's first file, which is not flushed by itself.
        let fileSystem: WatchedFileSystem
        do {
            fileSystem = try WatchedFileSystem(paths.servers)
            (instance, work) = try prepare(upgrade, row)
        } catch {
            discard(row)
            throw error
        }
        let down = Stopwatch()
        do {
            try archiveTail(old)
            try requireShutDown(old)
            try requireRoom(upgrade)
            var notes = try build(row, upgrade, work, instance, fileSystem)
            try oweStatistics(row)
            if upgrade.files.linked == nil { notes += try tryOut(row, instance) }
            try DurableFiles.removeTree(work.folder)
            let replacement = Replacement(
                row: old, rules: try firewallRules(old.id), didRun: true, lock: lock, time: clock.now(),
                reason: .upgrade(to: upgrade.new.minorVersion), sharesFiles: upgrade.files.linked != nil)
            try configure(row.inPlace(of: old))
            RestoreFaults.reached("upgrade: catalog")
            try cancellation.check()
            let identifier = try controlFile(row).systemIdentifier
            try change(row.id) { database in
                guard var entry = try ServerRow.fetchOne(database, key: row.id) else {
                    throw Problem(.resourceNotFound, "server \(row.id) has gone from the catalog")
                }
                entry.phase = .complete
                entry.systemIdentifier = String(identifier)
                try handOver(replacement, to: &entry, in: database)
                try entry.update(database)
                try finish(database)
            }
            return (replacement, notes, down)
        } catch {
            throw goingBack(upgrade, from: row, after: Self.problem(from: error))
        }
    }

    /// Ends and removes what was made, and has the old server go on.
    ///
    /// - Returns: what failed, and that the old server does not run where it does not.
    private func goingBack(_ upgrade: UpgradePlan, from row: ServerRow, after problem: Problem) -> Problem {
        let old = upgrade.row
        do {
            try endProcesses(row)
        } catch {
            // Whatever pg_upgrade left running ends with the copy's files at the latest, unless they are the
            // old server's own: nothing else may write to them then. Maintenance ends and removes it.
            guard upgrade.files.linked == nil else {
                return problem.adding(
                    "server '\(old.name)' was not started again, since something works on its files still: "
                        + Self.problem(from: error).sentences,
                    hint: "Call 'pitr maintain' until nothing is left, then 'pitr start -n \(old.name)'.")
            }
        }
        // First, since the upgrade may have failed for want of just that room.
        discard(row)
        return goingOn(old, after: problem)
    }

    /// Makes the new server, still empty, and has pg_upgrade look at both, while the old one runs.
    private func prepare(_ upgrade: UpgradePlan, _ row: ServerRow) throws
        -> (PostgresInstance, ClusterUpgrade)
    {
        let instance = try instance(row)
        let work = try cluster(upgrade, as: row)
        progress.begin("checking for PostgreSQL \(upgrade.new.minorVersion)", totalBytes: nil)
        do {
            defer { progress.end() }
            try DurableFiles.makeDirectories(paths.server(row.id))
            try instance.initialize(
                durable: false, like: try shape(upgrade.row), superuser: upgrade.firstSuperuser)
            try configure(row)
            try instance.checkConfiguration()
            try check(work, upgrade.row)
        }
        try keepEvidence(of: upgrade.row)
        RestoreFaults.reached("upgrade: stop")
        try cancellation.check()
        return (instance, work)
    }

    /// Recovery after a crash writes to tables, and the copy's may be the server's own files.
    private func requireShutDown(_ old: ServerRow) throws {
        guard try controlFile(old).state != .shutDown else { return }
        throw Problem(
            .serverIsNotReady, "server '\(old.name)' did not end in order",
            detail: "it has to recover as after a crash first", hint: "Give the command again when it runs.")
    }

    /// By the files that the stopped server has: tables may have grown, or have been written anew, since the
    /// upgrade was thought through, and what is new is copied.
    private func requireRoom(_ upgrade: UpgradePlan) throws {
        guard !upgrade.sharesBlocks else { return }
        let bytes = TreeSize.bytes(below: upgrade.files.data)
        let copied = bytes - min(bytes, upgrade.files.linkedBytes)
        try diskRoom(paths.servers).require(copied, for: "the upgraded files")
    }

    /// Starts the server again, which is as it was: what failed worked on a copy.
    ///
    /// - Returns: what failed, and that the server does not run where that failed too.
    private func goingOn(_ old: ServerRow, after problem: Problem) -> Problem {
        do {
            let instance = try instance(old)
            if case .running = instance.status() { instance.awaitStop() }
            try instance.start()
            return problem
        } catch {
            return problem.adding(
                "server '\(old.name)' did not start again: \(Self.problem(from: error).sentences)",
                hint: "Start it with 'pitr start -n \(old.name)'.")
        }
    }

    /// From the stopped server's files to those of a new one, on the disk.
    ///
    /// - Returns: what is proposed for extensions.
    private func build(
        _ row: ServerRow, _ upgrade: UpgradePlan, _ work: ClusterUpgrade, _ instance: PostgresInstance,
        _ fileSystem: WatchedFileSystem
    ) throws -> [String] {
        progress.begin("upgrading with pg_upgrade", totalBytes: nil)
        defer { progress.end() }
        RestoreFaults.reached("upgrade: copy")
        try DurableFiles.makeDirectories(work.folder, durable: false)
        try upgrade.files.layOut(at: work.oldData, runner)
        // A copy that shares a directory with the server's own files would write into them.
        let hindrances = try UpgradeHindrance.links(below: work.oldData)
        guard hindrances.isEmpty else { throw Problem.cannotBeUpgraded(upgrade.row.name, hindrances) }
        try cancellation.check()
        RestoreFaults.reached("upgrade: run")
        try work.run()
        let notes = work.extensionUpdates().map { ["pg_upgrade proposes for extensions:\n\($0)"] } ?? []
        RestoreFaults.reached("upgrade: repository")
        let control = try controlFile(row)
        try paths.layout(row.id).create(
            RepositoryIdentity(
                serverID: row.id, systemIdentifier: control.systemIdentifier,
                postgresMajor: instance.installation.major, segmentSize: control.walSegmentSize))
        // Its configuration was written before there was a repository to tell the size.
        if control.walSegmentSize != .standard { try configure(row) }
        try fileSystem.flush()
        return notes
    }

    /// Starts the new server, has every database answer, and stops it.
    ///
    /// - Returns: what is missing.
    private func tryOut(_ row: ServerRow, _ instance: PostgresInstance) throws -> [String] {
        progress.begin("trying the upgraded server", totalBytes: nil)
        defer { progress.end() }
        RestoreFaults.reached("upgrade: start")
        try cancellation.check()
        _ = try startFirst(row, listen: nil, port: nil)
        for database in try instance.connect().query(
            "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn ORDER BY 1"
        ).firstColumn {
            _ = try instance.connect(database: database).query("SELECT count(*) FROM pg_catalog.pg_class")
        }
        let notes = makeStatistics(row)
        try cancellation.check()
        try instance.stop(.fast)
        return notes
    }

    private func controlFile(_ row: ServerRow) throws -> ControlFile {
        try ControlFile(parsing: try DurableFiles.read(instancePaths(row).data + "/global/pg_control"))
    }

    /// Where pg_upgrade works, and keeps a copy of the old files meanwhile.
    func upgradeFolder(_ id: String) -> String { paths.server(id) + "/upgrade" }
}

extension Problem {
    /// With what came of it.
    fileprivate func adding(_ words: String, hint: String) -> Problem {
        var problem = self
        problem.detail = detail.map { $0 + "\n" + words } ?? words
        problem.hint = [hint, self.hint].compactMap { $0 }.joined(separator: " ")
        return problem
    }
}
