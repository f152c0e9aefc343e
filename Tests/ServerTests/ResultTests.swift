import Glibc
import Notation
import Planning
import PostgresFormat
import ServiceModel
import TestKit
import Testing
import WALEvents

@testable import ControlPlane
@testable import Platform
@testable import Server

/// What came of undos and comparisons, by the API: lists, one, its files, and who may have them.
@Suite(.timeLimit(.minutes(5)))
struct ResultTests {
    private static let path =
        APIUnderTest.subscription
        + "/resourceGroups/shop/providers/Microsoft.DBforPostgreSQL/flexibleServers/orders"

    /// A server that is entered and was never made, with a result as a worker leaves it.
    ///
    /// - Parameter otherGroup: of what it was compared with, as of a comparison.
    private static func prepare(_ test: APIUnderTest, otherGroup: String? = nil) throws {
        let undo = UndoRequest(resourceGroup: "shop", sourceServer: "orders", wanted: .transactions([]))
        var result = test.result(try test.enteredServer(), undo, sides: ["before", "after", "now"])
        result.writtenRows = 1
        result.otherResourceGroup = otherGroup
        result.notes = ["the script fails with them: Smith owes 7"]
        let store = test.controlPlane.results
        let written = try store.begin("r1")
        try DurableFiles.makeDirectories(store.files("r1") + "/rows")
        for name in ["repair.sql", "report.md", "rows/public.t.csv"] {
            try DurableFiles.write(Array("of \(name)".utf8), to: store.files("r1") + "/" + name)
        }
        try store.finish(result, written)
    }

    @Test func `a result is listed and shown, and its files are downloads`() throws {
        let test = try APIUnderTest()
        try Self.prepare(test)
        let token = try test.token()
        func send(_ method: String, _ path: String) -> APIResponse {
            test.send(method, Self.path + path, token: token)
        }
        let list = send("GET", "/results").json
        #expect(list["value"]?.array?.map { $0["id"]?.string } == ["r1"], "\(list)")
        let shown = send("GET", "/results/r1").json
        #expect(shown["files"]?.array?.count == 3 && shown["notes"]?.array?.count == 1, "\(shown)")
        let script = send("GET", "/results/r1/repair.sql")
        #expect(script.status == 200 && script.body == Array("of repair.sql".utf8))
        #expect(script["content-type"] == "text/plain; charset=utf-8")
        #expect(script["content-disposition"] == "attachment; filename=\"repair.sql\"")
        let rows = send("GET", "/results/r1/rows/public.t.csv")
        #expect(rows.status == 200 && rows["content-type"] == "text/csv; charset=utf-8")
        for absent in ["r1/result.json", "r1/..%2Fresult.json", "r2", "r2/repair.sql", "..", "r1/rows/x"] {
            let answer = send("GET", "/results/" + absent)
            #expect(answer.status == 404, "\(absent): \(answer.status)")
        }
        #expect(send("DELETE", "/results/r1").status == 204)
        #expect(send("GET", "/results/r1").status == 404)
    }

    @Test func `a reader sees that there is a result, and nothing of what tables hold`() throws {
        let test = try APIUnderTest()
        try Self.prepare(test)
        let reader = try test.identity(.reader)
        let token = try test.token(reader.identity)
        func status(_ method: String, _ path: String, _ body: String = "") -> Int {
            test.send(method, Self.path + path, token: token, body: body).status
        }
        #expect(status("GET", "/results") == 200 && status("GET", "/results/r1") == 200)
        let shown = test.send("GET", Self.path + "/results/r1", token: token).json
        #expect(shown["notes"]?.array?.isEmpty == true && shown["files"]?.array?.count == 3, "\(shown)")
        #expect(status("GET", "/results/r1/repair.sql") == 403)
        #expect(status("GET", "/results/r1/rows/public.t.csv") == 403)
        #expect(status("DELETE", "/results/r1") == 403)
        #expect(status("POST", "/undo", "{\"properties\":{\"transactions\":[\"745\"]}}") == 403)
        #expect(status("POST", "/compare") == 403)
        let restorer = try test.identity(.restoreOperator, name: "bea")
        let restores = test.send(
            "GET", Self.path + "/results/r1/repair.sql", token: try test.token(restorer.identity))
        #expect(restores.status == 200)
    }

