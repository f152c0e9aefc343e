import Catalog
import GRDB
import Planning
public import Platform
public import PostgresFormat
public import ServiceModel

extension ControlPlane {
    /// Catalogues an operation, logs its start, runs it, and logs how it ended. Failures pass through.
    ///
    /// - Parameters:
    ///   - caller: for whom it is done; nil for this control plane's own.
    ///   - accepted: the operation that was accepted for just this; nil for any other. Never left out:
    ///     whoever forgets it enters a second operation.
    func perform<Value>(
        _ kind: OperationKind, server: ServerRow, source: String? = nil, correlationID: String? = nil,
        properties: [String: String] = [:], caller: Caller? = nil, for accepted: AcceptedWork?,
        _ body: (RunningOperation) throws -> Value
    ) throws -> Value {
        try performUntilFinished(
            kind, server: server, source: source, correlationID: correlationID, properties: properties,
            caller: caller, for: accepted
        ) { operation in
            let value = try body(operation)
            try finish(operation, properties: properties, failure: nil)
            return value
        }
    }

    /// As `perform`, but success is logged by the body itself, with the change that is the success.
    func performUntilFinished<Value>(
        _ kind: OperationKind, server: ServerRow, source: String? = nil, correlationID: String? = nil,
        properties: [String: String] = [:], caller: Caller? = nil, for accepted: AcceptedWork?,
        _ body: (RunningOperation) throws -> Value
    ) throws -> Value {
        let operation = try begin(
            kind, server: server, source: source, correlationID: correlationID, properties: properties,
            caller: caller, for: accepted)
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
        properties: [String: String], caller: Caller? = nil, for accepted: AcceptedWork?
    ) throws -> RunningOperation {
        if let accepted,
            let running = try takeOver(accepted, as: kind, server: server, properties: properties)
        {
            return running
        }
        let operation = RunningOperation(
            correlationID: correlationID ?? Identifiers.uuid(), kind: kind, server: server,
            startedAt: clock.now(), caller: (caller ?? self.caller).name)
        try operations.write(
            operation.begin(
                source: source, location: server.location, process: .current, properties: properties))
        return operation
    }

    func finish(_ operation: RunningOperation, properties: [String: String], failure: Problem?) throws {
        try operations.write(operation.finish(properties: properties, failure: failure, at: clock.now()))
    }

    /// As part of a change that is under way.
    func finish(
        _ operation: RunningOperation, properties: [String: String], failure: Problem?, in database: Database
    ) throws {
        try OperationStore.write(
            operation.finish(properties: properties, failure: failure, at: clock.now()), in: database)
    }

    func activity(
        _ operation: RunningOperation, status: ActivityStatus, properties: [String: String], failure: Problem?
    ) -> ActivityEvent {
        operation.line(status, at: clock.now(), properties: properties, failure: failure)
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
        try catalog.read { database in
            var request = ActivityEvent.all()
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
    }

    static func instant(_ text: String) throws -> PostgresTimestamp {
        guard case .success(let parsed) = TimestampParser.parse(text) else {
            throw Problem(.stateDamaged, "the catalog holds the time '\(text)'", hint: "Run 'pitr doctor'.")
        }
        return parsed.instant
    }
}
