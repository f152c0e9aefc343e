import ControlPlane
import Notation
import PostgresFormat
import ServiceModel
import TestKit
import Testing

@testable import Server

struct SignInTests {
    let server: APIUnderTest
    private let tokenPath = "/adfs/oauth2/token"

    init() throws {
        server = try APIUnderTest()
    }

    private func form(_ fields: KeyValuePairs<String, String>) -> String {
        fields.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }

    @Test func `tells clients where to go, in the shape that each asks for`() {
        let list = server.send("GET", "/metadata/endpoints").json
        let object = server.send("GET", "/metadata/endpoints?api-version=2022-09-01").json
        #expect(list.array == [object])
        #expect(object["authentication"]?["loginEndpoint"]?.string == "https://127.0.0.1:8443/adfs")
        let authority = server.send("GET", "/adfs/.well-known/openid-configuration").json
        #expect(authority["token_endpoint"]?.string == "https://127.0.0.1:8443/adfs/oauth2/token")
        let tenant = server.send("GET", "/\(ResourceID.tenant)/v2.0/.well-known/openid-configuration").json
        #expect(tenant["issuer"]?.string?.hasSuffix("/v2.0") == true)
        let path = tenant["token_endpoint"]?.string?.dropFirst("https://127.0.0.1:8443".count) ?? ""
        #expect(server.send("POST", String(path)).json["error"]?.string == "unsupported_grant_type")
    }

    @Test func `gives a token for a client's secret, and none for a wrong one`() throws {
        let made = try server.identity(.reader)
        func answer(_ id: String, _ secret: String) -> APIResponse {
            server.send(
                "POST", tokenPath,
                body: form(["grant_type": "client_credentials", "client_id": id, "client_secret": secret]))
        }
        let good = answer(made.identity.clientID, made.secret)
        let token = try #require(good.json["access_token"]?.string)
        #expect(good.status == 200 && good.json["expires_in"]?.integer == 3600)
        #expect(good.json["refresh_token"] == nil)
        #expect(server.send("GET", "/subscriptions", token: token).status == 200)
        for bad in [answer(made.identity.clientID, "wrong"), answer("nobody", made.secret), answer("", "")] {
            #expect(bad.status == 401 && bad.json["error"]?.string == "invalid_client")
        }
    }

    @Test func `the default identity signs in with its own secret`() throws {
        let body = form([
            "grant_type": "client_credentials", "client_id": "local",
            "client_secret": try server.controlPlane.localSecret(),
        ])
        let token = try #require(server.send("POST", tokenPath, body: body).json["access_token"]?.string)
        #expect(server.send("GET", "/subscriptions", token: token).status == 200)
        #expect(server.send("POST", tokenPath, body: body, isLoopback: false).status == 401)
    }

    @Test func `a server that is open to others knows no default identity`() throws {
        let open = try APIUnderTest(isOpenToOthers: true)
        let body = form([
            "grant_type": "client_credentials", "client_id": "local",
            "client_secret": try open.controlPlane.localSecret(),
        ])
        #expect(open.send("POST", tokenPath, body: body).status == 401)
        let stolen = try open.token()
        #expect(open.send("GET", "/subscriptions", token: stolen).errorCode == "InvalidAuthenticationToken")
        #expect(open.send("POST", "/adfs/oauth2/devicecode").status == 400)
        let other = try open.identity(.reader)
        let token = try open.token(other.identity)
        #expect(open.send("GET", "/subscriptions", token: token, isLoopback: false).status == 200)
    }

    @Test(arguments: [nil, 8] as [UInt32?])
    func `another account of the machine gets nothing without a secret`(user: UInt32?) {
        #expect(server.send("POST", "/adfs/oauth2/devicecode", user: user).status == 400)
        let authorize = "/adfs/oauth2/authorize?redirect_uri=http://localhost:8400"
        #expect(server.send("GET", authorize, user: user).status == 400)
        let identity = server.send(
            "GET", "/metadata/identity/oauth2/token", headers: ["metadata": "true"], user: user)
        #expect(identity.status == 400 && identity.json["access_token"] == nil)
    }

