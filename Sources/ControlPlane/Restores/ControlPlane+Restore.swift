import Catalog
import GRDB
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore
public import ServiceModel
import Synchronization

/// Carrying out a restore: a new server, never the old one.
extension ControlPlane {
    public func restore(
        _ request: RestoreRequest, for accepted: AcceptedWork? = nil, announce: (PlannedRestore) -> Void
    ) throws -> RestoreResult {
        try restore(
            request, from: try source(of: request), kind: .restore, for: accepted, announce: announce)
    }

    public func reviveDropped(
        _ request: RestoreRequest, for accepted: AcceptedWork? = nil, announce: (PlannedRestore) -> Void
    ) throws -> RestoreResult {
        try restore(
            request, from: try droppedSource(of: request), kind: .revive, for: accepted, announce: announce)
    }

    public func evidence(of server: ServerReference) throws -> RestoreEvidence? {
        try find(server).evidence
    }

    /// - Parameter prepare: reads what is held elsewhere; nil for the source's own repository.
    func restore(
        _ request: RestoreRequest, from source: ServerRow, kind: OperationKind,
        for accepted: AcceptedWork? = nil, announce: (PlannedRestore) -> Void,
        prepare: (() throws -> PreparedRestore)? = nil
    ) throws -> RestoreResult {
        guard let name = request.name?.lowercased() else {
            throw Problem(.usage, "a restore needs the new server's name", hint: "Give it with --name.")
        }
        // One restore of a source at a time: the others wait here, in front of everything that costs.
        let queue = try waitForQueue(source)
        defer { queue.release() }
        let prepared =
            try prepare?() ?? self.prepare(request, source: source, checkName: true, for: accepted)
        defer { prepared.release() }
        announce(prepared.planned)
        let plan = prepared.planned.plan
        // Refused before anything is made: a copy is run by the source's own major version.
        _ = try installation(source)
        let room = try diskRoom(paths.servers)
        try room.require(plan.leastBytes, for: "the copy")
        let old = try replaced(by: request, source: source, for: accepted)
        let (claimed, lock) = try claimCopy(
            name: old == nil ? name : Self.interimName(name), request: request, source: source,
            for: accepted)
        defer { lock.release() }
        let row = old == nil ? try takeName(name, claimed, for: accepted) : claimed
        let named = old.map { row.inPlace(of: $0) } ?? row
        let properties = Self.properties(of: prepared.planned, source: source, copy: row, replacing: old)
        let watch = Stopwatch()
        let (evidence, replacement) = try performUntilFinished(
            kind, server: named, source: source.id, properties: properties, for: accepted
        ) { operation in
            do {
                return try RoomWatch.during(
                    "the restore", in: room, expected: plan.estimatedBytes, under: cancellation
                ) { flag in
                    try carryOut(
                        prepared, into: row, as: named, replacing: old, operation: operation,
                        request: request, watch: watch, cancellation: flag
                    ) { database in
                        try finish(operation, properties: properties, failure: nil, in: database)
                    }
                }
            } catch {
                discard(row)
                let problem = Self.problem(from: error)
                // Only a failed recovery leaves something worth reading: its log.
                if problem.code != .recoveryFailed {
                    try? DurableFiles.removeTree(paths.operation(operation.id))
                }
                throw problem
            }
        }
        try replacement.map { try complete($0, by: named) }
        lock.release()
        return try result(
            of: prepared, server: named, replacing: replacement, evidence: evidence, request, kind)
    }

    /// What the activity log tells of a restore, and what is needed to judge it after a crash.
    private static func properties(
        of planned: PlannedRestore, source: ServerRow, copy: ServerRow, replacing old: ServerRow?
    ) -> [String: String] {
        let plan = planned.plan
        var properties = [
            "sourceServer": ResourceID.server(
                resourceGroup: source.resourceGroup, name: source.name),
            "sourceServerId": source.id, "restoreTimeUtc": plan.requestedTime?.description ?? "",
            "backup": plan.backupName, "newServerId": copy.id, "target": plan.target.words,
        ]
        if let old { properties[replacedKey] = old.id }
        if !planned.notes.isEmpty {
            properties[OperationStatus.notesKey] = planned.notes.joined(separator: "\n")
        }
        return properties
    }

