import Catalog
import GRDB
import Holdings
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
public import ServiceModel

/// Which of the servers that have or had a name are meant.
enum ServerScope {
    /// The one that has it now, also while it is being made or deleted.
    case living
    /// That one, or else the last that had it and was deleted: its backups and its WAL are still there. A
    /// server's own id names it as well.
    case kept
}

/// Rows of the catalog, found and told.
extension ControlPlane {
    /// The one look-up of servers by name: the server of that name in that resource group, which has to be
    /// there.
    ///
    /// - Parameter accepted: accepted work that it is looked up for: another server that has got the name
    ///   since is not found.
    func find(
        _ server: ServerReference, _ scope: ServerScope = .living, for accepted: AcceptedWork? = nil
    ) throws -> ServerRow {
        let named = ServerRow.filter(Column("name") == server.name)
            .filter(Column("resourceGroup") == server.resourceGroup)
        let isDropped = Column("phase") == ServerPhase.dropped.rawValue
        if let row = try catalog.read({ try named.filter(!isDropped).fetchOne($0) }) {
            guard accepted?.isSuccessor(row) != true else { throw Self.serverNotFound(server) }
            return row
        }
        try requireGroup(server.resourceGroup)
        if scope == .kept {
            let newest = named.filter(isDropped).order(Column("createdAt").desc)
            if let row = try kept(id: server.name) ?? catalog.read({ try newest.fetchOne($0) }) { return row }
        }
        throw Self.serverNotFound(server)
    }

    /// The server of that id, which stays when its name has gone to another one; not while it is being made
    /// or deleted.
    func kept(id: String) throws -> ServerRow? {
        let row = try catalog.read { try ServerRow.fetchOne($0, key: id) }
        return row.flatMap { [.complete, .dropped].contains($0.phase) ? $0 : nil }
    }

    /// As `find`, and complete: not in the middle of being made or deleted.
    func findComplete(_ server: ServerReference, for accepted: AcceptedWork? = nil) throws -> ServerRow {
        let row = try find(server, for: accepted)
        guard row.phase == .complete else {
            throw Problem(
                .serverBusy, "Server '\(row.name)' is busy with another operation. Please try again later.",
                detail: row.phase == .dropping ? "it is being deleted" : "it is still being made",
                hint: "If whatever did that was killed, 'pitr maintain' cleans up.")
        }
        return row
    }

    static func serverNotFound(_ server: ServerReference) -> Problem {
        Problem(
            .resourceNotFound,
            "The Resource '\(ResourceID.serverType)/\(server.name)' under resource group "
                + "'\(server.resourceGroup)' was not found.",
            hint: "List servers with 'pitr list', deleted ones with 'pitr list --deleted'.")
    }

    /// Refuses a source of copies that nothing is known of: no server has its name or id, and no copy was
    /// made of it.
    ///
    /// - Parameter source: a name, an id or a resource id.
    public func requireKnown(source: String) throws {
        let wanted = source.lowercased()
        let rows = try catalog.read { try ServerRow.fetchAll($0) }
        let isKnown = rows.contains { row in
            let own = ResourceID.server(resourceGroup: row.resourceGroup, name: row.name)
            let origin = row.restoredFrom
            let names = [
                row.name, row.id, own, origin?.sourceServer ?? "", origin?.sourceServerID ?? "",
                origin?.sourceServerResourceID ?? "",
            ]
            return names.contains { $0.lowercased() == wanted }
        }
        guard !isKnown else { return }
        let near = Set(rows.map(\.name)).filter { Self.isNear($0, wanted) }.sorted().first
        throw Problem(
            .resourceNotFound, "there is no server '\(source)', and none that was restored from it",
            hint: (near.map { "Did you mean '\($0)'? " } ?? "")
                + "List servers with 'pitr list', deleted ones with 'pitr list --deleted'.")
    }

    /// Whether one letter more, less or other, or two letters the other way round, make the names the same.
    private static func isNear(_ name: String, _ wanted: String) -> Bool {
        let (one, other) = (Array(name), Array(wanted))
        let front = zip(one, other).prefix { $0 == $1 }.count
        let rest = zip(one.dropFirst(front).reversed(), other.dropFirst(front).reversed()).prefix { $0 == $1 }
            .count
        let middle = (one.dropFirst(front).dropLast(rest), other.dropFirst(front).dropLast(rest))
        if middle.0.count == 2, middle.1.count == 2 { return middle.0.elementsEqual(middle.1.reversed()) }
        return max(middle.0.count, middle.1.count) <= 1
    }

