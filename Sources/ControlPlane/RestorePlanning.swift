import Catalog
import GRDB
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore

/// A restore that was thought through and can be carried out: the plan and what it was made from.
struct PreparedRestore {
    var planned: PlannedRestore
    var source: ServerRow
    var log: HeldLog
    var systemIdentifier: UInt64
    /// Holds WAL that was read from the source; removed when the restore ends.
    var tailDirectory: String
    /// Keeps expiry away from the source's repository.
    var pin: DirectoryLock

    func release() {
        try? DurableFiles.removeTree(tailDirectory)
        pin.release()
    }
}

extension ControlPlane {
    public func planRestore(_ request: RestoreRequest) throws -> PlannedRestore {
        let prepared = try prepare(
            request, source: try source(of: request), checkName: request.name != nil, inDetail: true)
        defer { prepared.release() }
        return prepared.planned
    }

    /// The server a restore reads: by name in the same group, or by resource id.
    func source(of request: RestoreRequest) throws -> ServerRow {
        guard
            let reference = Identifiers.reference(request.sourceServer, defaultGroup: request.resourceGroup)
        else {
            throw Problem(
                .invalidParameterValue, "The provided source server \(request.sourceServer) is invalid.",
                hint: "Use a server's name, or its whole resource id.")
        }
        if let row = try deleted(id: request.sourceServer) { return row }
        return try findComplete(reference)
    }

    /// A deleted server can be named by its own id, which `list --deleted` shows.
    private func deleted(id: String) throws -> ServerRow? {
        try catalog.read { try ServerRow.fetchOne($0, key: id) }.flatMap { $0.phase == .dropped ? $0 : nil }
    }

    /// Reads what is held, decides, and checks what can be checked before anything is made.
    ///
    /// - Parameter inDetail: whether the plan also tells what a person wants to know and a restore does not.
    func prepare(
        _ request: RestoreRequest, source: ServerRow, checkName: Bool, inDetail: Bool = false
    ) throws -> PreparedRestore {
        var notes: [String] = []
        let target = try target(of: request, notes: &notes)
        if checkName, let name = request.name { try checkNewName(name) }
        _ = try restoredSize(request, source: source)

        let pin = try DirectoryLock.wait(paths.pin(source.id), .shared)
        let tailDirectory = paths.operation(TailFolder.name(of: .current))
        do {
            RestoreFaults.reached("plan")
            try cancellation.check()
            let (inventory, log, identifier) = try inventory(
                source, target: target, tailDirectory: tailDirectory)
            let planner = RestorePlanner(inventory: inventory, source: log)
            let plan: RestorePlan
            do {
                plan = try planner.plan(
                    try located(target, request, source, inventory, log, notes: &notes),
                    mode: request.targetMode, now: clock.now())
            } catch let refusal as Refusal {
                throw Problem(
                    refusal, nearest: planner.nearest(to: refusal, now: clock.now()), request: request)
            }
            let free = try DurableFiles.freeBytes(paths.servers)
            var planned = PlannedRestore(
                plan: plan, source: try details(source, withUsage: false), notes: notes, availableBytes: free,
                estimatedSeconds: Self.estimate(plan))
            planned.localTime = (plan.requestedTime ?? plan.lastInside?.time).map(LocalTime.text)
            planned.collations = try collations(ofBackup: plan.backupName, source)
            planned.plan.hazards += planned.collations.filter(\.differs).map(Hazard.init)
            if inDetail, let outside = plan.firstOutside {
                planned.firstOutsideDid = try deeds(of: outside, source, inventory, log)
            }
            planned.timelinePath = try timelinePath(plan.timeline, in: log.archive)
            return PreparedRestore(
                planned: planned, source: source, log: log, systemIdentifier: identifier,
                tailDirectory: tailDirectory, pin: pin)
        } catch {
            try? DurableFiles.removeTree(tailDirectory)
            pin.release()
            throw Self.problem(from: error)
        }
    }

