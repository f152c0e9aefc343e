import Catalog
import GRDB
import PostgresFormat
import ServiceModel
import Synchronization
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// When a worker is started for an accepted operation, and what becomes of one that dies.
struct OperationDispatcherTests {
    /// Starts real processes that do nothing in the place of workers, and notes for which operations.
    private final class StandIns: CommandRunner {
        private let state = Mutex<(started: [String], pids: [Int32], seconds: String)>(([], [], "60"))

        var started: [String] { state.withLock { $0.started } }
        /// How long the next ones live; 0 for ones that end at once.
        func live(_ seconds: String) { state.withLock { $0.seconds = seconds } }

        func run(_ command: Command) throws(Problem) -> CommandResult {
            throw Problem(.system, "nothing else is run here", detail: command.line)
        }

        func spawnDetached(_ command: Command, log: String) throws(Problem) -> Int32 {
            let seconds = state.withLock { $0.seconds }
            let pid = try SystemCommands().spawnDetached(Command("/bin/sleep", [seconds]), log: log)
            state.withLock {
                $0.started.append(command.arguments[2])
                $0.pids.append(pid)
            }
            return pid
        }

        func end() {
            for pid in state.withLock({ $0.pids }) { ProcessIdentity(pid: pid).terminate() }
        }
    }

    private struct Stage {
        let scratch: ScratchDirectory
        let workers = StandIns()
        let control: ControlPlane

        init() throws {
            scratch = try ScratchDirectory("dispatch")
            control = try ControlPlane(account: Self.account(scratch), runner: workers)
        }

        private static func account(_ scratch: ScratchDirectory) -> ServiceAccount {
            ServiceAccount(
                name: "postgres", uid: 0, home: scratch.path, runtimeDirectory: scratch.file("run"),
                steppedDown: false)
        }

        static func server(_ id: String, named name: String? = nil) -> ServerRow {
            ServerRow(
                id: id, resourceGroup: "local", name: name ?? id, location: "local", tags: [:],
                phase: .complete, shouldRun: false,
                createdAt: PostgresTimestamp(microseconds: 820_540_800_000_000),
                version: "15", postgresVersion: "15.18", tier: "Burstable", skuName: "Standard_B1ms",
                storageSizeGiB: 32, storageType: "Premium_LRS", storageAutoGrow: false,
                backupRetentionDays: 7, geoRedundantBackup: false, publicNetworkAccess: true,
                administratorLogin: "anna", availabilityZone: nil, host: "127.0.0.\(id.utf8.count + 1)",
                port: 5432)
        }

        /// Enters an operation that makes the server `target`, in the given lane.
        func enter(_ kind: OperationKind, lane: String, target: String = "") throws -> String {
            try control.enter(
                Entry(
                    kind: kind, serverID: target, group: "local", resourceID: "/subscriptions/x",
                    location: "local", lane: lane, request: .deleteGroup("none")), Caller(name: "ada")
            ).id
        }

        /// What a worker does first: it makes the operation its own.
        func take(_ id: String, by process: ProcessIdentity = .current) throws {
            try control.catalog.write {
                try $0.execute(
                    sql: "UPDATE operation SET state = 'running', pid = ?, processStart = ? WHERE id = ?",
                    arguments: [Int(process.pid), process.start, id])
            }
        }

        func phase(_ id: String) throws -> OperationPhase? { try control.operationStatus(id)?.phase }
    }

    private func onStage(_ body: (Stage) throws -> Void) throws {
        let stage = try Stage()
        defer { stage.workers.end() }
        try body(stage)
    }