    public func showServer(_ server: ServerReference) throws -> ServerDetails {
        try details(try find(server), withUsage: true)
    }

    public func listServers(resourceGroup: String?) throws -> [ServerDetails] {
        try details(of: rows(resourceGroup: resourceGroup, dropped: false))
    }

    /// Of many, on all processors: each is looked at by its files and its process.
    private func details(of rows: [ServerRow]) throws -> [ServerDetails] {
        let authorships = try authorships(of: rows)
        let portion = max(rows.count / 16, 1)
        return try Workers.map(rows.count, portion: portion) { [self] (place) throws(Problem) in
            do {
                let row = rows[place]
                return try details(row, withUsage: false, authorship: authorships[row.id] ?? Authorship())
            } catch {
                throw Self.problem(from: error)
            }
        }
    }

    /// Which servers were restored from that one, as far as they are there.
    ///
    /// - Parameter id: the source's own.
    public func copies(of id: String) throws -> [(server: ServerReference, origin: RestoredFrom)] {
        try rows(resourceGroup: nil, dropped: false).compactMap { row in
            guard let origin = row.restoredFrom, origin.sourceServerID == id else { return nil }
            return (ServerReference(resourceGroup: row.resourceGroup, name: row.name), origin)
        }
    }

    public func listDeletedServers(resourceGroup: String?) throws -> [ServerDetails] {
        try details(of: rows(resourceGroup: resourceGroup, dropped: true))
    }

    func rows(resourceGroup: String?, dropped: Bool) throws -> [ServerRow] {
        if let resourceGroup {
            try requireGroup(resourceGroup)
        }
        return try catalog.read { database in
            var request = ServerRow.order(Column("name"), Column("createdAt"))
            if let resourceGroup { request = request.filter(Column("resourceGroup") == resourceGroup) }
            let phase = Column("phase")
            let isDropped = phase == ServerPhase.dropped.rawValue
            return try request.filter(dropped ? isDropped : !isDropped).fetchAll(database)
        }
    }

    /// The state that the live process and the catalog tell together.
    func state(_ row: ServerRow) -> ServerState {
        switch row.phase {
        case .provisioning: return .provisioning
        case .dropping: return .dropping
        case .dropped: return .dropped
        case .complete: break
        }
        return liveState(row)
    }

    func details(_ row: ServerRow, withUsage: Bool) throws -> ServerDetails {
        try details(row, withUsage: withUsage, authorship: authorships(of: [row])[row.id] ?? Authorship())
    }

    private func details(
        _ row: ServerRow, withUsage: Bool, authorship: Authorship
    ) throws -> ServerDetails {
        let size = try Self.size(row)
        let state = state(row)
        let window = reader(of: row).window()
        let settings = ServerSettings(
            serverName: row.name, paths: instancePaths(row), listenAddress: row.host,
            port: UInt16(clamping: row.port), compute: size, archiveCommand: "")
        var details = ServerDetails(
            id: row.id, name: row.name, resourceGroup: row.resourceGroup, location: row.location,
            tags: row.tags,
            createdAt: row.createdAt, deletedAt: row.deletedAt,
            state: state, version: row.version,
            minorVersion: String(row.postgresVersion.split(separator: ".").dropFirst().first ?? ""),
            tier: row.tier, skuName: row.skuName, vCores: size.vCores, memoryMiB: size.memoryMiB,
            scaling: settings.scalingNote, storageSizeGiB: row.storageSizeGiB, storageType: row.storageType,
            storageAutoGrow: row.storageAutoGrow, backupRetentionDays: row.backupRetentionDays,
            geoRedundantBackup: row.geoRedundantBackup, earliestRestoreDate: window.earliest,
            latestRestoreDate: window.latest, publicNetworkAccess: row.publicNetworkAccess,
            administratorLogin: row.administratorLogin, availabilityZone: row.availabilityZone,
            host: row.host,
            port: row.port, dataDirectory: instancePaths(row).data, socketDirectory: socketDirectory(row.id),
            logDirectory: instancePaths(row).log, repositoryDirectory: paths.repository(row.id),
            postgresVersion: row.postgresVersion,
            systemIdentifier: row.systemIdentifier.flatMap { UInt64($0) },
            restoredFrom: row.restoredFrom,
            diskUsage: withUsage ? usage(row) : nil,
            archiver: state != .ready ? nil : withUsage ? archiverHealth(row) : stalledArchiver(row),
            geoRedundancy: withUsage ? geoRedundancy(row) : nil, authorship: authorship)
        details.expiry = try expiryState(row)
        details.heldSince = row.heldSince
        details.maintenanceWindow = row.maintenanceWindow
        details.opened = row.origin.opened
        details.openedNeeds = openedNeeds(row)
        details.attached = row.phase == .complete ? attachedState(row) : nil
        if withUsage {
            details.lastDrill = try drills.records(of: row.id).first { $0.result != .running }
            details.drillSchedule = row.drillSchedule
        }
        return details
    }