    @Test func `a device code is good once`() throws {
        let code = try #require(
            server.send("POST", "/adfs/oauth2/devicecode").json["device_code"]?.string)
        let body = form(["grant_type": "device_code", "device_code": code])
        // Who learns of the code on the way needs more than it.
        let first = server.send("POST", tokenPath, body: body)
        #expect(first.status == 200 && first.json["refresh_token"] != nil)
        let second = server.send("POST", tokenPath, body: body)
        #expect(second.status == 400 && second.json["error"]?.string == "invalid_grant")
    }

    @Test func `a browser is sent back to this machine only, and the code needs its verifier`() throws {
        let verifier = MachineSecret.fresh()
        let challenge = MachineSecret.urlText([
            0xE3, 0xB0, 0xC4, 0x42, 0x98, 0xFC, 0x1C, 0x14, 0x9A, 0xFB, 0xF4, 0xC8, 0x99, 0x6F, 0xB9, 0x24,
            0x27, 0xAE, 0x41, 0xE4, 0x64, 0x9B, 0x93, 0x4C, 0xA4, 0x95, 0x99, 0x1B, 0x78, 0x52, 0xB8, 0x55,
        ])
        let query =
            "?redirect_uri=http%3A%2F%2Flocalhost%3A8400&state=a%22b&nonce=n1&code_challenge=\(challenge)"
            + "&code_challenge_method=S256"
        func code() throws -> String {
            let page = server.send("GET", "/adfs/oauth2/authorize" + query)
            let text = String(decoding: page.body, as: UTF8.self)
            #expect(page.status == 200 && text.contains("value=\"a&quot;b\""))
            let match = try #require(text.firstMatch(of: /name="code" value="([^"]+)"/))
            return String(match.1)
        }
        func exchange(_ code: String, _ verifier: String) -> APIResponse {
            server.send(
                "POST", tokenPath,
                body: form([
                    "grant_type": "authorization_code", "code": code, "code_verifier": verifier,
                    "client_id": "c",
                ]))
        }
        #expect(exchange(try code(), verifier).status == 400)
        // The challenge is the hash of nothing.
        let good = exchange(try code(), "")
        let parts = try #require(good.json["id_token"]?.string).split(separator: ".")
        #expect(good.status == 200 && parts.count == 2)
        for address in ["https://example.org", "http://localhost.example.org", "http://localhost:1/x@y"] {
            #expect(server.send("GET", "/adfs/oauth2/authorize?redirect_uri=\(address)").status == 400)
        }
    }

    @Test func `a refresh token gets new tokens, and is no access token`() throws {
        let made = try server.identity(.reader)
        let body = form([
            "grant_type": "password", "username": "ann%40local", "password": made.secret,
        ])
        let refresh = try #require(
            server.send("POST", tokenPath, body: body).json["refresh_token"]?.string)
        #expect(server.send("GET", "/subscriptions", token: refresh).status == 401)
        let again = form(["grant_type": "refresh_token", "refresh_token": refresh])
        let token = try #require(server.send("POST", tokenPath, body: again).json["access_token"]?.string)
        #expect(server.send("GET", "/subscriptions", token: token).status == 200)
        let wrong = form(["grant_type": "refresh_token", "refresh_token": token])
        #expect(server.send("POST", tokenPath, body: wrong).status == 400)
    }

    @Test func `a managed identity's token needs the header, and names the tenant`() throws {
        let path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=x"
        #expect(server.send("GET", path).status == 400)
        let token = try #require(
            server.send("GET", path, headers: ["metadata": "true"]).json["access_token"]?.string)
        #expect(token.split(separator: ".").count == 3)
        #expect(server.send("GET", "/subscriptions", token: token).status == 200)
    }
}

struct LoopbackPeerTests {
    @Test func `finds whose an established connection is`() throws {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   105        0 1 1
               1: 0100007F:20FB 0100007F:C350 01 00000000:00000000 00:00000000 00000000   105        0 2 1
               2: 0100007F:C350 0100007F:20FB 06 00000000:00000000 00:00000000 00000000     0        0 0 1
               3: 0100007F:C350 0100007F:20FB 01 00000000:00000000 00:00000000 00000000  1000        0 3 1
            """
        let here = LoopbackPeer.entry([127, 0, 0, 1], 8443)
        #expect(here == "0100007F:20FB")
        let scratch = try ScratchDirectory("table")
        let file = try scratch.write("tcp", table)
        #expect(LoopbackPeer.look(file, LoopbackPeer.entry([127, 0, 0, 1], 50000), here) == 1000)
        #expect(LoopbackPeer.look(file, LoopbackPeer.entry([127, 0, 0, 1], 1), here) == nil)
    }
}

struct FormPostTests {
    @Test func `keeps what was sent apart from the page`() {
        let page = FormPost.page(to: "http://localhost:1/", fields: [("state", "\"><script>")])
        #expect(page.contains("value=\"&quot;&gt;&lt;script&gt;\"") && !page.contains("<script>"))
    }
}
