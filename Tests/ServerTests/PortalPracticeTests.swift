import ControlPlane
import ServiceModel
import ServiceSamples
import Testing

@testable import Server

/// The incident of `pitr demo --portal` as the portal has it.
@Suite(.timeLimit(.minutes(5)))
struct PortalPracticeTests {
    private let server: APIUnderTest

    init() throws {
        server = try APIUnderTest()
    }

    private func signIn(_ body: String) throws -> String {
        let answer = server.send(
            "POST", "/portal/sign-in", body: body, headers: ["origin": "https://127.0.0.1:8443"])
        return String(try #require(answer["Set-Cookie"]).prefix { $0 != ";" })
    }

    private func get(_ path: String, _ cookie: String) -> APIResponse {
        server.send("GET", path, headers: ["cookie": cookie])
    }

    @Test func `copies are a practice's by the id of its server, and by no name`() {
        func copy(_ id: String, of source: String, in group: String = "shop") -> ServerDetails {
            var server = ServerDetails.full
            server.id = id
            server.resourceGroup = group
            server.restoredFrom?.sourceServerID = source
            return server
        }
        var practice = Practice(ServerReference(resourceGroup: "demo", name: "orders"), tasks: [])
        let servers = [
            copy("c1", of: "s1"), copy("c2", of: "s0"), copy("c3", of: "s2"), copy("c4", of: "s3"),
            copy("s2", of: "s1", in: "demo"),
        ]
        let deleted = [copy("s3", of: "s1", in: "demo"), copy("c5", of: "s1")]
        #expect(practice.copies(among: servers, deleted: deleted).isEmpty)
        practice.serverID = "s1"
        #expect(practice.copies(among: servers, deleted: deleted).map(\.id) == ["c1", "c3", "c4"])
    }

    @Test func `an incident is shown while there is one, and its tasks one after the other`() throws {
        let cookie = try signIn("code=\(PortalSessions(server.controlPlane).makeLink())")
        #expect(get("/portal/practice", cookie).status == 404)
        #expect(!get("/portal", cookie).text.contains("/portal/practice"))
        var practice = Practice(
            ServerReference(resourceGroup: "demo", name: "orders"),
            tasks: [
                Practice.Task("First", ["One."]), Practice.Task("Second", ["Two <b>."]),
                Practice.Task("Third", ["Three."]),
            ])
        practice.tasks[0].isDone = true
        practice.tasks[0].finding = "it is back"
        practice.tasks[1].finding = "it is of a moment before"
        try server.controlPlane.keep(practice)
        #expect(get("/portal", cookie).text.contains("href=\"/portal/practice\""))
        let text = get("/portal/practice", cookie).text
        for words in ["One.", "Accepted", ": it is back", "Two &lt;b&gt;.", "Not yet", ": it is of a moment"]
        {
            #expect(text.contains(words))
        }
        #expect(text.contains("Third") && !text.contains("Three."))
        try server.controlPlane.endPractice()
        #expect(get("/portal/practice", cookie).status == 404)
    }

    @Test func `who may not see its group is shown no incident`() throws {
        _ = try server.controlPlane.createGroup(name: "another", location: nil, tags: [:])
        let made = try server.identity(.reader, .resourceGroup("another"))
        let cookie = try signIn("name=\(made.identity.clientID)&secret=\(made.secret)")
        try server.controlPlane.keep(
            Practice(ServerReference(resourceGroup: "demo", name: "orders"), tasks: []))
        #expect(get("/portal/practice", cookie).status == 404)
        #expect(!get("/portal", cookie).text.contains("/portal/practice"))
    }
}
