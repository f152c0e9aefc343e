#if canImport(Glibc)
    import Glibc
#endif
import Catalog
import GRDB
import Notation
import Planning
import PostgresFormat
import ServiceModel
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// What an earlier build left in a state directory is still read: `fixtures/state` holds a catalog, the
/// descriptions of its servers and every kind of operation as it is queued. They are never written anew; what
/// a later build writes can be added beside them.
struct StateFixtureTests {
    private static let folder =
        DurableFiles.parent(of: DurableFiles.parent(of: DurableFiles.parent(of: #filePath)))
        + "/fixtures/state"

    private func text(_ name: String) throws -> String {
        String(decoding: try DurableFiles.read(Self.folder + "/" + name), as: UTF8.self)
    }

    @Test(.timeLimit(.minutes(5))) func `the catalog of an earlier build is read, with all that is in it`()
        throws
    {
        let scratch = try ScratchDirectory("state")
        try DatabaseQueue(path: scratch.file("catalog.sqlite")).inDatabase {
            try $0.execute(sql: try text("catalog.dump"))
        }
        let account = ServiceAccount(
            name: "postgres", uid: 0, home: scratch.path, runtimeDirectory: scratch.file("run"),
            steppedDown: false)
        // Here are repositories of none of them; the catalog is believed.
        let control = try ControlPlane(account: account)
        let servers = try control.listServers(resourceGroup: nil)
        #expect(servers.map(\.name).sorted() == ["copy", "orders"])
        let copy = try #require(servers.first { $0.name == "copy" })
        #expect(copy.restoredFrom?.sourceServer.hasSuffix("orders") == true)
        #expect(copy.expiry != nil && copy.heldSince != nil)
        let evidence = try control.evidence(of: ServerReference(resourceGroup: "local", name: "copy"))
        #expect(evidence?.checks.isEmpty == false)
        let operations = try control.listOperations(resourceGroup: nil, all: true)
        #expect(Set(operations.map(\.kind)).isSuperset(of: ["create", "restore", "backup", "delete"]))
        let events = try control.activityLog(
            resourceGroup: "local", resourceID: nil, correlationID: nil, caller: nil, status: nil, from: nil,
            to: nil, limit: 100)
        #expect(events.count >= operations.count)
        #expect(try control.listIdentities().map(\.name).contains("ada"))
    }

    @Test(arguments: ["orders", "copy", "gone"])
    func `the description of a server is read, and says the same when it is written again`(_ name: String)
        throws
    {
        let kept = try text("server-\(name).json")
        let description = try ServerDescription(parsing: Array(kept.utf8), path: name)
        #expect(description.row.name == name)
        #expect(try JSONValue.parse(description.encoded()) == JSONValue.parse(kept))
    }

    @Test func `every kind of queued operation is read, and says the same when it is queued again`() throws {
        let path = Self.folder + "/requests.txt"
        if getenv("PITR_RECORD_STATE") != nil {
            let lines = try Self.requests.map { try CatalogJSON.text($0) + "\n" }
            try DurableFiles.write(Array(lines.joined().utf8), to: path)
        }
        let lines = try text("requests.txt").split(separator: "\n").map(String.init)
        #expect(lines.count >= Self.requests.count)
        for line in lines {
            let request = try CatalogJSON.value(OperationRequest.self, line)
            let again = try JSONValue.parse(CatalogJSON.text(request))
            #expect(Self.says(again, all: try JSONValue.parse(line)), "\(line)\n\(again)")
        }
    }

    /// Whether a document has everything that an older one has; a newer version may say more.
    private static func says(_ value: JSONValue, all old: JSONValue) -> Bool {
        guard let members = old.object?.members, let object = value.object else { return value == old }
        return members.allSatisfy { member in
            object[member.name].map { says($0, all: member.value) } ?? false
        }
    }

    private static func repairs(_ server: ServerReference, _ moment: PostgresTimestamp) -> [OperationRequest]
    {
        func undo(_ wanted: UndoRequest.Wanted) -> OperationRequest {
            var request = UndoRequest(
                resourceGroup: "local", sourceServer: "0123456789abcdef", wanted: wanted)
            request.tables = ["shop.orders"]
            request.conflicts = .skip
            return .undo(request)
        }
        let time = RequestedTime(moment, typed: "today 06:13:20")
        var compare = CompareRequest(server: server, other: .sourceNow)
        compare.tables = ["shop.*"]
        let shown = CommittedTransactions([
            .init(xid: TransactionID(745), commit: LSN(0x300_0148), time: moment)
        ])
        return [
            undo(.transactions([TransactionNumber(745)])), undo(.window(from: time, to: time)),
            undo(.shown(shown, of: .window(from: time, to: time))),
            .compare(compare), .compare(CompareRequest(server: server, other: .server(server))),
        ]
    }

    private static var requests: [OperationRequest] {
        let server = ServerReference(resourceGroup: "local", name: "orders")
        let moment = PostgresTimestamp(microseconds: 800_000_000_000_000)
        var create = CreateServerRequest(resourceGroup: "local")
        create.name = "orders"
        var restore = RestoreRequest(
            resourceGroup: "local", sourceServer: "0123456789abcdef", target: .latest(asOf: moment))
        restore.name = "copy"
        var drill = DrillRequest(
            RestoreRequest(
                resourceGroup: "local", sourceServer: "0123456789abcdef", target: .latest(asOf: moment)))
        drill.assertions = [DrillAssertion(name: "none.sql", sql: "SELECT 1 WHERE false")]
        return [
            .create(create), .restore(restore),
            .revive(restore), .geoRestore(restore, location: "northeurope"),
            .update(server, UpdateServerRequest()), .delete(server), .start(server), .stop(server),
            .restart(server), .createBackup(server, name: "nightly"),
            .deleteBackup(server, name: "nightly"),
            .writeRule(server, name: "office", start: "127.0.0.1", end: "127.0.0.9"),
            .deleteRule(server, name: "office"),
            .setParameter(server, name: "work_mem", value: "8192"),
            .setParameter(server, name: "work_mem", value: nil),
            .createDatabase(server, name: "shop", charset: "UTF8", collation: nil),
            .deleteDatabase(server, name: "shop"), .deleteGroup("shop"), .drill(drill),
            .verifyWAL(server),
        ] + repairs(server, moment)
    }
}
