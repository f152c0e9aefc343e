import ControlPlane
import Glibc
import Notation
import PostgresFormat
import ServiceModel
import Synchronization
import TestKit

@testable import Platform
@testable import Server

/// A clock that stands still until it is moved.
final class StoppedClock: WallClock {
    private let time = Mutex(PostgresTimestamp(unixMicroseconds: 1_800_000_000_000_000))

    func now() -> PostgresTimestamp { time.withLock { $0 } }

    func advance(seconds: Int64) {
        time.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }
}

/// The API over a state directory of its own, without a socket.
struct APIUnderTest {
    static let subscription = "/subscriptions/00000000-0000-0000-0000-000000000001"

    let controlPlane: ControlPlane
    let clock = StoppedClock()
    let api: API
    private let scratch: ScratchDirectory

    init(isOpenToOthers: Bool = false) throws {
        scratch = try ScratchDirectory("api")
        let home = scratch.file("home")
        try DurableFiles.makeDirectory(home)
        let account = ServiceAccount(
            name: "test", uid: geteuid(), home: home,
            runtimeDirectory: scratch.file("run"), steppedDown: false)
        controlPlane = try ControlPlane(account: account, clock: clock)
        api = API(
            controlPlane,
            policy: AccessPolicy(
                isOpenToOthers: isOpenToOthers, owners: [7],
                hosts: HostRule(
                    known: [], host: "box.example",
                    hostsFile: Array("10.1.2.3 box.example box other\n10.9.9.9 elsewhere\n".utf8),
                    isOpenToOthers: isOpenToOthers)),
            log: DaemonLog(isVerbose: true) { _ in })
    }

    /// From this machine, by an owner of the state directory unless said otherwise.
    func send(
        _ method: String, _ target: String, token: String? = nil, body: String = "",
        headers: [String: String] = [:], user: UInt32? = 7, isLoopback: Bool = true, authority: String? = nil
    ) -> APIResponse {
        var headers = headers
        if let token { headers["authorization"] = "Bearer \(token)" }
        var request = APIRequest(
            method: method, target: target, headers: headers, body: Array(body.utf8),
            host: "127.0.0.1:8443", peer: Peer(isLoopback: isLoopback) { user })
        request.authority = authority
        request.localAddress = "127.0.0.1"
        return api.respond(to: request)
    }

    func token(_ identity: Identity = .local) throws -> String {
        try controlPlane.issueToken(for: identity).text
    }

    /// 'orders' in the group 'shop': a server that is entered and was never made.
    func enteredServer() throws -> ServerDetails {
        let ann = Caller(name: "ann")
        _ = try controlPlane.createGroup(name: "shop", location: "westeurope", tags: [:], caller: ann)
        var create = CreateServerRequest(resourceGroup: "shop")
        create.name = "orders"
        create.adminUser = "ann"
        create.adminPassword = "Passw0rd!x"
        _ = try controlPlane.accept(.create(create), caller: ann)
        return try controlPlane.server(ServerReference(resourceGroup: "shop", name: "orders"))
    }

    /// What came of an undo on it; nothing is written.
    func result(_ server: ServerDetails, _ work: UndoRequest, sides: [String]) -> KeptResult {
        let now = clock.now()
        return KeptResult(
            id: "r1", server: ResourceID.server(resourceGroup: "shop", name: server.name),
            serverID: server.id, serverName: server.name, caller: "ann", work: .undo(work),
            subject: "transaction 745", startedAt: now, finishedAt: now, summary: "Proved.", sides: sides)
    }

    /// An identity that was made for the purpose, and its secret.
    func identity(_ role: AccessRole, _ scope: AccessScope = .subscription, name: String = "ann") throws
        -> NewIdentity
    {
        try controlPlane.createIdentity(name: name, role: role, scope: scope)
    }
}

extension APIResponse {
    var json: JSONValue { (try? JSONValue.parse(body)) ?? .null }
    var errorCode: String? { json["error"]?["code"]?.string }
    var message: String { json["error"]?["message"]?.string ?? "" }
}
