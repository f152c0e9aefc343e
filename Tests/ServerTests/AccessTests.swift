import ControlPlane
import Notation
import PostgresFormat
import ServiceModel
import Testing

@testable import Server

struct AccessRoleTests {
    /// What each role may do; whoever adds an action or a role has to say it here.
    private static let table: [AccessRole: Set<AccessAction>] = [
        .owner: Set(AccessAction.allCases), .contributor: Set(AccessAction.allCases),
        .reader: [.read, .checkName],
        .restoreOperator: [
            .read, .checkName, .restoreServer, .createBackup, .deleteBackup, .verifyWAL, .undo, .compare,
            .readResult, .deleteResult,
        ],
    ]

    @Test func `every role may do what the table says and nothing else`() {
        #expect(Set(Self.table.keys) == Set(AccessRole.allCases))
        for role in AccessRole.allCases {
            for action in AccessAction.allCases {
                let expected = Self.table[role]?.contains(action) == true
                #expect(role.allows(action) == expected, "\(role) \(action)")
            }
        }
    }

    @Test func `a role holds within its scope`() {
        func identity(_ scope: AccessScope) -> Identity {
            Identity(id: "i", clientID: "c", name: "n", role: .owner, scope: scope, createdAt: nil)
        }
        let group = identity(.resourceGroup("Shop"))
        #expect(group.may(.deleteServer, group: "shop") && !group.may(.deleteServer, group: "shop2"))
        #expect(!group.may(.read, group: nil))
        #expect(identity(.subscription).may(.deleteServer, group: "any"))
        #expect(identity(.subscription).may(.read, group: nil))
    }

    @Test(arguments: [
        ("restore operator", AccessRole.restoreOperator), ("RestoreOperator", .restoreOperator),
        ("OWNER", .owner), ("reader", .reader),
    ])
    func `a role's name may be typed as one likes`(_ text: String, _ role: AccessRole) {
        #expect(AccessRole(text: text) == role)
        #expect(AccessRole(text: text + "x") == nil)
    }
}

struct MachineSecretTests {
    @Test func `secrets are long, and no two are the same`() {
        let secrets = (0..<1_000).map { _ in MachineSecret.fresh() }
        #expect(Set(secrets).count == 1_000 && secrets.allSatisfy { $0.utf8.count == 43 })
        #expect(secrets.joined().allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
    }

    @Test func `no secret begins with what a command takes for an option`() {
        let firsts = (0..<2_000).compactMap { _ in MachineSecret.fresh().first }
        #expect(firsts.count == 2_000 && firsts.allSatisfy { $0.isLetter || $0.isNumber })
    }

    @Test func `hashes are those of FIPS 180-4, and are compared whole`() {
        let hash = MachineSecret.hash("abc")
        #expect(hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(MachineSecret.areEqual(hash, hash))
        #expect(!MachineSecret.areEqual(hash, String(hash.dropLast()) + "e"))
        #expect(!MachineSecret.areEqual(hash, "") && !MachineSecret.areEqual("", hash))
    }
}

/// What identities get through the API.
struct AccessTests {
    let server: APIUnderTest
    private let root = APIUnderTest.subscription
    private let postgres = "/providers/Microsoft.DBforPostgreSQL"

    init() throws {
        server = try APIUnderTest()
        for name in ["a", "b"] {
            _ = try server.controlPlane.createGroup(name: name, location: "local", tags: [:])
        }
    }

    private func path(_ group: String, _ rest: String = "") -> String {
        "\(root)/resourceGroups/\(group)\(rest)"
    }

    private func server(_ group: String, _ rest: String = "") -> String {
        path(group, "\(postgres)/flexibleServers/s1\(rest)")
    }

    @Test func `without a token there is nothing but the way to one`() {
        let answer = server.send("GET", "/subscriptions")
        #expect(answer.status == 401 && answer.errorCode == "AuthenticationFailed")
        #expect(answer["WWW-Authenticate"]?.contains("https://127.0.0.1:8443/adfs") == true)
        for header in ["Basic eDp5", "Bearer", "Bearer a b", "bearer x"] {
            let answer = server.send("GET", "/subscriptions", headers: ["authorization": header])
            #expect(answer.status == 401)
        }
        let unknown = server.send("GET", "/subscriptions", token: "x")
        #expect(unknown.errorCode == "InvalidAuthenticationToken")
        // Not even whether a path exists is told.
        #expect(server.send("GET", "/nowhere").status == 401)
    }

    @Test func `a token ends when its hour is over, and is told from one that never was`() throws {
        let token = try server.token()
        server.clock.advance(seconds: 3599)
        #expect(server.send("GET", "/subscriptions", token: token).status == 200)
        server.clock.advance(seconds: 1)
        let expired = server.send("GET", "/subscriptions", token: token)
        #expect(expired.status == 401 && expired.errorCode == "ExpiredAuthenticationToken")
        server.clock.advance(seconds: 2 * 86_400)
        _ = try server.token()
        let forgotten = server.send("GET", "/subscriptions", token: token)
        #expect(forgotten.errorCode == "InvalidAuthenticationToken")
    }

