import ControlPlane
import Foundation
import Portal
import PostgresFormat
import ServiceModel
import Testing

@testable import Server

/// Signing in, and what a stranger may try: no browser, no socket.
@Suite(.timeLimit(.minutes(5)))
struct PortalTests {
    let server: APIUnderTest
    private let sessions: PortalSessions
    private let own = ["origin": "https://127.0.0.1:8443"]

    init() throws {
        server = try APIUnderTest()
        sessions = PortalSessions(server.controlPlane)
    }

    private func form(_ fields: KeyValuePairs<String, String>) -> String {
        fields.map {
            "\($0.key)=\($0.value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
        }
        .joined(separator: "&")
    }

    private func get(_ path: String, _ cookie: String, user: UInt32? = 7) -> APIResponse {
        server.send("GET", path, headers: ["cookie": cookie], user: user)
    }

    private func post(
        _ path: String, _ cookie: String, _ fields: KeyValuePairs<String, String>, user: UInt32? = 7,
        headers: [String: String]? = nil
    ) -> APIResponse {
        var all = headers ?? own
        all["cookie"] = cookie
        return server.send("POST", path, body: form(fields), headers: all, user: user)
    }

    /// The cookie of a browser that signed in with a link.
    private func signedIn() throws -> String {
        let answer = post("/portal/sign-in", "", ["code": try sessions.makeLink()])
        #expect(answer.status == 303 && answer["Location"] == "/portal")
        return try cookie(answer)
    }

    private func signedIn(_ role: AccessRole) throws -> String {
        let made = try server.identity(role)
        return try cookie(
            post("/portal/sign-in", "", ["name": made.identity.clientID, "secret": made.secret]))
    }

