import Catalog
import GRDB
import Planning
public import Platform
public import PostgresFormat

/// A running operation: its row in the catalog and its lines in the activity log.
struct RunningOperation: Sendable {
    let id: String
    let correlationID: String
    let kind: OperationKind
    let serverID: String
    let resourceGroup: String
    let resourceID: String
    let startedAt: PostgresTimestamp
    let caller: String
}

extension ControlPlane {
    /// Catalogues an operation, logs its start, runs it, and logs how it ended. Failures pass through.
    func perform<Value>(
        _ kind: OperationKind, server: ServerRow, source: String? = nil, correlationID: String? = nil,
        properties: [String: String] = [:],
        _ body: (RunningOperation) throws -> Value
    ) throws -> Value {
        try performUntilFinished(
            kind, server: server, source: source, correlationID: correlationID, properties: properties
        ) { operation in
            let value = try body(operation)
            try finish(operation, properties: properties, failure: nil)
            return value
        }
    }

    /// As `perform`, but success is logged by the body itself, with the change that is the success.
    func performUntilFinished<Value>(
        _ kind: OperationKind, server: ServerRow, source: String? = nil, correlationID: String? = nil,
        properties: [String: String] = [:],
        _ body: (RunningOperation) throws -> Value
    ) throws -> Value {
        let operation = try begin(
            kind, server: server, source: source, correlationID: correlationID, properties: properties)
        do {
            return try body(operation)
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
        if let accepted = try takeOver(kind, server: server, properties: properties) { return accepted }
        let operation = RunningOperation(
            id: Identifiers.uuid(), correlationID: correlationID ?? Identifiers.uuid(), kind: kind,
            serverID: server.id, resourceGroup: server.resourceGroup,
            resourceID: Identifiers.serverResourceID(resourceGroup: server.resourceGroup, name: server.name),
            startedAt: clock.now(), caller: caller.name)
        let me = ProcessIdentity.current
        var row = OperationRow(
            id: operation.id, correlationID: operation.correlationID, serverID: server.id,
            sourceServerID: source, kind: kind.name, pid: Int(me.pid), processStart: me.start,
            startedAt: operation.startedAt.description, details: try CatalogJSON.text(properties))
        row.caller = caller.name
        row.resourceGroup = server.resourceGroup
        row.resourceID = operation.resourceID
        row.location = server.location
        row.wireName = kind.wireName
        let entered = row
        let event = try activity(operation, status: "Started", properties: properties, failure: nil)
        try catalog.write { database in
            try entered.insert(database)
            try event.insert(database)
        }
        return operation
    }

    func finish(_ operation: RunningOperation, properties: [String: String], failure: Problem?) throws {
        try catalog.write { try finish(operation, properties: properties, failure: failure, in: $0) }
    }

    /// As part of a change that is under way.
    func finish(
        _ operation: RunningOperation, properties: [String: String], failure: Problem?, in database: Database
    ) throws {
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
        try event.insert(database)
        // An accepted operation ends with its worker, which may have more to do.
        if operation.id == acceptedOperation { return }
        try database.execute(
            sql: "UPDATE operation SET state = ?, endedAt = ?, error = ?, errorCode = ? WHERE id = ?",
            arguments: [
                state.rawValue, now, failure.map { $0.description }, failure?.code.rawValue, operation.id,
            ])
    }

    func activity(
        _ operation: RunningOperation, status: String, properties: [String: String], failure: Problem?
    ) throws -> ActivityRow {
        ActivityRow(
            eventID: Identifiers.uuid(), correlationID: operation.correlationID, operationID: operation.id,
            time: clock.now().description,
            operationName: operation.kind.operationName,
            operationTitle: operation.kind.title, status: status, resourceGroup: operation.resourceGroup,
            resourceID: operation.resourceID, caller: operation.caller, errorCode: failure?.code.rawValue,
            statusMessage: failure.map { [$0.message, $0.detail].compactMap { $0 }.joined(separator: ": ") },
            properties: try CatalogJSON.text(properties))
    }

    /// Any error as one that a person can act on.
    public static func problem(from error: any Error) -> Problem {
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
            if let caller {
                // An account may be given without its number.
                request = request.filter(
                    Column("caller") == caller || Column("caller").like(caller + " (uid %"))
            }
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