    /// What is left to do and to tell of a copy that is complete.
    private func result(
        of prepared: PreparedRestore, server row: ServerRow, replacing old: Replacement?,
        evidence: RestoreEvidence, _ request: RestoreRequest, _ kind: OperationKind
    ) throws -> RestoreResult {
        // It may have another address than it was given first.
        let row = try catalog.read { try ServerRow.fetchOne($0, key: row.id) } ?? row
        var notes = prepared.planned.notes
        notes += prepared.planned.plan.remarks
        do {
            if !request.isTransient { _ = try backUpInBackground(row) }
        } catch {
            notes.append("The first backup could not be started: \(Self.problem(from: error).message)")
        }
        RestoreFaults.reached("keep evidence")
        do {
            try keepEvidence(of: row)
            try? DurableFiles.removeTree(paths.operation(evidence.operationID))
        } catch {
            notes.append(
                "The evidence could not be kept apart from the server yet, 'pitr maintain' tries again: "
                    + Self.problem(from: error).message)
        }
        let server = try showServer(ServerReference(resourceGroup: row.resourceGroup, name: row.name))
        let ways = CopyWays(evidence: evidence, copy: row, paths: instancePaths(row), kind: kind)
        notes += ways.notes + expiryNotes(server)
        if let libraries = try preloaded(by: prepared.source) {
            let reference = row.resourceGroup == Identifiers.defaultGroup ? "" : "-g \(row.resourceGroup) "
            notes.append(
                "The copy preloads no libraries, so that nothing in it works by itself. If you want those of "
                    + "the source: 'pitr parameter set \(reference)-s \(row.name) -n \(Self.preload) -v "
                    + "\(Command.shellQuoted(libraries))', then 'pitr restart \(reference)-n \(row.name)'.")
        }
        return RestoreResult(
            server: server, evidence: evidence, hasNewPassword: request.adminPassword != nil,
            followUp: try followUp(source: prepared.source, replacing: old, copy: row) + ways.commands,
            notes: notes)
    }

    private func waitForQueue(_ source: ServerRow) throws -> DirectoryLock {
        if let lock = try DirectoryLock.attempt(paths.restoreQueue(source.id)) { return lock }
        progress.begin("waiting for another restore of \(source.name)", totalBytes: nil)
        defer { progress.end() }
        while true {
            if let lock = try DirectoryLock.wait(
                paths.restoreQueue(source.id), .exclusive, atMost: 3600, cancellation: cancellation)
            {
                return lock
            }
        }
    }

    func claimCopy(
        name: String, request: RestoreRequest, source: ServerRow, for accepted: AcceptedWork? = nil
    ) throws -> (ServerRow, DirectoryLock) {
        let group = try resolveGroup(request.resourceGroup, createIfMissing: false, location: nil)
        let (tier, size) = try restoredSize(request, source: source)
        if request.geoRedundantBackup == true { try Self.requirePair(of: source.location) }
        let rules = try firstRules(of: request, source: source)
        return try claim(for: accepted, rules: rules) { endpoint in
            var row = source
            row.id = Identifiers.fresh()
            row.resourceGroup = group.name
            row.name = name
            if let tags = request.tags { row.tags = tags }
            row.phase = .provisioning
            row.shouldRun = true
            row.createdAt = clock.now()
            row.deletedAt = nil
            row.tier = tier.rawValue
            row.skuName = size.name
            row.storageType = request.storageType ?? source.storageType
            row.geoRedundantBackup = request.geoRedundantBackup ?? source.geoRedundantBackup
            row.availabilityZone = request.availabilityZone
            row.retentionHistory = []
            row.host = endpoint.address.description
            row.port = Int(endpoint.port)
            row.restoredFrom = nil
            row.origin = .own
            row.evidence = nil
            row.keptSettings = Self.copySettings
            (row.expiry, row.heldSince, row.maintenanceWindow, row.drillSchedule) = (nil, nil, nil, nil)
            return row
        } listen: {
            try chooseEndpoint(listen: request.listen, port: request.port)
        }
    }