    /// By the servers' ids; nothing of those of which nothing is known.
    func authorships(of rows: [ServerRow]) throws -> [String: Authorship] {
        let made: [OperationKind] = [.create, .restore, .geoRestore, .revive]
        var known: [OperationRow] = []
        // As many as one statement takes.
        for start in stride(from: 0, to: rows.count, by: 1000) {
            known += try operations.operations(
                .init(
                    states: [.succeeded], kinds: made + [.update, .upgrade],
                    servers: rows[start...].prefix(1000).map(\.id))
            ).map(\.row)
        }
        func change(_ operation: OperationRow) -> Authorship.Change? {
            operation.endedAt.map { Authorship.Change(caller: operation.caller, time: $0) }
        }
        return Dictionary(grouping: known, by: \.serverID).mapValues { known in
            Authorship(
                created: known.first { operation in made.contains { $0.name == operation.kind } }
                    .flatMap(change),
                changed: known.last { operation in !made.contains { $0.name == operation.kind } }
                    .flatMap(change))
        }
    }

    static func size(_ row: ServerRow) throws -> ComputeSize {
        guard let size = ComputeSize.find(row.skuName) else {
            throw Problem(.stateDamaged, "the catalog names the unknown SKU '\(row.skuName)'")
        }
        return size
    }

    func usage(_ row: ServerRow) -> DiskUsage {
        let layout = paths.layout(row.id)
        return DiskUsage(
            data: TreeSize.bytes(below: instancePaths(row).data), backups: layout.backupBytes,
            wal: layout.walBytes)
    }

    func archiverHealth(_ row: ServerRow) -> ArchiverHealth? {
        func inUTC(_ column: String) -> String {
            "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS \(column)"
        }
        guard let connection = try? instance(row).connect(),
            let rows = try? connection.query(
                """
                SELECT last_archived_wal, \(inUTC("last_archived_time")), failed_count::text, last_failed_wal,
                    \(inUTC("last_failed_time")),
                    (last_failed_time > coalesce(last_archived_time, '-infinity'))::text AS failing
                FROM pg_stat_archiver
                """)
        else { return nil }
        var health = ArchiverHealth(
            lastArchivedWAL: rows[0, "last_archived_wal"],
            lastArchivedTime: rows[0, "last_archived_time"].flatMap { try? Self.instant($0) },
            failedCount: rows[0, "failed_count"].flatMap { Int($0) } ?? 0,
            lastFailedWAL: rows[0, "last_failed_wal"],
            lastFailedTime: rows[0, "last_failed_time"].flatMap { try? Self.instant($0) },
            isFailing: rows[0, "failing"] == "true")
        if health.isFailing {
            let since = health.lastArchivedTime ?? PostgresTimestamp(unixMicroseconds: 0)
            health.reason = (try? instance(row))?.archivingWords(
                since: since.wholeSeconds.replacing("T", with: " ").replacing("Z", with: ""))
        }
        if let stall = archivingStall(row) { health.add(stall) }
        return health
    }

    /// As far as files tell it, for many servers at once; nil where nothing is wrong.
    func stalledArchiver(_ row: ServerRow) -> ArchiverHealth? {
        guard let stall = archivingStall(row) else { return nil }
        var health = ArchiverHealth(
            lastArchivedWAL: nil, lastArchivedTime: nil, failedCount: 0, lastFailedWAL: nil,
            lastFailedTime: nil, isFailing: true)
        health.add(stall)
        return health
    }
}