    @Test func `rows of another resource group are for whoever may read results there too`() throws {
        let test = try APIUnderTest()
        try Self.prepare(test, otherGroup: "payroll")
        func status(_ path: String, _ scope: AccessScope, _ name: String) throws -> Int {
            let identity = try test.identity(.restoreOperator, scope, name: name)
            return test.send("GET", Self.path + path, token: try test.token(identity.identity)).status
        }
        let shop = AccessScope.resourceGroup("shop")
        #expect(try status("/results/r1", shop, "ann") == 200)
        #expect(try status("/results/r1/repair.sql", shop, "bea") == 403)
        #expect(try status("/results/r1/rows/public.t.csv", shop, "cid") == 403)
        #expect(try status("/results/r1/repair.sql", .subscription, "dan") == 200)
    }

    @Test func `a file that would fill the daemon's memory is not sent`() throws {
        let test = try APIUnderTest()
        try Self.prepare(test)
        let store = test.controlPlane.results
        #expect(truncate(store.files("r1") + "/report.md", 129 << 20) == 0)
        try store.finish(try test.controlPlane.showResult("r1"), WatchedFileSystem(store.folder))
        let token = try test.token()
        let answer = test.send("GET", Self.path + "/results/r1/report.md", token: token)
        #expect(answer.status == 400 && answer.errorCode == "OperationNotSupported", "\(answer.status)")
        #expect(test.send("GET", Self.path + "/results/r1/repair.sql", token: token).status == 200)
    }

