import Catalog
import GRDB
import Platform
import ServiceModel
import Synchronization

/// Starts a worker process for each accepted operation when its turn comes.
///
/// One process has it, for as long as it likes: workers do not depend on it. Operations of one lane run one
/// after another, restores of one source for example; the lanes run beside each other.
public final class OperationDispatcher: Sendable {
    /// Operations that make or read whole servers, at once.
    static let maximumHeavy = 4
    /// Processes that are started in vain before an operation is given up.
    static let maximumAttempts = 3
    private static let heavy = Set(
        [
            OperationKind.create, .restore, .geoRestore, .revive, .backup, .drill, .upgrade, .undo, .compare,
            .verifyWAL,
        ].map(\.name))

    private struct Worker {
        var pid: Int32
        var operation: String
        var attempts: Int
    }

    private let controlPlane: ControlPlane
    private let workers = Mutex<[String: Worker]>([:])
    private let lock: DirectoryLock

    /// Throws `.serverBusy` while another process of this state directory dispatches.
    public init(_ controlPlane: ControlPlane) throws {
        // Somebody may be looking at this moment whether there is a daemon.
        guard
            let lock = try DirectoryLock.wait(
                controlPlane.paths.daemonLock, .exclusive, atMost: 0.5,
                cancellation: controlPlane.cancellation)
        else {
            throw Problem(
                .serverBusy, "another 'pitr serve' works on \(controlPlane.paths.home) already",
                hint: "Use that one, or give this one another state directory with --home.")
        }
        self.lock = lock
        self.controlPlane = controlPlane
    }

    /// Lets another process take over; workers that run go on.
    public func close() {
        lock.release()
    }

    /// Starts what may start now, and ends operations whose worker has died. Answers what is left to do.
    ///
    /// What fails for one operation keeps its lane closed until the next turn and no other one; it is thrown
    /// when everything else is done.
    @discardableResult
    public func dispatch() throws -> (queued: Int, running: Int) {
        reap()
        let open = try controlPlane.openOperations()
        var busy: Set<String> = []
        var heavy = 0
        var queued = 0
        var dead: [Operation] = []
        for operation in open where operation.row.state == .running {
            // What a dead worker left is cleaned up before the next one of its lane begins.
            busy.insert(operation.row.lane ?? "")
            if try controlPlane.isOrphaned(operation) {
                dead.append(operation)
            } else if Self.heavy.contains(operation.row.kind) {
                heavy += 1
            }
        }
        var failure: (any Error)?
        let started = workers.withLock { $0 }
        for operation in open.map(\.row) where operation.state == .queued {
            queued += 1
            let isHeavy = Self.heavy.contains(operation.kind)
            let mayStart = busy.insert(operation.lane ?? operation.id).inserted
            if let worker = started[operation.id], worker.pid != 0 {
                if isHeavy { heavy += 1 }
                continue
            }
            guard mayStart, !isHeavy || heavy < Self.maximumHeavy else { continue }
            if isHeavy { heavy += 1 }
            do {
                try start(operation, attempts: started[operation.id]?.attempts ?? 0)
            } catch { failure = error }
        }
        for operation in dead {
            do { try controlPlane.endDead(operation) } catch { failure = error }
        }
        if let failure { throw failure }
        return (queued, open.count - queued)
    }

    private func start(_ operation: OperationRow, attempts: Int) throws {
        guard attempts < Self.maximumAttempts else {
            workers.withLock { $0[operation.id] = nil }
            return try controlPlane.giveUp(Operation(operation))
        }
        let pid = try controlPlane.startWorker(operation.id)
        workers.withLock {
            $0[operation.id] = Worker(pid: pid, operation: operation.id, attempts: attempts + 1)
        }
    }

    /// Notes which workers have ended; their operations tell how.
    private func reap() {
        workers.withLock { workers in
            for (id, worker) in workers where worker.pid != 0 && ChildProcess.hasEnded(worker.pid) {
                workers[id]?.pid = 0
            }
        }
        let ended = workers.withLock { $0.values.filter { $0.pid == 0 }.map(\.operation) }
        for id in ended where (try? controlPlane.operationStatus(id))??.phase != .queued {
            workers.withLock { $0[id] = nil }
        }
    }
}

extension ControlPlane {
    /// Whether a daemon carries out what is accepted.
    public func isDispatched() throws -> Bool {
        try DirectoryLock.isHeld(paths.daemonLock)
    }

    /// What was accepted and is not over, in the order in which it was accepted.
    func openOperations() throws -> [Operation] {
        try operations.operations(
            .init(states: OperationStore.Query.open, isAccepted: true, order: .accepted))
    }

    func startWorker(_ id: String) throws -> Int32 {
        guard let program = WALHelper.executable() else {
            throw Problem(.system, "cannot tell where the running program lies")
        }
        let folder = paths.operation(id)
        try DurableFiles.makeDirectories(folder)
        return try runner.spawnDetached(
            Command(program, ["_operation-worker", "--operation", id, "--home", paths.home]),
            log: folder + "/worker.log")
    }

    /// Ends an accepted operation whose worker is gone. Does not wait for a server that is locked.
    func endDead(_ operation: Operation) throws {
        let row = try catalog.read { try ServerRow.fetchOne($0, key: operation.row.serverID) }
        try end(operation, row: row, seconds: 0)
    }

    /// Ends an operation whose worker cannot even start.
    func giveUp(_ operation: Operation) throws {
        let log = (try? DurableFiles.readIfPresent(paths.operation(operation.row.id) + "/worker.log")) ?? []
        let words = String(decoding: log.suffix(400), as: UTF8.self)
        try end(
            accepted: operation,
            failure: Problem(
                .system, "the worker of this operation could not be started",
                detail: words.isEmpty ? nil : words))
    }
}