    private func cookie(_ answer: APIResponse) throws -> String {
        String(try #require(answer["Set-Cookie"]).prefix { $0 != ";" })
    }

    private func token(_ page: APIResponse) throws -> String {
        let text = page.text
        let start = try #require(text.firstRange(of: "name=\"token\" value=\"")).upperBound
        return String(text[start...].prefix { $0 != "\"" })
    }

    // MARK: Signing in

    @Test func `a link signs in once, and only by its button`() throws {
        let code = try sessions.makeLink()
        for _ in 1...2 { #expect(get("/portal/sign-in?code=\(code)", "").text.contains("<button")) }
        let answer = post("/portal/sign-in", "", ["code": code])
        let set = try #require(answer["Set-Cookie"])
        #expect(set.hasPrefix("__Host-pitr="))
        for word in ["Path=/;", "Secure", "HttpOnly", "SameSite=Strict"] { #expect(set.contains(word)) }
        #expect(!set.contains("Domain"))
        #expect(try get("/portal", cookie(answer)).status == 200)
        #expect(post("/portal/sign-in", "", ["code": code]).status == 401)
    }

    @Test func `a link is over after two minutes, a session after eight hours`() throws {
        let code = try sessions.makeLink()
        let cookie = try signedIn()
        server.clock.advance(seconds: 121)
        #expect(post("/portal/sign-in", "", ["code": code]).status == 401)
        #expect(get("/portal", cookie).status == 200)
        server.clock.advance(seconds: 8 * 3600)
        #expect(get("/portal", cookie)["Location"] == "/portal/sign-in")
    }

    @Test(arguments: [nil, 8] as [UInt32?])
    func `a link is no use to another account`(user: UInt32?) throws {
        let code = try sessions.makeLink()
        #expect(post("/portal/sign-in", "", ["code": code], user: user).status == 401)
        #expect(post("/portal/sign-in", "", ["code": code]).status == 303)
    }

    @Test func `a request whose account is not told any more is refused, and its session stays`() throws {
        let cookie = try signedIn()
        #expect(get("/portal", cookie, user: nil)["Location"] == "/portal/sign-in")
        #expect(get("/portal", cookie).status == 200)
    }

    @Test(arguments: [0, 8] as [UInt32?])
    func `a cookie that another account has got is refused, and its session ended`(user: UInt32?) throws {
        let cookie = try signedIn()
        #expect(get("/portal", cookie, user: user)["Location"] == "/portal/sign-in")
        #expect(get("/portal", cookie)["Location"] == "/portal/sign-in")
    }

    @Test func `signing in begins a session of its own, and ends the one before`() throws {
        let chosen = "__Host-pitr=chosen-by-somebody-else"
        let answer = post("/portal/sign-in", chosen, ["code": try sessions.makeLink()])
        let first = try cookie(answer)
        #expect(first != chosen && get("/portal", chosen).status == 303)
        let second = try cookie(post("/portal/sign-in", first, ["code": try sessions.makeLink()]))
        #expect(get("/portal", first).status == 303 && get("/portal", second).status == 200)
    }

    @Test func `of one identity's sessions the oldest goes, and nobody else's`() throws {
        let other = try signedIn(.reader)
        let first = try signedIn()
        for _ in 0..<PortalSessions.mostOfIdentity {
            server.clock.advance(seconds: 1)
            _ = try signedIn()
        }
        #expect(get("/portal", first).status == 303 && get("/portal", other).status == 200)
    }

    @Test func `signing out ends one session, or all of them`() throws {
        let (one, other) = (try signedIn(), try signedIn())
        let page = get("/portal", one)
        #expect(post("/portal/sign-out", one, ["token": try token(page)]).status == 303)
        #expect(get("/portal", one).status == 303 && get("/portal", other).status == 200)
        let code = try sessions.makeLink()
        #expect(try sessions.endAll() == 1)
        #expect(get("/portal", other).status == 303)
        #expect(post("/portal/sign-in", "", ["code": code]).status == 401)
    }

    @Test func `an identity that is deleted is out at once`() throws {
        let cookie = try signedIn(.reader)
        #expect(get("/portal", cookie).status == 200)
        try server.controlPlane.deleteIdentity("ann")
        #expect(get("/portal", cookie).status == 303)
        #expect(post("/portal/sign-in", "", ["name": "ann", "secret": "wrong"]).status == 401)
    }

    // MARK: Forged forms

    @Test(arguments: [
        [:], ["origin": "https://evil.example"], ["origin": "null"],
        ["origin": "null", "sec-fetch-site": "cross-site"], ["sec-fetch-site": "same-site"],
        ["origin": "https://127.0.0.1:8444"], ["origin": "http://127.0.0.1:8443"],
    ])
    func `a form from elsewhere is refused`(headers: [String: String]) throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        let answer = post("/portal/sign-out", cookie, ["token": token], headers: headers)
        #expect(answer.status == 403 && get("/portal", cookie).status == 200)
    }

    @Test func `a browser that tells no origin says that the site is its own`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        let headers = ["origin": "null", "sec-fetch-site": "same-origin"]
        #expect(post("/portal/sign-out", cookie, ["token": token], headers: headers).status == 303)
    }

    @Test func `a form without its session's token is refused`() throws {
        let (cookie, other) = (try signedIn(), try signedIn())
        for token in ["", "guess", try token(get("/portal", other))] {
            #expect(post("/portal/create", cookie, ["token": token, "name": "orders"]).status == 403)
        }
        #expect(try server.controlPlane.listOperations(resourceGroup: nil, all: true).isEmpty)
    }

    @Test func `a name that leads here from elsewhere gets nothing`() throws {
        let answer = server.send(
            "GET", "/portal", headers: ["cookie": try signedIn()], authority: "evil.example:8443")
        #expect(answer.status == 421)
    }

    @Test(arguments: [
        "/portal", "/portal/create", "/portal/sign-in", "/portal/nowhere", "/portal/assets/portal.css",
        "/portal/servers/a/b", "/portal/notifications", "/portal/deleted", "/portal/activity",
        "/portal/access",
    ])
    func `every answer keeps strangers, frames and caches away`(path: String) throws {
        let answer = get(path, try signedIn())
        let policy = try #require(answer["Content-Security-Policy"])
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(answer["Cache-Control"] == "no-store" && answer["Referrer-Policy"] == "no-referrer")
        #expect(answer["X-Frame-Options"] == "DENY" && answer["X-Content-Type-Options"] == "nosniff")
        #expect(answer.headers.filter { $0.name == "Cache-Control" }.count == 1)
    }

    // MARK: What one may do

    @Test func `a reader sees no button that is refused, and is refused what is posted by hand`() throws {
        let cookie = try signedIn(.reader)
        let page = get("/portal", cookie)
        #expect(!page.text.contains("Create server"))
        #expect(get("/portal/create", cookie).status == 403)
        let answer = post("/portal/create", cookie, ["token": try token(page), "group": "demo", "name": "x"])
        #expect(answer.status == 403)
    }

    @Test func `a form that is sent twice begins one operation`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        let fields: KeyValuePairs = [
            "token": token, "once": "1", "group": "demo", "name": "orders", "version": "15", "login": "ann",
            "password": "Secret-4711", "confirm": "Secret-4711", "tier": "Burstable", "size": "",
            "storage": "32", "retention": "9", "access": "here", "tags": "a=<b>",
        ]
        let first = post("/portal/create", cookie, fields)
        let second = post("/portal/create", cookie, fields)
        #expect(first.status == 303, "\(first.text)")
        #expect(first["Location"] == second["Location"])
        #expect(first["Location"]?.hasPrefix("/portal/deployments/") == true)
        #expect(try server.controlPlane.listOperations(resourceGroup: nil, all: true).count == 1)
        let page = get(first["Location"] ?? "", cookie)
        #expect(page.text.contains("Deployment is in progress") && !page.text.contains("Secret-4711"))
    }

