import Platform
import ServiceModel
import Testing

@testable import AzureAPI

/// What is asked of an undo and of a comparison by the API.
@Suite(.timeLimit(.minutes(5)))
struct RepairBodyTests {
    private static let server = ServerReference(resourceGroup: "shop", name: "orders")

    private func undo(_ properties: String) throws -> UndoRequest {
        try UndoBody(Array("{\"properties\":{\(properties)}}".utf8), of: Self.server).request
    }

    private func compare(_ body: String) throws -> CompareRequest {
        try CompareBody(Array(body.utf8), of: Self.server).request
    }

    @Test func `an undo names transactions, an event, or two times, and says how`() throws {
        let request = try undo(
            "\"transactions\":[\"745\",\"746\"],\"tables\":[\"a\"],\"conflicts\":\"Skip\",\"strict\":true,"
                + "\"batch\":10,\"preview\":true,\"proof\":false")
        #expect(request.wanted.words == "transactions 745, 746")
        #expect(request.tables == ["a"] && request.conflicts == .skip && request.isStrict)
        #expect(request.decisions == nil)
        let decided = try undo(
            "\"transactions\":[\"745\"],\"decisions\":[{\"table\":\"public.t\",\"key\":\"id=1\","
                + "\"column\":\"a\",\"before\":null,\"after\":\"\",\"decision\":\"Skip\"}]")
        #expect(
            decided.decisions == [
                ConflictDecision(
                    table: "public.t", key: "id=1", column: "a", before: nil, after: "", now: nil,
                    choice: .skip)
            ])
        #expect(request.batch == 10 && request.isPreview && !request.proves)
        let event = try undo("\"event\":\"update orders\",\"occurrence\":\"latest\"")
        let only = try undo("\"event\":\"update orders\"")
        #expect(event.wanted.words == "update orders" && event.wanted != only.wanted)
        #expect(event.proves && !event.isPreview)
        let window = try undo(
            "\"fromTime\":\"2026-11-29T04:37:12Z\",\"toTime\":\"2026-11-29T04:38:12Z\"")
        guard case .window(let from, let to) = window.wanted else { throw Problem(.system, "not so") }
        #expect(from.instant < to.instant)
    }

    @Test(arguments: [
        "", "\"transactions\":[],\"conflicts\":\"stop\"", "\"transactions\":[\"x\"]", "\"transactions\":[7]",
        "\"transactions\":[\"745\"],\"event\":\"update orders\"", "\"fromTime\":\"2026-11-29T04:37:12Z\"",
        "\"event\":\"hello\"", "\"event\":\"update t\",\"occurrence\":\"0\"",
        "\"transactions\":[\"745\"],\"conflicts\":\"merge\"",
        "\"transactions\":[\"745\"],\"decisions\":{}", "\"transactions\":[\"7\"],\"decisions\":[\"x\"]",
        "\"transactions\":[\"745\"],\"decisions\":[{\"table\":\"t\",\"column\":\"a\"}]",
        "\"transactions\":[\"7\"],\"decisions\":[{\"table\":\"t\",\"column\":\"a\",\"decision\":\"stop\"}]",
    ])
    func `an undo that does not say what it means is the caller's mistake`(properties: String) {
        let problem = #expect(throws: Problem.self) { try undo(properties) }
        #expect(problem?.code.httpStatus == 400, "\(String(describing: problem))")
    }

    @Test func `a comparison is with its source's now unless another side is named`() throws {
        #expect(try compare("").other == .sourceNow)
        #expect(try compare("{\"properties\":{\"withSource\":true}}").other == .source)
        let other = try compare("{\"properties\":{\"with\":\"copy\",\"rows\":false}}")
        #expect(other.other == .server(ServerReference(resourceGroup: "shop", name: "copy")))
        #expect(!other.comparesRows && other.comparesSchema)
        for body in [
            "{\"properties\":{\"with\":\"copy\",\"withSource\":true}}", "{\"properties\":{\"tables\":3}}",
        ] {
            let problem = #expect(throws: Problem.self) { try compare(body) }
            #expect(problem?.code.httpStatus == 400)
        }
    }
}
