import AzureAPI
public import ControlPlane
import Foundation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Azure Resource Manager for this machine: a request in, an answer out. It blocks, and knows no sockets.
public struct API: Sendable {
    /// Called after an operation was accepted, so that it starts without delay.
    public typealias Wake = @Sendable () -> Void

    /// Bytes of a request's body that are taken.
    public static let largestBody = 1 << 20

    let controlPlane: ControlPlane
    private let signIn: SignIn
    private let authenticator: Authenticator
    private let hosts: HostRule
    private let portal: PortalSite
    private let log: DaemonLog
    private let wake: Wake

    public init(
        _ controlPlane: ControlPlane, policy: AccessPolicy, log: DaemonLog, wake: @escaping Wake = {}
    ) {
        self.controlPlane = controlPlane
        self.log = log
        self.wake = wake
        hosts = policy.hosts
        signIn = SignIn(controlPlane: controlPlane, policy: policy, codes: AuthorizationCodes())
        authenticator = Authenticator(controlPlane: controlPlane, policy: policy)
        portal = PortalSite(controlPlane: controlPlane, policy: policy, log: log, wake: wake)
    }

    /// Never throws: whatever goes wrong is an answer.
    public func respond(to request: APIRequest) -> APIResponse {
        let id = UUID().uuidString.lowercased()
        let watch = Stopwatch()
        var caller: String?
        var response: APIResponse
        do {
            response = try answer(request, id: id, &caller)
        } catch let refusal as SignInRefusal {
            response = refusal.response
        } catch {
            response = self.refusal(error, request, id: id)
        }
        if request.method == "HEAD" { response.body = [] }
        for header in Self.commonHeaders(request, id: id) where response[header.name] == nil {
            response.headers.append(header)
        }
        // The path only: queries of sign-in hold codes.
        let milliseconds = Int(watch.seconds * 1000)
        log.detail(
            "\(request.method) \(Self.printable(request.path, limit: 400)) \(response.status) "
                + "\(milliseconds) ms \(caller ?? "-") \(id)")
        return response
    }

    private func answer(_ request: APIRequest, id: String, _ caller: inout String?) throws -> APIResponse {
        try hosts.check(request.authority, local: request.localAddress)
        if let response = portal.answer(request, id: id, &caller) { return response }
        // Who types the address alone wants the pages.
        if request.path == "/", request.headers["accept"]?.contains("text/html") == true {
            return .seeOther(.servers)
        }
        if request.isTooLarge {
            throw Problem(
                .requestTooLarge, "The request content is larger than \(API.largestBody) bytes.")
        }
        if let response = try signIn.answer(request) { return response }
        let identity = try authenticator.identity(request)
        caller = identity.name
        guard let path = ResourcePath.parse(request.path) else {
            throw Problem(
                .resourceNotFound,
                "There is nothing at '\(Self.printable(request.path, limit: ResourcePath.longestPath))'.",
                hint: "This server knows Microsoft.DBforPostgreSQL/flexibleServers, resource groups and the "
                    + "activity log.")
        }
        if let subscription = path.subscription, subscription.lowercased() != ResourceID.subscription {
            throw Problem(
                .subscriptionNotFound, "The subscription '\(subscription)' could not be found.")
        }
        let call = try APICall(request.method, path)
        let resources = Resources(
            controlPlane: controlPlane, identity: identity, request: request, path: path, wake: wake)
        return try resources.answer(call)
    }

    // MARK: Refusals

    private func refusal(_ error: any Error, _ request: APIRequest, id: String) -> APIResponse {
        let problem = ControlPlane.problem(from: error)
        let status = problem.code == .canceled ? 503 : problem.code.httpStatus
        let document: CloudErrorDocument
        if status == 500 {
            // What went wrong inside is for whoever runs this, not for whoever asks.
            log.error("request \(id) failed: \(problem)")
            document = CloudErrorDocument(
                code: "InternalServerError",
                message: "An unexpected error occured while processing the request. Tracking ID: '\(id)'")
        } else {
            document = CloudErrorDocument(problem)
        }
        var response =
            (try? APIResponse.document(document, status: status)) ?? APIResponse.empty(status)
        switch status {
        case 401:
            let challenge = Authenticator.challenge(problem, origin: request.origin)
            response.headers.append(("WWW-Authenticate", challenge))
        case 404 where [.resourceNotFound, .resourceGroupNotFound].contains(problem.code):
            response.headers.append(("x-ms-failure-cause", "gateway"))
        case 503: response.headers.append(("Retry-After", "1"))
        default: break
        }
        return response
    }

    // MARK: Headers

    private static func commonHeaders(_ request: APIRequest, id: String) -> [(name: String, value: String)] {
        var headers = [
            ("Cache-Control", "no-cache"), ("Expires", "-1"), ("x-ms-request-id", id),
            (
                "x-ms-correlation-request-id",
                echo(request.headers["x-ms-correlation-request-id"]) ?? UUID().uuidString.lowercased()
            ), ("X-Content-Type-Options", "nosniff"),
        ]
        if let client = echo(request.headers["x-ms-client-request-id"]) {
            headers.append(("x-ms-client-request-id", client))
        }
        return headers
    }

    /// What a caller sent, if it is fit to be sent back.
    private static func echo(_ text: String?) -> String? {
        guard let text, !text.isEmpty, text.utf8.count <= 128,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return text
    }

    /// One line without control characters.
    static func printable(_ text: String, limit: Int) -> String {
        String(
            text.unicodeScalars.prefix(limit).map { scalar in
                scalar.actsOnTerminal ? " " : Character(scalar)
            })
    }
}