    private func carryOut(
        _ prepared: PreparedRestore, into row: ServerRow, as named: ServerRow, replacing old: ServerRow?,
        operation: RunningOperation, request: RestoreRequest, watch: Stopwatch,
        cancellation: CancellationFlag, finish: (Database) throws -> Void
    ) throws -> (RestoreEvidence, Replacement?) {
        var job = try restoreJob(prepared, serverID: row.id, operationID: operation.id)
        try DurableFiles.makeDirectories(job.operationDirectory, durable: false)
        job.cancellation = cancellation
        let fresh = row
        let identity = RepositoryIdentity(
            serverID: row.id, systemIdentifier: prepared.systemIdentifier,
            postgresMajor: job.installation.major, segmentSize: job.plan.segmentSize)
        job.madeMeanwhile = [paths.repository(row.id)]
        job.meanwhile = { () throws(Problem) in try self.furnish(fresh, identity) }
        let executor = RestoreExecutor(job, before: RestoreFaults.hook)
        let proof = try executor.run()

        let opening = Stopwatch()
        let complete: ServerRow
        do {
            try cancellation.check()
            complete = try open(row, request, prepared: prepared, proof: proof)
        } catch {
            if let instance = try? instance(row) { try? instance.stop(.immediate) }
            executor.abandon()
            throw error
        }
        let evidence = try evidence(
            operation: operation, prepared: prepared, row: old.map { complete.inPlace(of: $0) } ?? complete,
            request: request, proof: proof,
            openSeconds: opening.seconds, watch: watch)
        let lineage = lineage(prepared, proof)
        let expiry = try expiry(request.expiry, by: operation.caller)
        RestoreFaults.reached("complete")
        // From here on the copy is there to stay.
        try cancellation.check()
        let replacement = try old.map { try makeRoom(for: named, source: prepared.source, replacing: $0) }
        try settle(replacement, by: row.id) { database in
            guard var entry = try ServerRow.fetchOne(database, key: row.id) else {
                throw Problem(.resourceNotFound, "server \(row.id) has gone from the catalog")
            }
            entry.phase = .complete
            entry.postgresVersion = complete.postgresVersion
            entry.systemIdentifier = complete.systemIdentifier
            entry.keptSettings = complete.keptSettings
            entry.evidence = evidence
            entry.restoredFrom = lineage
            entry.expiry = expiry
            entry.heldSince = request.isHeld ? clock.now() : nil
            try replacement.map { try handOver($0, to: &entry, in: database) }
            try entry.update(database)
            try finish(database)
        }
        return (evidence, replacement)
    }

    /// Where a copy comes from.
    private func lineage(_ prepared: PreparedRestore, _ proof: RestoreProof) -> RestoredFrom {
        RestoredFrom(
            sourceServer: prepared.source.name, sourceServerID: prepared.source.id,
            restoreTimeUTC: prepared.planned.plan.requestedTime, lsn: proof.endLSN,
            backup: prepared.planned.plan.backupName,
            sourceServerResourceID: ResourceID.server(
                resourceGroup: prepared.source.resourceGroup, name: prepared.source.name),
            notes: prepared.planned.notes)
    }

    /// What the restore's steps are given.
    func restoreJob(_ prepared: PreparedRestore, serverID: String, operationID: String) throws(Problem)
        -> RestoreJob
    {
        let plan = prepared.planned.plan
        var job = RestoreJob(
            plan: plan, layout: prepared.layout, wal: prepared.wal,
            systemIdentifier: prepared.systemIdentifier, installation: try installation(prepared.source),
            runner: runner,
            account: account.name, serverDirectory: paths.server(serverID),
            dataDirectory: paths.data(serverID), operationDirectory: paths.operation(operationID),
            socketDirectory: recoverySocketDirectory(serverID),
            memory: RecoveryMemory(
                dataBytes: plan.dataBytes, walBytes: plan.walBytes, machine: MachineResources.current(),
                availableMiB: MachineResources.availableMiB()), progress: progress,
            cancellation: cancellation)
        job.isForeign = !prepared.source.isOwn
        return job
    }

    /// What a copy needs besides its data: a repository, a certificate, its configuration. Nothing is
    /// flushed, and its settings are not in force yet.
    private func furnish(_ row: ServerRow, _ identity: RepositoryIdentity) throws(Problem) {
        do {
            try layout(row).create(identity, durable: false)
            try configure(row, prepared: true)
        } catch {
            throw Self.problem(from: error)
        }
    }