    @Test func `an operation that waits is called off by who may begin it, and by nobody else`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        let begun = post(
            "/portal/create", cookie,
            [
                "token": token, "group": "demo", "name": "orders", "version": "15", "login": "ann",
                "password": "Secret-4711", "confirm": "Secret-4711", "tier": "Burstable", "storage": "32",
                "retention": "9",
            ])
        let path = try #require(begun["Location"])
        let reader = try signedIn(.reader)
        #expect(!get(path, reader).text.contains("Cancel deployment"))
        let refused = post(path, reader, ["token": try self.token(get("/portal", reader))])
        #expect(refused.status == 403 && get(path, cookie).text.contains("Cancel deployment"))
        #expect(post(path, cookie, ["token": token]).status == 303)
        #expect(
            try server.controlPlane.listOperations(resourceGroup: nil, all: true).first?.phase == .canceled)
        #expect(post(path, cookie, ["token": token])["Location"] == path)
    }

    @Test func `identities are deleted by an Owner of everything, and none deletes itself`() throws {
        let reader = try signedIn(.reader)
        let fields: (String) -> KeyValuePairs<String, String> = { ["token": $0, "name": "ann"] }
        #expect(post("/portal/access", reader, fields(try token(get("/portal", reader)))).status == 403)
        #expect(!get("/portal/access", reader).text.contains("Delete for good"))
        let owner = try signedIn()
        let token = try token(get("/portal", owner))
        #expect(get("/portal/access", owner).text.contains("Delete ann"))
        #expect(post("/portal/access", owner, ["token": token, "name": "local"]).status == 400)
        #expect(post("/portal/access", owner, fields(token)).status == 303)
        #expect(get("/portal", reader).status == 303)
    }

    @Test func `what will be created is shown first, and a password is kept for that session alone`() throws {
        let (cookie, other) = (try signedIn(), try signedIn())
        func create(_ cookie: String, _ step: String, kept: String? = nil) throws -> APIResponse {
            let passwords = kept.map { "kept=\($0)" } ?? "password=Secret-4711&confirm=Secret-4711"
            let fields = form([
                "token": try token(get("/portal", cookie)), "once": "1", "step": step, "group": "demo",
                "name": "orders", "version": "15", "login": "ann", "tier": "Burstable", "storage": "32",
                "retention": "9",
            ])
            var headers = own
            headers["cookie"] = cookie
            return server.send(
                "POST", "/portal/create", body: fields + "&" + passwords, headers: headers, user: 7)
        }
        func kept() throws -> String {
            let page = try create(cookie, "review")
            #expect(page.status == 200 && page.text.contains("demo (new)"), "\(page.text)")
            #expect(!page.text.contains("Secret-4711"))
            let start = try #require(page.text.firstRange(of: "name=\"kept\" value=\"")).upperBound
            return String(page.text[start...].prefix { $0 != "\"" })
        }
        let old = try kept()
        #expect(try create(other, "create", kept: old).text.contains("the password is no longer kept"))
        server.clock.advance(seconds: PortalPasswords.lifetime + 1)
        #expect(try create(cookie, "create", kept: old).status == 400)
        #expect(try server.controlPlane.listOperations(resourceGroup: nil, all: true).isEmpty)
        let fresh = try kept()
        let begun = try create(cookie, "create", kept: fresh)
        #expect(begun.status == 303)
        #expect(try create(cookie, "create", kept: fresh)["Location"] == begun["Location"])
    }

    @Test func `a form that was filled anew after Back is not the one before`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        func create(_ name: String) -> APIResponse {
            post(
                "/portal/create", cookie,
                [
                    "token": token, "once": "1", "group": "demo", "name": name, "version": "15",
                    "login": "ann", "password": "Secret-4711", "confirm": "Secret-4711", "tier": "Burstable",
                    "storage": "32", "retention": "9",
                ])
        }
        let (first, other) = (create("orders"), create("invoices"))
        #expect(first.status == 303 && other.status == 303 && first["Location"] != other["Location"])
        #expect(create("orders")["Location"] == first["Location"])
    }

    @Test func `a server that is refused leaves no group behind`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        func create(_ name: String, tags: String) -> APIResponse {
            post(
                "/portal/create", cookie,
                [
                    "token": token, "group": "fresh", "name": name, "version": "15", "login": "ann",
                    "password": "Secret-4711", "confirm": "Secret-4711", "tier": "Burstable",
                    "storage": "32", "retention": "9", "tags": tags,
                ])
        }
        #expect(create("NO NAME", tags: "").status == 400)
        let tags = (1...51).map { "t\($0)=x" }.joined(separator: " ")
        #expect(create("orders", tags: tags).text.contains("The tags cannot be taken."))
        #expect(try !server.controlPlane.listGroups().contains { $0.name == "fresh" })
    }

    @Test func `a form of more than 32 KiB is refused`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        let tags = String(repeating: "x", count: 33_000)
        #expect(post("/portal/create", cookie, ["token": token, "tags": tags]).status == 413)
    }

    /// With one lock for all forms the inner one would wait for ever.
    @Test func `one form does not wait for another`() throws {
        let sent = PortalSentForms()
        let inner = try sent.once("a") { try sent.once("b") { "1" } + "2" }
        #expect(inner == "12" && sent.operation(of: "b") == "1")
        #expect(throws: CancellationError.self) { try sent.once("c") { throw CancellationError() } }
        #expect(try sent.once("c") { "3" } == "3" && sent.once("c") { "4" } == "3")
    }

    @Test func `a list can be had as CSV and as JSON`() throws {
        let cookie = try signedIn()
        let csv = get("/portal?format=csv", cookie)
        #expect(csv["Content-Type"] == "text/csv; charset=utf-8" && csv.text.hasPrefix("name,resourceGroup,"))
        let json = get("/portal/notifications?format=json", cookie)
        #expect(json.text == "[]" && json["Content-Disposition"]?.hasPrefix("attachment") == true)
    }

    @Test func `a refused form keeps what was typed, but for the password`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        let answer = post(
            "/portal/create", cookie,
            [
                "token": token, "group": "demo", "name": "NO_NAME<x>", "login": "ann",
                "password": "Secret-4711",
                "confirm": "Secret-4712", "storage": "32", "retention": "99",
            ])
        #expect(answer.status == 400 && answer.text.contains("the two passwords differ"))
        #expect(answer.text.contains("value=\"NO_NAME&lt;x&gt;\"") && answer.text.contains("value=\"99\""))
        #expect(!answer.text.contains("Secret-"))
    }

    @Test func `nothing that a form may hold makes the server fail`() throws {
        let cookie = try signedIn()
        let token = try token(get("/portal", cookie))
        let odd = ["", "\0", "../..", "'\"<>", String(repeating: "9", count: 400), "-1", "é\u{202E}", "%00"]
        for value in odd {
            for path in [
                "/portal/create", "/portal/deleted", "/portal/access",
                "/portal/servers/demo/\(value.isEmpty ? "x" : "y")/restore",
            ] {
                let answer = post(
                    path, cookie,
                    [
                        "token": token, "group": value, "name": value, "login": value, "password": value,
                        "confirm": value, "tier": value, "size": value, "storage": value,
                        "retention": value, "tags": value, "access": value, "moment": value,
                    ])
                #expect((400..<500).contains(answer.status), "\(path) \(value)")
            }
        }
    }
}

extension APIResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}
