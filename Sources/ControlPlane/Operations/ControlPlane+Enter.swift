import Catalog
import GRDB
public import Platform
import PostgresFormat

/// Accepted operations in the catalog: entered, told, taken over by a worker, ended.
extension ControlPlane {
    /// Enters an operation and its first line in the activity log; its secret is on disk before it is.
    func enter(_ entry: Entry, _ caller: Caller) throws -> AcceptedOperation {
        let now = clock.now()
        let operation = RunningOperation(
            id: Identifiers.uuid(), correlationID: Identifiers.uuid(), kind: entry.kind,
            serverID: entry.serverID, resourceGroup: entry.group, resourceID: entry.resourceID,
            startedAt: now, caller: caller.name)
        var row = OperationRow(
            id: operation.id, correlationID: operation.correlationID, serverID: entry.serverID,
            sourceServerID: entry.source, kind: entry.kind.name, pid: 0, processStart: "",
            startedAt: now.description, details: "{}")
        row.state = .queued
        row.caller = caller.name
        row.acceptedAt = now.description
        row.request = try CatalogJSON.text(entry.request)
        row.lane = entry.lane
        row.resourceGroup = entry.group
        row.resourceID = entry.resourceID
        row.location = entry.location
        row.wireName = entry.kind.wireName
        let event = try activity(operation, status: "Accepted", properties: [:], failure: nil)
        let folder = paths.operation(operation.id)
        try DurableFiles.makeDirectories(folder)
        if let secret = entry.secret {
            try DurableFiles.write(Array(secret.utf8), to: folder + "/secret")
        }
        let entered = row
        do {
            try catalog.write { database in
                try entered.insert(database)
                try event.insert(database)
            }
        } catch {
            removeOperationFolder(operation.id)
            throw error
        }
        return AcceptedOperation(
            id: operation.id, correlationID: operation.correlationID, location: entry.location,
            name: entry.kind.wireName, acceptedAt: now)
    }

    func removeOperationFolder(_ id: String) {
        try? DurableFiles.removeTree(paths.operation(id))
    }

    /// An operation as it stands, whoever runs it; nil when there is none of that id.
    public func operationStatus(_ id: String) throws -> OperationStatus? {
        try catalog.read { try OperationRow.fetchOne($0, key: id) }.map(status)
    }

    /// Operations, the newest first; without `all` only those that are not over.
    public func listOperations(resourceGroup: String?, all: Bool, limit: Int = 100) throws
        -> [OperationStatus]
    {
        let rows = try catalog.read { database in
            var request = OperationRow.all()
            if let resourceGroup {
                request = request.filter(Column("resourceGroup").collating(.nocase) == resourceGroup)
            }
            if !all { request = request.filter(["queued", "running"].contains(Column("state"))) }
            return try request.order(Column("startedAt").desc, Column.rowID.desc).limit(limit)
                .fetchAll(database)
        }
        return try rows.map(status)
    }

    public static func operationNotFound(_ id: String) -> Problem {
        Problem(
            .resourceNotFound, "there is no operation '\(id)'",
            hint: "List them with 'pitr operation list --all'.")
    }

    private func status(_ row: OperationRow) throws -> OperationStatus {
        OperationStatus(
            id: row.id, correlationID: row.correlationID, kind: row.kind, name: row.wireName ?? row.kind,
            location: row.location ?? "", resourceID: row.resourceID ?? "", phase: Self.phase(row.state),
            acceptedAt: try Self.instant(row.acceptedAt ?? row.startedAt),
            endedAt: try row.endedAt.map(Self.instant), errorCode: row.errorCode, errorMessage: row.error,
            caller: row.caller,
            notes: try CatalogJSON.value([String: String].self, row.details)[OperationStatus.notesKey]?
                .split(separator: "\n").map(String.init) ?? [])
    }

    /// Calls an operation off: one that waits is not begun, one that runs cleans up after itself and ends.
    public func cancelOperation(_ id: String) throws {
        guard let row = try catalog.read({ try OperationRow.fetchOne($0, key: id) }) else {
            throw Self.operationNotFound(id)
        }
        switch row.state {
        case .queued: try callOffQueued(row)
        case .running: ProcessIdentity(pid: Int32(row.pid), start: row.processStart).terminate()
        case .succeeded, .failed, .canceled:
            throw Problem(
                .operationNotSupported, "operation '\(id)' is over: \(row.state.rawValue)")
        }
    }

    private static func phase(_ state: OperationState) -> OperationPhase {
        switch state {
        case .queued: .queued
        case .running: .running
        case .succeeded: .succeeded
        case .failed: .failed
        case .canceled: .canceled
        }
    }

    static func caller(of operation: String, in catalog: CatalogStore) throws -> Caller? {
        try catalog.read { try OperationRow.fetchOne($0, key: operation) }.map { Caller(name: $0.caller) }
    }

    /// The first operation of that kind that a worker performs is the accepted one; nil for every other.
    func takeOver(_ kind: OperationKind, server: ServerRow, properties: [String: String]) throws
        -> RunningOperation?
    {
        guard let id = acceptedOperation else { return nil }
        let now = clock.now()
        let details = try CatalogJSON.text(properties)
        return try catalog.write { database in
            try database.execute(
                sql: """
                    UPDATE operation SET begunAt = ?, details = ?
                    WHERE id = ? AND kind = ? AND begunAt IS NULL
                    """, arguments: [now.description, details, id, kind.name])
            guard database.changesCount > 0, let row = try OperationRow.fetchOne(database, key: id) else {
                return nil
            }
            let operation = RunningOperation(
                id: id, correlationID: row.correlationID, kind: kind, serverID: server.id,
                resourceGroup: server.resourceGroup,
                resourceID: Identifiers.serverResourceID(
                    resourceGroup: server.resourceGroup, name: server.name), startedAt: now,
                caller: row.caller)
            try activity(operation, status: "Started", properties: properties, failure: nil)
                .insert(database)
            return operation
        }
    }

    /// The server that this process is to make: its name and address were taken when it was accepted.
    func reservation() throws -> ServerRow? {
        guard let id = acceptedOperation else { return nil }
        return try catalog.read { database in
            guard let operation = try OperationRow.fetchOne(database, key: id),
                let row = try ServerRow.fetchOne(database, key: operation.serverID)
            else { return nil }
            return row.phase == .provisioning ? row : nil
        }
    }

    /// Whether a server has the name already; not the one that this process is to make.
    func isTaken(_ name: String) throws -> Bool {
        let own = try reservation()?.id
        return try catalog.read {
            try ServerRow.filter(Column("name") == name).filter(Column("id") != own ?? "")
                .filter(Column("phase") != ServerPhase.dropped.rawValue).fetchCount($0) > 0
        }
    }
}