    @Test func `an identity that is deleted is nobody at once`() throws {
        let made = try server.identity(.owner)
        let token = try server.token(made.identity)
        #expect(server.send("GET", "/subscriptions", token: token).status == 200)
        try server.controlPlane.deleteIdentity("ANN")
        let after = server.send("GET", "/subscriptions", token: token)
        #expect(after.errorCode == "InvalidAuthenticationToken")
        #expect(try server.controlPlane.authenticate(clientID: "ann", secret: made.secret) == nil)
    }

    @Test func `a role that is changed counts at once`() throws {
        let token = try server.token(try server.identity(.owner).identity)
        #expect(server.send("PUT", path("c"), token: token, body: #"{"location":"local"}"#).status == 201)
        _ = try server.controlPlane.setRole("ann", role: .reader, scope: .subscription)
        let answer = server.send("PUT", path("d"), token: token, body: #"{"location":"local"}"#)
        #expect(answer.status == 403 && answer.errorCode == "AuthorizationFailed")
    }

    @Test func `a refusal names the action and the scope in Azure's words`() throws {
        let made = try server.identity(.reader)
        let answer = server.send(
            "PUT", server("a"), token: try server.token(made.identity), body: #"{"location":"local"}"#)
        #expect(answer.status == 403)
        #expect(
            answer.message.hasPrefix(
                "The client '\(made.identity.clientID)' with object id '\(made.identity.id)' does not have "
                    + "authorization to perform action 'Microsoft.DBforPostgreSQL/flexibleServers/write' over "
                    + "scope '\(server("a"))' or the scope is invalid."))
    }

    @Test(arguments: [
        ("PUT", "", #"{"location":"local"}"#), ("PATCH", "", "{}"), ("DELETE", "", ""),
        ("POST", "/start", ""), ("POST", "/stop", ""), ("POST", "/restart", ""),
        ("PUT", "/backups/x", ""), ("DELETE", "/backups/x", ""), ("PUT", "/firewallRules/x", "{}"),
        ("DELETE", "/firewallRules/x", ""), ("PATCH", "/configurations/x", "{}"),
        ("PUT", "/configurations/x", "{}"), ("PUT", "/databases/x", "{}"), ("DELETE", "/databases/x", ""),
    ])
    func `a reader changes nothing`(_ method: String, _ rest: String, _ body: String) throws {
        let token = try server.token(try server.identity(.reader).identity)
        let answer = server.send(method, server("a", rest), token: token, body: body)
        #expect(answer.status == 403 && answer.errorCode == "AuthorizationFailed")
        let owner = server.send(method, server("a", rest), token: try server.token(), body: body)
        #expect(owner.status != 403 && owner.status != 401)
    }

    @Test func `one who restores may put a server only from another's backups`() throws {
        let token = try server.token(try server.identity(.restoreOperator).identity)
        func put(_ mode: String) -> APIResponse {
            let source = server("b")
            return server.send(
                "PUT", server("a"), token: token,
                body: """
                    {"location":"local","properties":{"createMode":"\(mode)",
                    "pointInTimeUTC":"2026-01-01T00:00:00Z","sourceServerResourceId":"\(source)"}}
                    """)
        }
        for mode in ["Default", "Create", "Update"] {
            #expect(put(mode).status == 403, "\(mode)")
        }
        for mode in ["PointInTimeRestore", "pointintimerestore", "GeoRestore", "ReviveDropped"] {
            #expect(put(mode).errorCode == "ResourceNotFound", "\(mode)")
        }
    }

    @Test func `a group's identity sees that group, and restores only from it`() throws {
        let made = try server.identity(.restoreOperator, .resourceGroup("A"))
        let token = try server.token(made.identity)
        let groups = server.send("GET", root + "/resourcegroups", token: token).json["value"]?.array
        #expect(groups?.compactMap { $0["name"]?.string } == ["a"])
        for (method, target) in [
            ("GET", path("b")), ("HEAD", path("b")), ("GET", path("b", "\(postgres)/flexibleServers")),
            ("GET", path("b", "/resources")), ("GET", server("b")), ("GET", server("b", "/backups")),
            ("GET", path("nowhere")),
        ] {
            #expect(server.send(method, target, token: token).status == 403, "\(method) \(target)")
        }
        #expect(server.send("GET", path("a"), token: token).status == 200)
        let list = server.send("GET", "\(root)\(postgres)/flexibleServers", token: token)
        #expect(list.status == 200)
        let body = """
            {"location":"local","properties":{"createMode":"ReviveDropped",
            "sourceServerResourceId":"\(server("b"))"}}
            """
        let restore = server.send("PUT", server("a"), token: token, body: body)
        #expect(restore.status == 403 && restore.message.contains("flexibleServers/read"))
    }
}
