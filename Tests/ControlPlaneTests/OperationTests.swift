import Catalog
import GRDB
import PostgresFormat
import ServiceModel
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// An operation's transitions: what each writes, what it is refused from, and what is left where the process
/// ends in the middle of writing it.
struct OperationTests {
    private let scratch: ScratchDirectory
    private let store: OperationStore
    private let now = PostgresTimestamp(microseconds: 800_000_000_000_000)
    private let me = ProcessIdentity.current

    init() throws {
        scratch = try ScratchDirectory("operation")
        store = OperationStore(catalog: try CatalogStore(path: scratch.file("catalog.db")))
    }

    private func accepted(_ kind: OperationKind = .deleteGroup) throws -> OperationChange {
        let entry = Entry(
            kind: kind, serverID: "s", group: "local", resourceID: "/x", location: "local",
            request: .deleteGroup("none"))
        return try Operation.accept(entry, by: Caller(name: "ada"), at: now)
    }

    private func stored(_ id: String) throws -> OperationRow? { try store.operation(id)?.row }

    private func lines(_ id: String) throws -> [String] {
        try store.catalog.read {
            try ActivityEvent.filter(Column("operationID") == id).order(Column.rowID).fetchAll($0)
        }.map(\.status.rawValue)
    }

    /// Writes a change, but first ends in the middle of it: the row is written and its line cannot be.
    private func write(_ change: OperationChange, leaving state: OperationState?) throws {
        var halted = change
        let taken = try #require(try accepted().line)
        halted.line = change.line.map { line in
            var line = line
            line.eventID = taken.eventID
            return line
        }
        if halted.line != nil {
            try store.catalog.write { try taken.insert($0) }
            #expect(throws: (any Error).self) { try store.write(halted) }
            #expect(try stored(change.operation.row.id)?.state == state)
        }
        #expect(try store.write(change))
    }

    @Test func `an accepted operation is taken once, begun once and ends as its work did`() throws {
        let entered = try accepted()
        let id = entered.operation.row.id
        try write(entered, leaving: nil)
        let waiting = try #require(try store.operation(id))
        let taken = try #require(waiting.take(by: me))
        try write(taken, leaving: .queued)
        #expect(try !store.write(taken), "another worker has read it while it waited")
        #expect(taken.operation.take(by: me) == nil)

        let server = ServerRow(
            id: "s", resourceGroup: "local", name: "orders", location: "local", tags: [:],
            phase: .complete, shouldRun: true, createdAt: now, version: "15", postgresVersion: "15",
            tier: "", skuName: "", storageSizeGiB: 1, storageType: "", storageAutoGrow: false,
            backupRetentionDays: 7, geoRedundantBackup: false, publicNetworkAccess: false,
            administratorLogin: "bob", availabilityZone: nil, host: "127.0.0.2", port: 5432)
        let other = try taken.operation.takeOver(as: .create, server: server, properties: [:], at: now)
        #expect(other == nil)
        let (running, begun) = try #require(
            try taken.operation.takeOver(as: .deleteGroup, server: server, properties: ["a": "b"], at: now))
        try write(begun, leaving: .running)
        #expect(try stored(id)?.details == ["a": "b"])
        #expect(try !store.write(begun))
        try store.write(running.finish(properties: [:], failure: nil, at: now))
        #expect(try stored(id)?.state == .running, "it ends with its worker")

        try write(try taken.operation.end(failure: nil, isTold: true, at: now), leaving: .running)
        let ended = try #require(try stored(id))
        #expect(ended.state == .succeeded && ended.endedAt == now && ended.begunAt != nil)
        #expect(try lines(id) == ["Accepted", "Started", "Succeeded"])
    }

    @Test func `an operation that begins at once ends with its work, and its line with it`() throws {
        let running = RunningOperation(
            id: "o", correlationID: "c", kind: .stop, serverID: "s", resourceGroup: "local",
            resourceID: "/x", startedAt: now, caller: "ada")
        try write(
            try running.begin(source: nil, location: "local", process: me, properties: [:]), leaving: nil)
        #expect(try store.operation("o")?.isAlive == true)
        let failure = Problem(.canceled, "called off")
        try write(try running.finish(properties: [:], failure: failure, at: now), leaving: .running)
        let ended = try #require(try stored("o"))
        #expect(ended.state == .canceled && ended.errorCode == ProblemCode.canceled.rawValue)
        #expect(try lines("o") == ["Started", "Failed"])
    }

    @Test func `what waits is called off, what runs is asked, and what is over stays so`() throws {
        let entered = try accepted()
        #expect(try store.write(entered))
        guard case .callOff(let mine) = entered.operation.cancel(by: me) else {
            Issue.record("what waits has nobody to be asked")
            return
        }
        try write(mine, leaving: .queued)
        guard case .ask(me) = mine.operation.cancel(by: me) else {
            Issue.record("what runs is its process's own")
            return
        }
        let end = try mine.operation.end(failure: Problem(.canceled, "x"), isTold: false, at: now)
        try write(end, leaving: .running)
        guard case .isOver(.canceled) = end.operation.cancel(by: me) else {
            Issue.record("what is over cannot be called off")
            return
        }
    }

    @Test func `what a process left that is gone has failed, and says so`() throws {
        let entered = try accepted(.stop)
        #expect(try store.write(entered))
        let gone = ProcessIdentity(pid: 0, start: "")
        let taken = try #require(entered.operation.take(by: gone))
        #expect(try store.write(taken))
        #expect(!taken.operation.isAlive)
        try write(taken.operation.abandon(of: nil, at: now), leaving: .running)
        let id = entered.operation.row.id
        #expect(try stored(id)?.state == .failed)
        #expect(try lines(id) == ["Accepted", "Failed"])
        #expect(try store.isTold(id, [.failed]) && !store.isTold(id, [.succeeded]))
    }
}
