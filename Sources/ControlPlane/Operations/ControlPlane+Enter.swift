import Catalog
import GRDB
public import Platform
import PostgresFormat
public import ServiceModel

/// Accepted operations in the catalog: entered, told, taken over by a worker, ended.
extension ControlPlane {
    /// Enters an operation and its first line in the activity log; its secret is on disk before it is.
    func enter(_ entry: Entry, _ caller: Caller) throws -> AcceptedOperation {
        let now = clock.now()
        let accepted = try Operation.accept(entry, by: caller, at: now)
        let row = accepted.operation.row
        let folder = paths.operation(row.id)
        try DurableFiles.makeDirectories(folder)
        if let secret = entry.secret {
            try DurableFiles.write(Array(secret.utf8), to: folder + "/secret")
        }
        do {
            try operations.write(accepted)
        } catch {
            removeOperationFolder(row.id)
            throw error
        }
        return AcceptedOperation(
            id: row.id, correlationID: row.correlationID, location: entry.location,
            name: entry.kind.wireName, acceptedAt: now)
    }

    func removeOperationFolder(_ id: String) {
        try? DurableFiles.removeTree(paths.operation(id))
    }

    /// An operation as it stands, whoever runs it; nil when there is none of that id.
    public func operationStatus(_ id: String) throws -> OperationStatus? {
        try operations.operation(id).map(status)
    }

    /// Operations, the newest first; without `all` only those that are not over.
    public func listOperations(resourceGroup: String?, all: Bool, limit: Int = 100) throws
        -> [OperationStatus]
    {
        let states = all ? [] : OperationStore.Query.open
        return try operations.operations(
            .init(states: states, group: resourceGroup, order: .newest, limit: limit)
        ).map(status)
    }

    public static func operationNotFound(_ id: String) -> Problem {
        Problem(
            .resourceNotFound, "there is no operation '\(id)'",
            hint: "List them with 'pitr operation list --all'.")
    }

    private func status(_ operation: Operation) throws -> OperationStatus {
        let row = operation.row
        return OperationStatus(
            id: row.id, correlationID: row.correlationID, kind: row.kind, name: row.wireName ?? row.kind,
            location: row.location ?? "", resourceID: row.resourceID ?? "", phase: Self.phase(row.state),
            acceptedAt: row.acceptedAt ?? row.startedAt,
            endedAt: row.endedAt, errorCode: row.errorCode, errorMessage: row.error,
            caller: row.caller,
            notes: row.details[OperationStatus.notesKey]?.split(separator: "\n").map(String.init) ?? [],
            progress: progress(of: operation))
    }

    /// Calls an operation off: one that waits is not begun, one that runs cleans up after itself and ends.
    public func cancelOperation(_ id: String) throws {
        guard let operation = try operations.operation(id) else { throw Self.operationNotFound(id) }
        switch operation.cancel(by: .current) {
        case .callOff: try callOffQueued(operation)
        case .ask(let process): process.terminate()
        case .isOver(let state):
            throw Problem(.operationNotSupported, "operation '\(id)' is over: \(state.rawValue)")
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

    /// The accepted operation as the one that is performed now; nil when it was accepted for something else,
    /// or was begun before.
    func takeOver(
        _ accepted: AcceptedWork, as kind: OperationKind, server: ServerRow, properties: [String: String]
    ) throws -> RunningOperation? {
        guard
            let (running, change) = try operations.operation(accepted.id)?.takeOver(
                as: kind, server: server, properties: properties, at: clock.now())
        else { return nil }
        return try operations.write(change) ? running : nil
    }

    /// The server that accepted work is to make: its name and address were taken when it was accepted.
    func reservation(for accepted: AcceptedWork?) throws -> ServerRow? {
        guard let accepted else { return nil }
        let row = try catalog.read { try ServerRow.fetchOne($0, key: accepted.operation.row.serverID) }
        return row?.phase == .provisioning ? row : nil
    }

    /// Whether a server has the name already; not the one that accepted work is to make.
    func isTaken(_ name: String, for accepted: AcceptedWork?) throws -> Bool {
        let own = try reservation(for: accepted)?.id
        return try catalog.read {
            try ServerRow.filter(Column("name") == name).filter(Column("id") != own ?? "")
                .filter(Column("phase") != ServerPhase.dropped.rawValue).fetchCount($0) > 0
        }
    }
}