    /// The copy gets its own configuration, and is started as any other server.
    private func open(
        _ row: ServerRow, _ request: RestoreRequest, prepared: PreparedRestore, proof: RestoreProof
    ) throws -> ServerRow {
        progress.begin("opening \(row.name)", totalBytes: nil)
        defer { progress.end() }
        let instance = try instance(row)
        var changed = row
        changed.postgresVersion = instance.installation.minorVersion
        changed.systemIdentifier = String(prepared.systemIdentifier)
        if !proof.preparedTransactions.isEmpty {
            var kept = Self.copySettings
            kept[Self.preparedSetting] = String(
                max(
                    prepared.planned.plan.minima.maxPreparedTransactions, proof.preparedTransactions.count))
            changed.keptSettings = kept
            try instance.write(RenderedConfiguration(parameters: try effectiveParameters(changed)))
        }
        if request.adminPassword != nil { try keepClosed(instance) }
        try instance.adoptConfiguration()
        RestoreFaults.reached("open")
        try cancellation.check()
        let history = "\(proof.timeline.fileName).history"
        let archive = WALArchive(layout: layout(row))
        let path = instance.paths.data + "/pg_wal/" + history
        let opened = Mutex(changed)
        try Workers.run(2) { [self, changed] worker throws(Problem) in
            if worker == 0 {
                _ = try archive.push(path: path, name: history)
                return
            }
            do {
                let started = try startFirst(changed, listen: request.listen, port: request.port) {
                    if request.adminPassword != nil { try keepClosed($0) }
                }
                opened.withLock { $0 = started }
            } catch {
                throw Self.problem(from: error)
            }
        }
        let started = opened.withLock { $0 }
        if let password = request.adminPassword { try letIn(password, instance, started) }
        return started
    }

    private func evidence(
        operation: RunningOperation, prepared: PreparedRestore, row: ServerRow, request: RestoreRequest,
        proof: RestoreProof, openSeconds: Double, watch: Stopwatch
    ) throws -> RestoreEvidence {
        let plan = prepared.planned.plan
        var checks = proof.checks
        let connection = try instance(row).connect()
        let state = try connection.query(
            "SELECT pg_is_in_recovery()::text AS r, current_setting('archive_command') AS a, "
                + "current_setting('fsync') AS f, "
                + "(SELECT last_archived_wal ~ '^[0-9A-F]{24}$' FROM pg_stat_archiver)::text AS done")
        guard state[0, "r"] == "false", state[0, "f"] == "on",
            state[0, "a"]?.contains(paths.repository(row.id)) == true
        else { throw Problem(.recoveryFailed, "the copy did not open as a server of its own") }
        // Nobody waits for its first segment here: its first backup does.
        checks.append(
            "open for writing, fsync on, archiving to its own repository"
                + (state[0, "done"] == "true" ? "" : " is set up"))
        if request.adminPassword != nil {
            checks.append("'\(row.administratorLogin)' got a new password before anybody was let in")
        }
        var evidence = RestoreEvidence(
            operationID: operation.id, correlationID: operation.correlationID,
            sourceServer: ResourceID.server(
                resourceGroup: prepared.source.resourceGroup, name: prepared.source.name),
            sourceServerID: prepared.source.id,
            newServer: ResourceID.server(resourceGroup: row.resourceGroup, name: row.name),
            newServerID: row.id, requestedTime: request.target.typedTime,
            effectiveTimeUTC: plan.requestedTime,
            lastCommitInside: plan.lastInside, firstExcluded: plan.firstOutside, baseBackup: plan.backupName,
            walStart: plan.backupStart, walEnd: proof.endLSN, walSegments: plan.segments.count,
            timelineBefore: plan.timeline, timelineAfter: proof.timeline,
            handedToPostgres: plan.setting.words, postgresReason: proof.reason, checks: checks,
            preparedTransactionsInDoubt: proof.preparedTransactions,
            steps: proof.steps.map { RestoreEvidence.Step(name: $0.0.rawValue, seconds: $0.1) }
                + [RestoreEvidence.Step(name: "open", seconds: openSeconds)],
            totalSeconds: watch.seconds, startedAt: operation.startedAt, finishedAt: clock.now())
        evidence.invalidDatabases = proof.invalidDatabases
        evidence.unloggedRelations = proof.unloggedRelations
        evidence.subscriptions = proof.subscriptions.map {
            RestoreEvidence.Subscription(
                database: $0.database, name: $0.name, slot: $0.slot, wasEnabled: $0.wasEnabled,
                isTwoPhase: $0.isTwoPhase)
        }
        evidence.tablesToCopyAgain = proof.tablesToCopyAgain
        evidence.reachesOut = proof.reachesOut
        evidence.remarks = plan.remarks
        evidence.allowedAddresses = prepared.planned.allowedAddresses
        evidence.firstExcludedDid = prepared.planned.firstOutsideDid
        evidence.caller = operation.caller
        evidence.requestedTarget = plan.target.isPlainTime ? nil : plan.target.words
        return evidence
    }
}