    private func checkNewName(_ name: String) throws {
        try Self.validate(serverName: name.lowercased())
        let taken = try catalog.read {
            try ServerRow.filter(Column("name") == name.lowercased())
                .filter(Column("phase") != ServerPhase.dropped.rawValue).fetchCount($0) > 0
        }
        if taken {
            throw Problem(
                .serverNameAlreadyExists, "Specified server name is already used.", detail: name,
                hint: "Choose another name; a restore never overwrites.")
        }
    }

    /// The copy's size: the source's, or a larger one; never a tier below the source's.
    func restoredSize(_ request: RestoreRequest, source: ServerRow) throws -> (ComputeTier, ComputeSize) {
        let current = try Self.size(source)
        let (tier, size) = try Self.resolveSize(tier: request.tier, sku: request.skuName, current: current)
        let order = ComputeTier.allCases
        guard let new = order.firstIndex(of: tier), let old = order.firstIndex(of: current.tier), new >= old
        else {
            throw Problem(
                .invalidParameterValue,
                "Invalid value for --tier. The restored server must not go below the source server compute tier. "
                    + "The source server compute tier is \(current.tier.rawValue).")
        }
        return (tier, size)
    }

    /// Data at 200 MiB/s, log at 100 MiB/s, and a second and a half for starting twice.
    private static func estimate(_ plan: RestorePlan) -> Double {
        1.5 + Double(plan.dataBytes) / 200e6 + Double(plan.walBytes) / 100e6
    }

    // MARK: What is held

    func inventory(_ source: ServerRow, target: RecoveryTarget, tailDirectory: String) throws -> (
        Inventory, HeldLog, UInt64
    ) {
        let layout = layout(source)
        let identity = try layout.identity()
        let archive = WALArchive(layout: layout)
        let backups = try BackupRepository(layout: layout).list()
        let timeline = backups.compactMap { $0.descriptor }.max { $0.stopLSN < $1.stopLSN }?.timeline

        // The live tail first: what is archived meanwhile is then found in the archive as well, never in
        // neither.
        let archivedBefore = try archive.names().compactMap { name -> SegmentName? in
            if case .segment(let segment) = name, segment.timeline == timeline { segment } else { nil }
        }.max()
        let firstBackup = backups.compactMap { $0.descriptor?.startLSN }.min()
        let from = archivedBefore?.end ?? firstBackup.map { segmentStart($0, identity.segmentSize) }
        let tail = try timeline.flatMap {
            try sourceTail(
                source, target: target, timeline: $0, from: from, identity: identity, into: tailDirectory)
        }

        var locations: [SegmentName: SegmentLocation] = [:]
        var segments: [InventorySegment] = []
        var damaged: [DamagedSegment] = []
        var partials: [ArchivedSegment] = []
        for segment in try archive.segments() {
            if segment.isPartial {
                partials.append(segment)
            } else if let summary = segment.summary, !summary.isComplete, !summary.mayEndWithStraddlingSwitch
            {
                // PostgreSQL hands over whole segments only: one that cannot be read to its end is damaged.
                damaged.append(DamagedSegment(name: segment.name, reason: summary.endDescription))
            } else if let summary = segment.summary {
                locations[segment.name] = .archived(segment)
                segments.append(InventorySegment(name: segment.name, summary: summary))
            } else if let damage = segment.damage {
                damaged.append(DamagedSegment(name: segment.name, reason: damage.description))
            }
        }
        for segment in partials
        where locations[segment.name] == nil && !damaged.contains(where: { $0.name == segment.name }) {
            guard let summary = segment.summary else { continue }
            locations[segment.name] = .archived(segment)
            segments.append(InventorySegment(name: segment.name, summary: summary))
        }
        if let tail {
            let held = Set(damaged.map(\.name))
            for (file, summary) in zip(tail.files, try tail.summaries())
            where locations[file.name] == nil && !held.contains(file.name) {
                locations[file.name] = .file(file.path)
                segments.append(summary)
            }
        }
        let lastTimed = segments.compactMap(\.summary.maxStopTime).max()
        let inventory = Inventory(
            serverName: source.name, segmentSize: identity.segmentSize,
            backups: backups.map { Self.described($0, in: layout) },
            segments: segments, damaged: damaged, latest: tail?.readAt ?? lastTimed)
        return (inventory, HeldLog(archive: archive, locations: locations), identity.systemIdentifier)
    }