    @Test func `decisions beside rows are taken from the file that was looked at, and from no other`() throws
    {
        let test = try APIUnderTest()
        try Self.prepare(test)
        let store = test.controlPlane.results
        let lines = """
            table,key,change,verdict,column,before,after,now,written_since,reason,decision(before|now|skip)
            public.t,id=1,update,conflict,a,"</td><script>\nx",,"",,,
            public.t,id=2,update,conflict,a,x,y,z,,,
            """
        try DurableFiles.write(Array(lines.utf8), to: store.files("r1") + "/conflicts.csv")
        try store.finish(try test.controlPlane.showResult("r1"), WatchedFileSystem(store.folder))
        let kept = try test.controlPlane.showResult("r1")
        let decisions = try test.controlPlane.decisions(of: kept, [1: .now, 0: .before])
        #expect(
            decisions == [
                ConflictDecision(
                    table: "public.t", key: "id=1", column: "a", before: "</td><script>\nx", after: nil,
                    now: "", choice: .before, line: 2, isThere: true),
                ConflictDecision(
                    table: "public.t", key: "id=2", column: "a", before: "x", after: "y", now: "z",
                    choice: .now, line: 4, isThere: true),
            ])
        #expect(try test.controlPlane.decisions(of: kept, [:]) == nil)
        // What was decided before stays for the rows that nobody was asked about.
        var other = decisions?.first
        other?.key = "id=9"
        let earlier = (decisions ?? []) + [other].compactMap { $0 }
        let merged = try test.controlPlane.decisions(of: kept, [1: .skip], besides: earlier, asked: [0, 1])
        #expect(merged?.map(\.key) == ["id=9", "id=2"] && merged?.map(\.choice) == [.before, .skip])
        #expect(try test.controlPlane.decisions(of: kept, [:], besides: earlier) == earlier)
        for record in [2, -1] {
            #expect(throws: Problem.self) { try test.controlPlane.decisions(of: kept, [record: .skip]) }
        }
    }

    @Test func `a script takes back the transactions that its preview found, not what did the same since`()
        throws
    {
        let now = PostgresTimestamp(unixMicroseconds: 1_800_000_000_000_000)
        let event = UndoRequest.Wanted.everyEvent(try RequestedEvent("update products", EventChoice(.only)))
        var request = UndoRequest(resourceGroup: "shop", sourceServer: "orders", wanted: event)
        var result = KeptResult(
            id: "r1", server: "orders", serverID: "1", serverName: "orders", caller: "ann",
            work: .undo(request), subject: "2 transactions", startedAt: now, finishedAt: now, summary: "",
            sides: [])
        #expect(result.wantedAgain(request) == nil)
        let found = CommittedTransactions([
            .init(xid: TransactionID(745), commit: LSN(0x300_0148), time: now),
            .init(xid: TransactionID(.max), commit: LSN(.max), time: PostgresTimestamp(microseconds: -1)),
        ])
        result.shown = found
        request.wanted = try #require(result.wantedAgain(request))
        #expect(request.wanted == .shown(found, of: event))
        // Of a preview's preview.
        #expect(result.wantedAgain(request) == .shown(found, of: event))
        let kept = try CatalogJSON.value(UndoRequest.self, CatalogJSON.text(request))
        #expect(kept == request)
        guard case .shown(let read, _) = kept.wanted else { throw Problem(.system, "not so") }
        guard case .each(let all) = try read.kept() else { throw Problem(.system, "not so") }
        #expect(all.map(\.xid.rawValue) == [745, .max])
        #expect(all.last?.commit == LSN(.max))
        #expect(all.map(\.time.microseconds) == [now.microseconds, -1])
    }

    @Test func `a script of an earlier version's preview takes back what that kept, or there is none`()
        throws
    {
        let now = PostgresTimestamp(unixMicroseconds: 1_800_000_000_000_000)
        let time = RequestedTime(now, typed: "now")
        let event = UndoRequest.Wanted.event(try RequestedEvent("update products", EventChoice(.latest)))
        var request = UndoRequest(resourceGroup: "shop", sourceServer: "orders", wanted: event)
        var result = KeptResult(
            id: "r1", server: "orders", serverID: "1", serverName: "orders", caller: "ann",
            work: .undo(request), subject: "transaction 745", startedAt: now, finishedAt: now, summary: "",
            sides: [])
        #expect(result.wantedAgain(request) == nil)
        result.found = TransactionNumber(745)
        let kept = try CatalogJSON.value(KeptResult.self, CatalogJSON.text(result))
        #expect(kept.wantedAgain(request) == .transactions([TransactionNumber(745)]))
        result.found = nil
        request.wanted = .transactions([TransactionNumber(746), TransactionNumber(745)])
        #expect(result.wantedAgain(request) == request.wanted)
        request.wanted = .window(from: time, to: time)
        #expect(result.wantedAgain(request) == nil)
    }

    @Test func `a row is decided by all of its lines in the file, one of an earlier version by the first`() {
        var row = KeptResult.Row(key: "id=1", outcome: "conflict", isConflict: true, remark: "", cells: [])
        #expect(row.records.isEmpty)
        row.record = 4
        #expect(row.records == [4])
        row.recordCount = 3
        #expect(row.records == [4, 5, 6])
    }

    @Test func `a result that cannot be read is deleted all the same, and nothing beside it`() throws {
        let test = try APIUnderTest()
        try Self.prepare(test)
        let store = test.controlPlane.results
        try DurableFiles.write(Array("{}".utf8), to: store.folder + "/r1/result.json")
        #expect(throws: Problem.self) { try test.controlPlane.showResult("r1") }
        for name in ["..", ".", "", "r2"] {
            #expect(throws: Problem.self) { try test.controlPlane.deleteResult(name) }
            try store.remove(name)
        }
        #expect(DurableFiles.status(store.folder + "/r1") != nil)
        try test.controlPlane.deleteResult("r1")
        #expect(try store.ids().isEmpty)
    }

    @Test func `a script that only makes again what was dropped is one to run`() {
        let now = PostgresTimestamp(unixMicroseconds: 1_800_000_000_000_000)
        var result = KeptResult(
            id: "r1", server: "orders", serverID: "1", serverName: "orders", caller: "ann",
            work: .undo(
                UndoRequest(resourceGroup: "shop", sourceServer: "orders", wanted: .transactions([]))),
            subject: "transaction 745", startedAt: now, finishedAt: now, summary: "", sides: [])
        result.files = [KeptResult.File(name: KeptResult.scriptName, bytes: 1)]
        #expect(!result.hasScript)
        result.writesDefinitions = true
        #expect(result.hasScript)
    }
}