    @Test func `operations of one lane run one after another, lanes beside each other`() throws {
        try onStage { stage in
            let first = try stage.enter(.restore, lane: "restore:a")
            let second = try stage.enter(.restore, lane: "restore:a")
            let other = try stage.enter(.restore, lane: "restore:b")
            let dispatcher = try OperationDispatcher(stage.control)
            #expect(try dispatcher.dispatch().queued == 3)
            #expect(stage.workers.started == [first, other])
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started == [first, other], "a worker that starts is not started again")
            try stage.take(first)
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started == [first, other])
            try stage.control.end(accepted: try #require(try row(first, stage)), failure: nil)
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started == [first, other, second])
            #expect(try stage.phase(first) == .succeeded)
        }
    }

    @Test func `only so many operations on whole servers run at once, small ones pass them by`() throws {
        try onStage { stage in
            let restores = try (0..<6).map { try stage.enter(.restore, lane: "restore:\($0)") }
            let rule = try stage.enter(.writeRule, lane: "server:x")
            let dispatcher = try OperationDispatcher(stage.control)
            _ = try dispatcher.dispatch()
            let most = OperationDispatcher.maximumHeavy
            #expect(stage.workers.started == Array(restores.prefix(most)) + [rule])
            // Those that are about to run count as well as those that do.
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started.count == most + 1)
            for id in restores.prefix(most) { try stage.take(id) }
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started.count == most + 1)
            try stage.control.end(accepted: try #require(try row(restores[0], stage)), failure: nil)
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started == Array(restores.prefix(most)) + [rule, restores[most]])
        }
    }

    @Test func `an operation whose worker never takes it is tried again, and given up in the end`() throws {
        try onStage { stage in
            stage.workers.live("0")
            let id = try stage.enter(.restore, lane: "restore:a")
            let dispatcher = try OperationDispatcher(stage.control)
            let over = try ProductUnderTest.eventually {
                _ = try dispatcher.dispatch()
                return try stage.phase(id) != .queued
            }
            #expect(over)
            #expect(
                stage.workers.started
                    == Array(repeating: id, count: OperationDispatcher.maximumAttempts))
            let status = try #require(try stage.control.operationStatus(id))
            #expect(status.phase == .failed && status.errorMessage?.contains("could not be started") == true)
            #expect(try events(stage) == ["Failed", "Accepted"])
        }
    }

    @Test func `an operation whose worker died is ended, and says so`() throws {
        try onStage { stage in
            let id = try stage.enter(.restore, lane: "restore:a")
            let next = try stage.enter(.restore, lane: "restore:a")
            try stage.take(id, by: ProcessIdentity(pid: 1, start: "0@of another boot"))
            let dispatcher = try OperationDispatcher(stage.control)
            _ = try dispatcher.dispatch()
            let status = try #require(try stage.control.operationStatus(id))
            #expect(status.phase == .failed && status.errorCode == "OperationCanceled")
            #expect(status.caller == "ada")
            #expect(stage.workers.started.isEmpty, "what it left is cleaned up before the next begins")
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started == [next])
        }
    }

    @Test func `one that cannot be cleaned up keeps its own lane, not the others`() throws {
        try onStage { stage in
            try stage.control.catalog.write { try Stage.server("copy").insert($0) }
            let stuck = try stage.enter(.restore, lane: "restore:a", target: "copy")
            let behind = try stage.enter(.restore, lane: "restore:a")
            let other = try stage.enter(.restore, lane: "restore:b")
            try stage.take(stuck, by: ProcessIdentity(pid: 1, start: "0@of another boot"))
            let dispatcher = try OperationDispatcher(stage.control)
            let lock = try DirectoryLock.wait(stage.control.paths.serverLock("copy"))
            #expect(throws: Problem.self) { try dispatcher.dispatch() }
            #expect(throws: Problem.self) { try dispatcher.dispatch() }
            #expect(stage.workers.started == [other])
            #expect(try stage.phase(stuck) == .running)
            lock.release()
            _ = try dispatcher.dispatch()
            #expect(try stage.phase(stuck) == .failed)
            _ = try dispatcher.dispatch()
            #expect(stage.workers.started == [other, behind])
        }
    }

    @Test func `a worker does not find a server that got the name of the one it was accepted for`() throws {
        try onStage { stage in
            try stage.control.catalog.write { try Stage.server("2", named: "orders").insert($0) }
            let orders = ServerReference(resourceGroup: "local", name: "orders")
            let id = ResourceID.server(resourceGroup: "local", name: "orders")
            for (meant, part, isFound) in [("1", "", false), ("1", "/backups/b", false), ("2", "", true)] {
                let accepted = try stage.control.enter(
                    Entry(
                        kind: .stop, serverID: meant, group: "local", resourceID: id + part,
                        location: "local", lane: "server:\(meant)", request: .stop(orders)), .local)
                let operation = try #require(try stage.control.operations.operation(accepted.id))
                let work = AcceptedWork(operation: operation)
                if isFound {
                    #expect(try stage.control.find(orders, for: work).id == "2")
                } else {
                    #expect(throws: Problem.self) { try stage.control.find(orders, for: work) }
                }
            }
        }
    }

    @Test func `only what is given the accepted operation takes it over, and once`() throws {
        try onStage { stage in
            let server = Stage.server("orders")
            try stage.control.catalog.write { try server.insert($0) }
            let id = try stage.enter(.stop, lane: "server:orders", target: "orders")
            try stage.take(id)
            let work = AcceptedWork(operation: try #require(try stage.control.operations.operation(id)))
            func begin(_ work: AcceptedWork?) throws -> String {
                try stage.control.begin(.stop, server: server, source: nil, properties: [:], for: work).id
            }
            #expect(try begin(nil) != id)
            #expect(try begin(work) == id)
            #expect(try begin(work) != id)
        }
    }

    @Test func `what was accepted is found by the next dispatcher, and there is one at a time`() throws {
        try onStage { stage in
            let id = try stage.enter(.restore, lane: "restore:a")
            let first = try OperationDispatcher(stage.control)
            #expect(try stage.control.isDispatched())
            #expect(throws: Problem.self) { try OperationDispatcher(stage.control) }
            first.close()
            #expect(try !stage.control.isDispatched())
            let second = try OperationDispatcher(stage.control)
            _ = try second.dispatch()
            #expect(stage.workers.started == [id])
        }
    }

    @Test func `a waiting operation can be called off, one that is over cannot`() throws {
        try onStage { stage in
            let id = try stage.enter(.restore, lane: "restore:a")
            try stage.control.cancelOperation(id)
            #expect(try stage.phase(id) == .canceled)
            #expect(try OperationDispatcher(stage.control).dispatch() == (0, 0))
            #expect(throws: Problem.self) { try stage.control.cancelOperation(id) }
            #expect(throws: Problem.self) { try stage.control.cancelOperation("none") }
            #expect(DurableFiles.status(stage.control.paths.operation(id)) == nil)
        }
    }

    @Test func `a secret is kept apart from the catalog, closed to others`() throws {
        try onStage { stage in
            let accepted = try stage.control.enter(
                Entry(
                    kind: .update, serverID: "x", group: "local", resourceID: "/x", location: "local",
                    lane: "server:x", request: .deleteGroup("none"), secret: "Secret-123"), .local)
            let path = stage.control.paths.operation(accepted.id) + "/secret"
            #expect(DurableFiles.status(path)?.permissions == 0o600)
            let catalog = try DurableFiles.read(stage.control.paths.catalog)
            #expect(!String(decoding: catalog, as: UTF8.self).contains("Secret-123"))
        }
    }

    @Test func `a server that an operation waits to make is no leftover`() throws {
        try onStage { stage in
            var copy = Stage.server("copy")
            copy.phase = .provisioning
            let entered = copy
            try stage.control.catalog.write { try entered.insert($0) }
            let id = try stage.enter(.restore, lane: "restore:a", target: "copy")
            #expect(try leftovers(stage).isEmpty, "it waits for its turn")
            try stage.take(id)
            #expect(try leftovers(stage).isEmpty, "it is planned, and nothing is locked yet")
            try stage.control.catalog.write {
                try $0.execute(sql: "UPDATE operation SET state = 'failed' WHERE id = ?", arguments: [id])
            }
            #expect(try leftovers(stage) == ["copy"])
        }
    }

    @Test func `power, update and delete of a server are refused while something waits or runs`() throws {
        try onStage { stage in
            try stage.control.catalog.write { try Stage.server("orders").insert($0) }
            let orders = ServerReference(resourceGroup: "local", name: "orders")
            var tags = UpdateServerRequest()
            tags.tags = ["team": "shop"]
            let requests: [OperationRequest] = [
                .start(orders), .stop(orders), .restart(orders), .delete(orders), .update(orders, tags),
            ]
            let id = try stage.enter(.writeRule, lane: "server:orders", target: "orders")
            for isRunning in [false, true] {
                if isRunning { try stage.take(id) }
                for request in requests {
                    #expect(refusal(of: request, stage) == .serverBusy, "\(request)")
                }
            }
            // What ran it is gone: nothing is busy, whatever the catalog holds.
            try stage.take(id, by: ProcessIdentity(pid: 1, start: "0@of another boot"))
            let stopped = refusal(of: .stop(orders), stage)
            #expect(stopped != nil && stopped != .serverBusy)
        }
    }

    private func refusal(of request: OperationRequest, _ stage: Stage) -> ProblemCode? {
        do {
            _ = try stage.control.accept(request, caller: .local)
            return nil
        } catch {
            return ControlPlane.problem(from: error).code
        }
    }

    private func leftovers(_ stage: Stage) throws -> [String] {
        try stage.control.maintain(asOf: nil, dryRun: true).filter { $0.action == "remove-leftover" }
            .map(\.subject)
    }

    private func row(_ id: String, _ stage: Stage) throws -> Operation? {
        try stage.control.openOperations().first { $0.row.id == id }
    }

    private func events(_ stage: Stage) throws -> [String] {
        try stage.control.activityLog(
            resourceGroup: nil, resourceID: nil, correlationID: nil, caller: "ada", status: nil, from: nil,
            to: nil, limit: 10
        ).map(\.status.rawValue)
    }
}
