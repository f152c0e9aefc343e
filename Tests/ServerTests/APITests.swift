import Notation
import PostgresFormat
import ServiceModel
import Testing

@testable import Server

/// What the API answers where nothing has to run.
struct APITests {
    let server: APIUnderTest
    let token: String
    private let root = APIUnderTest.subscription
    private let postgres = "/providers/Microsoft.DBforPostgreSQL"

    init() throws {
        server = try APIUnderTest()
        token = try server.token()
    }

    private func send(_ method: String, _ target: String, body: String = "") -> APIResponse {
        server.send(method, target, token: token, body: body)
    }

    private func makeGroup(_ name: String) -> APIResponse {
        send("PUT", "\(root)/resourcegroups/\(name)", body: #"{"location":"eastus","tags":{"a":"b"}}"#)
    }

    @Test func `a group is made, found in any spelling, and asked for without a body`() {
        #expect(makeGroup("Shop").status == 201)
        #expect(makeGroup("shop").status == 200)
        let shown = send("GET", "\(root.uppercased())/RESOURCEGROUPS/SHOP?api-version=1999-01-01")
        #expect(shown.status == 200 && shown.json["name"]?.string == "Shop")
        #expect(shown.json["tags"]?["a"]?.string == "b")
        let there = send("HEAD", "\(root)/resourcegroups/shop")
        let absent = send("HEAD", "\(root)/resourcegroups/nope")
        #expect(there.status == 204 && there.body.isEmpty && absent.status == 404 && absent.body.isEmpty)
        let patched = send("PATCH", "\(root)/resourcegroups/shop", body: #"{"tags":{"c":"d"}}"#)
        #expect(patched.json["tags"]?["c"]?.string == "d" && patched.json["tags"]?["a"] == nil)
    }

    @Test(arguments: [
        ("/subscriptions/other/resourcegroups", 404, "SubscriptionNotFound"),
        ("/nowhere", 404, "ResourceNotFound"), ("/", 404, "ResourceNotFound"),
        ("$/resourceGroups/nope", 404, "ResourceGroupNotFound"),
        ("$/resourceGroups/nope/resources", 404, "ResourceGroupNotFound"),
        (
            "$/resourceGroups/nope/providers/Microsoft.DBforPostgreSQL/flexibleServers/x", 404,
            "ResourceGroupNotFound"
        ),
        (
            "$/resourceGroups/shop/providers/Microsoft.DBforPostgreSQL/flexibleServers/x", 404,
            "ResourceNotFound"
        ),
        (
            "$/resourceGroups/shop/providers/Microsoft.DBforPostgreSQL/flexibleServers/x/backups", 404,
            "ResourceNotFound"
        ),
        ("$/providers/Microsoft.Compute", 404, "ResourceNotFound"),
        (
            "$/providers/Microsoft.DBforPostgreSQL/locations/eastus/azureAsyncOperation/x", 404,
            "ResourceNotFound"
        ),
        (
            "$/providers/Microsoft.DBforPostgreSQL/locations/eastus/operationResults/x", 404,
            "ResourceNotFound"
        ),
        ("$/resources?$filter=nonsense", 400, "BadRequest"),
        ("$/resourceGroups/%FF", 404, "ResourceNotFound"),
        ("$/resourceGroups/..%2F..%2Fetc", 404, "ResourceNotFound"),
    ])
    func `what is not there is told in Azure's codes`(_ path: String, _ status: Int, _ code: String) {
        _ = makeGroup("shop")
        let answer = send("GET", path.replacing("$/", with: root + "/", maxReplacements: 1))
        #expect(answer.status == status && answer.errorCode == code, "\(answer.status) \(answer.message)")
        #expect(answer["Content-Type"] == "application/json; charset=utf-8")
    }

    @Test(arguments: [
        ("POST", "$"), ("DELETE", "$/resourcegroups"), ("PUT", "$/providers"), ("FETCH", "$/locations"),
        ("PATCH", "$/resourcegroups/shop/providers/Microsoft.DBforPostgreSQL/flexibleServers/x/backups/b"),
        ("GET", "$/resourcegroups/shop/providers/Microsoft.DBforPostgreSQL/flexibleServers/x/start"),
        ("GET", "/adfs/oauth2/token"), ("POST", "/adfs/oauth2/authorize"),
    ])
    func `a method that a path does not have is refused`(_ method: String, _ path: String) {
        let answer = send(method, path.replacing("$", with: root))
        #expect(answer.status == 405 && answer.errorCode == "MethodNotAllowed")
    }

    @Test(arguments: ["{", "[]", "{\"location\":5}", "\"x\"", "{\"location\":\"local\"} x", "\u{0}", ""])
    func `a body that cannot be read is the caller's mistake`(body: String) {
        let group = send("PUT", "\(root)/resourcegroups/new", body: body)
        #expect(group.status == 400 && group.errorCode == "InvalidRequestContent", "\(group.message)")
        let path = "\(root)/resourcegroups/shop\(postgres)/flexibleServers/x"
        #expect(send("PUT", path, body: body).status == 400)
    }

    @Test func `a body that is too large is not read`() {
        var request = APIRequest(
            method: "PUT", target: "\(root)/resourcegroups/x", headers: ["authorization": "Bearer \(token)"],
            host: "h", peer: Peer(isLoopback: true) { nil })
        request.isTooLarge = true
        #expect(server.api.respond(to: request).status == 413)
    }

    @Test func `deleting what is not there is an empty success, if the group is`() {
        _ = makeGroup("shop")
        let path = "\(root)/resourcegroups/shop\(postgres)/flexibleServers/x"
        let answer = send("DELETE", path)
        #expect(answer.status == 204 && answer.body.isEmpty)
        let nowhere = send("DELETE", path.replacing("/shop/", with: "/nope/"))
        #expect(nowhere.status == 404 && nowhere.errorCode == "ResourceGroupNotFound")
        #expect(send("DELETE", path + "/backups/b").errorCode == "ResourceNotFound")
    }

    @Test func `every answer has its numbers, and gives back the caller's`() {
        let answer = server.send(
            "GET", "/subscriptions", token: token,
            headers: ["x-ms-client-request-id": "c1", "x-ms-correlation-request-id": "c2"])
        #expect(answer["x-ms-client-request-id"] == "c1" && answer["x-ms-correlation-request-id"] == "c2")
        #expect(answer["x-ms-request-id"]?.count == 36 && answer["Cache-Control"] == "no-cache")
        let hostile = server.send(
            "GET", "/subscriptions", token: token, headers: ["x-ms-client-request-id": "a\r\nSet-Cookie: b"])
        #expect(hostile["x-ms-client-request-id"] == nil)
    }

    @Test func `a name is checked as creating it would`() {
        func check(_ name: String) -> APIResponse {
            send(
                "POST", "\(root)\(postgres)/locations/eastus/checkNameAvailability",
                body: "{\"name\":\"\(name)\",\"type\":\"Microsoft.DBforPostgreSQL/flexibleServers\"}")
        }
        #expect(check("orders").json["nameAvailable"]?.bool == true)
        #expect(check("Not A Name").json["nameAvailable"]?.bool == false)
        #expect(check("orders").status == 200 && check("-").status == 200)
    }

    @Test func `a restore of what is not there says so, and keeps no name`() {
        _ = makeGroup("shop")
        let path = "\(root)/resourcegroups/shop\(postgres)/flexibleServers/"
        let body = """
            {"location":"eastus","properties":{"createMode":"PointInTimeRestore",
            "pointInTimeUTC":"2026-01-01T00:00:00Z","sourceServerResourceId":"\(path)nope"}}
            """
        let answer = send("PUT", path + "copy", body: body)
        #expect(answer.status == 404 && answer.errorCode == "ResourceNotFound")
        #expect(send("GET", path + "copy").status == 404)
    }

    @Test func `the lists of a new machine are empty lists`() {
        _ = makeGroup("shop")
        for path in [
            "\(root)\(postgres)/flexibleServers", "\(root)/resourcegroups/shop\(postgres)/flexibleServers",
            "\(root)/resources", "\(root)/resourcegroups/shop/resources",
        ] {
            let answer = send("GET", path)
            #expect(answer.status == 200 && answer.json["value"]?.array == [], "\(path)")
        }
    }
}

struct AzureEnvironmentTests {
    @Test func `turns az towards this machine, and back to what was there`() {
        let before = ["AZURE_CONFIG_DIR": "/home/a's", "NO_PROXY": "internal", "AZURE_CLOUD_NAME": "X"]
        let script = AzureEnvironment(before).script(directory: "/d")
        #expect(script.contains("export PITR_SAVED_AZURE_CONFIG_DIR='/home/a'\\''s'\n"))
        #expect(
            script.contains("export AZURE_CONFIG_DIR='/d'\n") && script.contains("unset AZURE_CLOUD_NAME"))
        #expect(script.contains("export NO_PROXY='internal,127.0.0.1,localhost'\n"))
        let after = [
            "AZURE_CONFIG_DIR": "/d", "NO_PROXY": "internal,127.0.0.1,localhost", "no_proxy": "x",
            "REQUESTS_CA_BUNDLE": "/d/b", "PITR_SAVED_AZURE_CONFIG_DIR": "/home/a's",
            "PITR_SAVED_NO_PROXY": "internal", "PITR_SAVED_AZURE_CLOUD_NAME": "X", "PITR_AZURE_ENV": "1",
        ]
        let again = AzureEnvironment(after).script(directory: "/e")
        #expect(!again.contains("PITR_SAVED") && again.contains("NO_PROXY='internal,127.0.0.1,localhost'"))
        #expect(
            AzureEnvironment(after).undo() == """
                export AZURE_CONFIG_DIR='/home/a'\\''s'
                unset PITR_SAVED_AZURE_CONFIG_DIR
                unset REQUESTS_CA_BUNDLE
                export NO_PROXY='internal'
                unset PITR_SAVED_NO_PROXY
                unset no_proxy
                export AZURE_CLOUD_NAME='X'
                unset PITR_SAVED_AZURE_CLOUD_NAME
                unset PITR_AZURE_ENV

                """)
        #expect(AzureEnvironment(before).undo().isEmpty)
    }
}

struct ArchiverWatchTests {
    private func health(_ isFailing: Bool) -> ArchiverHealth {
        ArchiverHealth(
            lastArchivedWAL: nil, lastArchivedTime: nil, failedCount: 1, lastFailedWAL: "0001",
            lastFailedTime: PostgresTimestamp(microseconds: 0), isFailing: isFailing)
    }

    @Test func `says when archiving begins to fail and when it works again, once each`() {
        var watch = ArchiverWatch()
        #expect(watch.lines([("a", health(false))]).isEmpty)
        #expect(watch.lines([("a", health(true)), ("b", health(false))]).count == 1)
        #expect(watch.lines([("a", health(true))]).isEmpty && watch.lines([]).isEmpty)
        #expect(watch.lines([("a", health(false))]) == ["a: archiving works again"])
    }
}
