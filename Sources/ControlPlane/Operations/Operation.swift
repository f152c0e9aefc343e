import Catalog
import Platform
import PostgresFormat
import ServiceModel

/// A change from the moment it is accepted or begun until it is over, as a value.
///
/// Each transition answers what is to be written, and writes nothing: `OperationStore` does, and only if the
/// operation still stands there as it did. A process that is killed between two transitions leaves the
/// operation as the earlier one left it.
struct Operation: Sendable {
    private(set) var row: OperationRow

    init(_ row: OperationRow) {
        self.row = row
    }

    /// Which process runs it; one that never was for an operation that waits.
    var process: ProcessIdentity { ProcessIdentity(pid: Int32(row.pid), start: row.processStart) }

    /// Whether it waits for its turn, or its process still works.
    var isAlive: Bool { row.state == .queued || process.isAlive }

    /// What the lines of the activity log say of it.
    private func running(at time: PostgresTimestamp) -> RunningOperation {
        RunningOperation(
            id: row.id, correlationID: row.correlationID,
            kind: OperationKind(rawValue: row.kind) ?? .update, serverID: row.serverID,
            resourceGroup: row.resourceGroup ?? "", resourceID: row.resourceID ?? "", startedAt: time,
            caller: row.caller, isAccepted: row.acceptedAt != nil)
    }

    // MARK: Accepted operations

    /// It waits from now on until a worker takes it.
    static func accept(_ entry: Entry, by caller: Caller, at now: PostgresTimestamp) throws -> OperationChange
    {
        var row = OperationRow(
            id: Identifiers.uuid(), correlationID: Identifiers.uuid(), serverID: entry.serverID,
            sourceServerID: entry.source, kind: entry.kind.name, pid: 0, processStart: "",
            startedAt: now, details: [:])
        row.state = .queued
        row.caller = caller.name
        row.acceptedAt = now
        row.request = try CatalogJSON.text(entry.request)
        row.lane = entry.lane
        row.resourceGroup = entry.group
        row.resourceID = entry.resourceID
        row.location = entry.location
        row.wireName = entry.kind.wireName
        let operation = Operation(row)
        let line = operation.running(at: now).line(.accepted, at: now)
        return OperationChange(write: .enter, operation: operation, line: line)
    }

    /// It is that process's own; nil when it does not wait any more.
    func take(by process: ProcessIdentity) -> OperationChange? {
        guard row.state == .queued else { return nil }
        var taken = self
        taken.row.state = .running
        taken.row.pid = Int(process.pid)
        taken.row.processStart = process.start
        return OperationChange(write: .take, operation: taken)
    }

    /// The work itself begins, with the operation that was accepted for it; nil when it was accepted for
    /// something else, or the work has begun before: what it does besides are operations of their own.
    func takeOver(
        as kind: OperationKind, server: ServerRow, properties: [String: String], at now: PostgresTimestamp
    ) throws -> (RunningOperation, OperationChange)? {
        guard row.kind == kind.name, row.begunAt == nil else { return nil }
        var begun = self
        begun.row.begunAt = now
        begun.row.details = properties
        let running = RunningOperation(
            id: row.id, correlationID: row.correlationID, kind: kind, server: server, startedAt: now,
            caller: row.caller, isAccepted: true)
        let line = running.line(.started, at: now, properties: properties)
        return (running, OperationChange(write: .takeOver, operation: begun, line: line))
    }

    /// An accepted operation is over with its worker's work.
    ///
    /// - Parameter isTold: whether the work has written the last line of the activity log itself.
    func end(failure: Problem?, isTold: Bool, at now: PostgresTimestamp) throws -> OperationChange {
        let words = failure.map(\.sentences)
        let line =
            isTold
            ? nil
            : running(at: now).line(ActivityStatus(failure: failure), at: now, failure: failure)
        return ended(OperationState(failure), words, failure?.code, line, now)
    }

    // MARK: Cut short

    enum Cancellation {
        /// It has not begun: after this change nobody begins it.
        case callOff(OperationChange)
        /// It runs: its process is asked to clean up and to end.
        case ask(ProcessIdentity)
        case isOver(OperationState)
    }

    /// How it is called off by `process`.
    func cancel(by process: ProcessIdentity) -> Cancellation {
        switch row.state {
        case .queued: take(by: process).map(Cancellation.callOff) ?? .isOver(row.state)
        case .running: .ask(self.process)
        case .succeeded, .failed, .canceled: .isOver(row.state)
        }
    }