    private func segmentStart(_ lsn: LSN, _ size: WALSegmentSize) -> LSN {
        LSN(lsn.rawValue / size.bytes * size.bytes)
    }

    private func sourceTail(
        _ source: ServerRow, target: RecoveryTarget, timeline: TimelineID, from: LSN?,
        identity: RepositoryIdentity,
        into directory: String
    ) throws -> SourceTail? {
        guard source.phase == .complete else { return nil }
        let instance = try instance(source.id)
        if case .running = instance.status() {
            do {
                try letPass(target, on: instance)
                return try SourceTail.stream(
                    parameters: try instance.connectionParameters(guarded: false), timeline: timeline,
                    from: from,
                    segmentSize: identity.segmentSize, systemIdentifier: identity.systemIdentifier,
                    into: directory, clock: clock, cancellation: cancellation)
            } catch {
                // It may have gone away between the look and the call; its files are still there to be read.
                if case .running = instance.status() { throw error }
            }
        }
        return try SourceTail.read(
            walDirectory: paths.data(source.id) + "/pg_wal", timeline: timeline, from: from,
            segmentSize: identity.segmentSize, into: directory, clock: clock, cancellation: cancellation)
    }

    /// A commit carries the time at which it was decided, and reaches the log and the disk a moment later
    /// (with synchronous_commit off, up to a second later). For a target so recent the source is given that
    /// moment, so that what was committed by then is really there to be read.
    ///
    /// A transaction or a restore point may have been made just now as well.
    private func letPass(_ target: RecoveryTarget, on instance: PostgresInstance) throws(Problem) {
        switch target {
        case .latest, .backup: return
        case .position, .transaction, .restorePoint, .event: break
        case .time(let time):
            let recent: Int64 = 5_000_000
            guard clock.now().microseconds - time.microseconds < recent else { return }
            while clock.now().microseconds - time.microseconds < 50_000 { Pause.milliseconds(5) }
        }
        let connection = try instance.connect()
        guard let inserted = try connection.query("SELECT pg_current_wal_insert_lsn()::text").scalar else {
            return
        }
        let watch = Stopwatch()
        while watch.seconds < 10 {
            let flushed = try connection.query(
                "SELECT (pg_current_wal_flush_lsn() >= $1::pg_lsn)::text", [inserted])
            if flushed.scalar == "true" { return }
            try cancellation.check()
            Pause.milliseconds(10)
        }
    }

    private static func described(_ entry: StoredBackup, in layout: RepositoryLayout) -> InventoryBackup {
        guard let backup = entry.descriptor else {
            let never = PostgresTimestamp(microseconds: 0)
            return InventoryBackup(
                name: entry.name, timeline: TimelineID(1), startLSN: .zero, stopLSN: .zero, startTime: never,
                stopTime: never, dataBytes: 0,
                minima: ParameterMinima(
                    maxConnections: 0, maxWorkerProcesses: 0, maxWalSenders: 0, maxPreparedTransactions: 0,
                    maxLocksPerTransaction: 0),
                damage: entry.damage?.message ?? "its description cannot be read")
        }
        var described = InventoryBackup(
            name: backup.name, timeline: backup.timeline, startLSN: backup.startLSN, stopLSN: backup.stopLSN,
            startTime: backup.startTime, stopTime: backup.stopTime, dataBytes: backup.totalBytes,
            minima: ParameterMinima(
                maxConnections: Int(backup.settings.maxConnections),
                maxWorkerProcesses: Int(backup.settings.maxWorkerProcesses),
                maxWalSenders: Int(backup.settings.maxWalSenders),
                maxPreparedTransactions: Int(backup.settings.maxPreparedTransactions),
                maxLocksPerTransaction: Int(backup.settings.maxLocksPerTransaction)),
            tablespaces: backup.tablespaces.map {
                OrdinaryTablespace(number: $0.number, location: $0.location)
            })
        described.walLevel = backup.settings.walLevel
        described.preparedAtStart = BackupFiles.preparedTransactions(of: backup, in: layout)
        return described
    }
}
