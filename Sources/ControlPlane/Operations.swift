import Catalog
import GRDB
import Planning
import Platform
public import PostgresFormat

/// What an operation is called in the activity log.
struct OperationKind: Sendable {
    let name: String
    /// Below `Microsoft.DBforPostgreSQL/flexibleServers/`.
    let action: String
    let title: String

    static let create = OperationKind(name: "create", action: "write", title: "Create PostgreSQL Server")
    static let update = OperationKind(name: "update", action: "write", title: "Update PostgreSQL Server")
    static let restore = OperationKind(
        name: "restore", action: "write", title: "Restore PostgreSQL Server")
    static let revive = OperationKind(
        name: "revive", action: "write", title: "Revive Dropped PostgreSQL Server")
    static let delete = OperationKind(name: "delete", action: "delete", title: "Delete PostgreSQL Server")
    static let start = OperationKind(name: "start", action: "start/action", title: "Start PostgreSQL Server")
    static let stop = OperationKind(name: "stop", action: "stop/action", title: "Stop PostgreSQL Server")
    static let restart = OperationKind(
        name: "restart", action: "restart/action", title: "Restart PostgreSQL Server")
    static let backup = OperationKind(
        name: "backup", action: "backups/write", title: "Back Up PostgreSQL Server")
    static let deleteBackup = OperationKind(
        name: "delete-backup", action: "backups/delete", title: "Delete PostgreSQL Server Backup")
    static let writeRule = OperationKind(
        name: "firewall-rule", action: "firewallRules/write", title: "Write PostgreSQL Firewall Rule")
    static let deleteRule = OperationKind(
        name: "delete-firewall-rule", action: "firewallRules/delete", title: "Delete PostgreSQL Firewall Rule"
    )
    static let parameter = OperationKind(
        name: "parameter", action: "configurations/write", title: "Write PostgreSQL Server Parameter")
    static let createDatabase = OperationKind(
        name: "database", action: "databases/write", title: "Write PostgreSQL Database")
    static let deleteDatabase = OperationKind(
        name: "delete-database", action: "databases/delete", title: "Delete PostgreSQL Database")
    static let restorePoint = OperationKind(
        name: "restore-point", action: "restorePoints/write", title: "Write Named Restore Point")
}

/// A running operation: its row in the catalog and its lines in the activity log.
struct RunningOperation: Sendable {
    let id: String
    let correlationID: String
    let kind: OperationKind
    let serverID: String
    let resourceGroup: String
    let resourceID: String
    let startedAt: PostgresTimestamp
}

extension ControlPlane {
    /// Catalogues an operation, logs its start, runs it, and logs how it ended. Failures pass through.
    func perform<Value>(
        _ kind: OperationKind, server: ServerRow, source: String? = nil, correlationID: String? = nil,
        properties: [String: String] = [:],
        _ body: (RunningOperation) throws -> Value
    ) throws -> Value {
        let operation = try begin(
            kind, server: server, source: source, correlationID: correlationID, properties: properties)
        do {
            let value = try body(operation)
            try finish(operation, properties: properties, failure: nil)
            return value
        } catch {
            let problem = Self.problem(from: error)
            try? finish(operation, properties: properties, failure: problem)
            throw problem
        }
    }

    func begin(
        _ kind: OperationKind, server: ServerRow, source: String?, correlationID: String? = nil,
        properties: [String: String]
    ) throws -> RunningOperation {
        let operation = RunningOperation(
            id: Identifiers.uuid(), correlationID: correlationID ?? Identifiers.uuid(), kind: kind,
            serverID: server.id, resourceGroup: server.resourceGroup,
            resourceID: Identifiers.serverResourceID(resourceGroup: server.resourceGroup, name: server.name),
            startedAt: clock.now())
        let me = ProcessIdentity.current
        let row = OperationRow(
            id: operation.id, correlationID: operation.correlationID, serverID: server.id,
            sourceServerID: source, kind: kind.name, pid: Int(me.pid), processStart: me.start,
            startedAt: operation.startedAt.description, details: try CatalogJSON.text(properties))
        let event = try activity(operation, status: "Started", properties: properties, failure: nil)
        try catalog.write { database in
            try row.insert(database)
            try event.insert(database)
        }
        return operation
    }

    func finish(_ operation: RunningOperation, properties: [String: String], failure: Problem?) throws {
        let state: OperationState =
            switch failure?.code {
            case nil: .succeeded
            case .canceled?: .canceled
            default: .failed
            }
        let event = try activity(
            operation, status: failure == nil ? "Succeeded" : "Failed", properties: properties,
            failure: failure)
        let now = clock.now().description
        try catalog.write { database in
            try database.execute(
                sql: "UPDATE operation SET state = ?, endedAt = ?, error = ? WHERE id = ?",
                arguments: [state.rawValue, now, failure.map { $0.description }, operation.id])
            try event.insert(database)
        }
    }

    func activity(
        _ operation: RunningOperation, status: String, properties: [String: String], failure: Problem?
    ) throws -> ActivityRow {
        ActivityRow(
            eventID: Identifiers.uuid(), correlationID: operation.correlationID, operationID: operation.id,
            time: clock.now().description,
            operationName: "\(Identifiers.provider)/flexibleServers/\(operation.kind.action)",
            operationTitle: operation.kind.title, status: status, resourceGroup: operation.resourceGroup,
            resourceID: operation.resourceID, caller: "local", errorCode: failure?.code.rawValue,
            statusMessage: failure.map { [$0.message, $0.detail].compactMap { $0 }.joined(separator: ": ") },
            properties: try CatalogJSON.text(properties))
    }

    /// Any error as one that a person can act on.
    static func problem(from error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let refusal as Refusal: Problem(refusal)
        default: Problem(.system, "\(error)")
        }
    }

    public func activityLog(
        resourceGroup: String?, resourceID: String?, correlationID: String?, caller: String?, status: String?,
        from: PostgresTimestamp?, to: PostgresTimestamp?, limit: Int
    ) throws -> [ActivityEvent] {
        let rows = try catalog.read { database in
            var request = ActivityRow.all()
            if let resourceGroup { request = request.filter(Column("resourceGroup") == resourceGroup) }
            if let resourceID { request = request.filter(Column("resourceID") == resourceID) }
            if let correlationID { request = request.filter(Column("correlationID") == correlationID) }
            if let caller { request = request.filter(Column("caller") == caller) }
            if let status { request = request.filter(Column("status").collating(.nocase) == status) }
            if let from { request = request.filter(Column("time") >= from.description) }
            if let to { request = request.filter(Column("time") <= to.description) }
            return try request.order(Column("time").desc, Column.rowID.desc).limit(limit).fetchAll(database)
        }
        return try rows.map { row in
            ActivityEvent(
                eventID: row.eventID, correlationID: row.correlationID, operationID: row.operationID,
                time: try Self.instant(row.time), operationName: row.operationName,
                operationTitle: row.operationTitle, status: row.status, resourceGroup: row.resourceGroup,
                resourceID: row.resourceID, caller: row.caller, errorCode: row.errorCode,
                statusMessage: row.statusMessage,
                properties: try CatalogJSON.value([String: String].self, row.properties))
        }
    }

    static func instant(_ text: String) throws -> PostgresTimestamp {
        guard case .success(let parsed) = TimestampParser.parse(text) else {
            throw Problem(.stateDamaged, "the catalog holds the time '\(text)'", hint: "Run 'pitr doctor'.")
        }
        return parsed.instant
    }
}