    /// The process that ran it is gone, and what it left has been cleaned up.
    func abandon(of server: ServerRow?, at now: PostgresTimestamp) -> OperationChange {
        let words = "the process that ran it was ended from outside; what it left was cleaned up"
        let line = ActivityEvent(
            eventID: Identifiers.uuid(), correlationID: row.correlationID, operationID: row.id,
            time: now, operationName: running(at: now).kind.operationName,
            operationTitle: "Clean Up After \(row.kind)", status: .failed,
            resourceGroup: server?.resourceGroup ?? "",
            resourceID: server.map {
                ResourceID.server(resourceGroup: $0.resourceGroup, name: $0.name)
            } ?? "", caller: row.caller, errorCode: ProblemCode.canceled.rawValue, statusMessage: words,
            properties: row.details)
        return ended(.failed, words, .canceled, line, now)
    }

    fileprivate func ended(
        _ state: OperationState, _ words: String?, _ code: ProblemCode?, _ line: ActivityEvent?,
        _ now: PostgresTimestamp
    ) -> OperationChange {
        var over = self
        over.row.state = state
        over.row.endedAt = now
        over.row.error = words
        over.row.errorCode = code?.rawValue
        return OperationChange(write: .end, operation: over, line: line)
    }
}

/// What a transition writes: a row of the catalog, a line of the activity log, or both at once.
struct OperationChange: Sendable {
    enum Write: Sendable {
        /// A new row.
        case enter
        /// Whose it is, of one that waits.
        case take
        /// That the work has begun, once.
        case takeOver
        case end
        /// The line alone.
        case nothing
    }

    let write: Write
    /// As it stands afterwards.
    let operation: Operation
    var line: ActivityEvent?
}

extension OperationState {
    /// The state in which an operation ends that failed so, or did not.
    init(_ failure: Problem?) {
        self =
            switch failure?.code {
            case nil: .succeeded
            case .canceled?: .canceled
            default: .failed
            }
    }
}

/// An operation at work: what the lines of the activity log say of it.
struct RunningOperation: Sendable {
    let id: String
    let correlationID: String
    let kind: OperationKind
    let serverID: String
    let resourceGroup: String
    let resourceID: String
    let startedAt: PostgresTimestamp
    let caller: String
    /// An accepted operation ends with its worker, which may have more to do.
    var isAccepted = false

    /// Begins at once, run by the process that was asked.
    func begin(
        source: String?, location: String, process: ProcessIdentity, properties: [String: String]
    ) throws -> OperationChange {
        var row = OperationRow(
            id: id, correlationID: correlationID, serverID: serverID, sourceServerID: source,
            kind: kind.name, pid: Int(process.pid), processStart: process.start,
            startedAt: startedAt, details: properties)
        row.caller = caller
        row.resourceGroup = resourceGroup
        row.resourceID = resourceID
        row.location = location
        row.wireName = kind.wireName
        return OperationChange(
            write: .enter, operation: Operation(row),
            line: line(.started, at: startedAt, properties: properties))
    }

    /// The work has succeeded or failed.
    func finish(properties: [String: String], failure: Problem?, at now: PostgresTimestamp) throws
        -> OperationChange
    {
        let line = line(
            ActivityStatus(failure: failure), at: now, properties: properties, failure: failure)
        let operation = Operation(
            OperationRow(
                id: id, correlationID: correlationID, serverID: serverID, sourceServerID: nil,
                kind: kind.name, pid: 0, processStart: "", startedAt: startedAt, details: [:]))
        if isAccepted { return OperationChange(write: .nothing, operation: operation, line: line) }
        return operation.ended(OperationState(failure), failure?.description, failure?.code, line, now)
    }

    /// A line of the activity log.
    func line(
        _ status: ActivityStatus, at now: PostgresTimestamp, properties: [String: String] = [:],
        failure: Problem? = nil
    ) -> ActivityEvent {
        ActivityEvent(
            eventID: Identifiers.uuid(), correlationID: correlationID, operationID: id,
            time: now, operationName: kind.operationName, operationTitle: kind.title,
            status: status, resourceGroup: resourceGroup, resourceID: resourceID, caller: caller,
            errorCode: failure?.code.rawValue,
            statusMessage: failure.map { [$0.message, $0.detail].compactMap { $0 }.joined(separator: ": ") },
            properties: properties)
    }
}

extension RunningOperation {
    init(
        id: String = Identifiers.uuid(), correlationID: String = Identifiers.uuid(), kind: OperationKind,
        server: ServerRow, startedAt: PostgresTimestamp, caller: String, isAccepted: Bool = false
    ) {
        self.init(
            id: id, correlationID: correlationID, kind: kind, serverID: server.id,
            resourceGroup: server.resourceGroup,
            resourceID: ResourceID.server(resourceGroup: server.resourceGroup, name: server.name),
            startedAt: startedAt, caller: caller, isAccepted: isAccepted)
    }
}
