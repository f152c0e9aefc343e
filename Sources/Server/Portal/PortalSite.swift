import ControlPlane
import Foundation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// The portal: pages for people, over what the API has for programs. It blocks, and knows no sockets.
struct PortalSite: Sendable {
    private static let cookie = "__Host-pitr"
    /// Bytes of a form that are taken.
    private static let largestForm = 32 << 10

    let controlPlane: ControlPlane
    let policy: AccessPolicy
    let log: DaemonLog
    let wake: API.Wake
    private let sessions: PortalSessions
    private let sent = PortalSentForms()
    private let passwords = PortalPasswords()

    init(controlPlane: ControlPlane, policy: AccessPolicy, log: DaemonLog, wake: @escaping API.Wake) {
        self.controlPlane = controlPlane
        self.policy = policy
        self.log = log
        self.wake = wake
        sessions = PortalSessions(controlPlane)
    }

    /// The answer; nil where the path is none of the portal. Never throws: a refusal is a page.
    ///
    /// - Parameter id: by which the daemon's log names the request.
    func answer(_ request: APIRequest, id: String, _ caller: inout String?) -> APIResponse? {
        let words = request.path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard words.first == "portal" else { return nil }
        var response: APIResponse
        do {
            let decoded = words.dropFirst().map { $0.removingPercentEncoding ?? "" }
            guard let place = Place(decoded) else { throw Self.nothingHere }
            response = try answer(request, at: place, &caller)
        } catch {
            response = refusal(error, request, id: id)
        }
        response.headers += Self.securityHeaders
        return response
    }

    private static let nothingHere = Problem(
        .resourceNotFound, "there is no such page", hint: "Begin with the list of servers.")

    /// Nothing from elsewhere, nothing inline, in nobody's frame, kept by no cache, told to nobody.
    private static let securityHeaders: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    private func answer(_ request: APIRequest, at place: Place, _ caller: inout String?) throws -> APIResponse
    {
        let isPost = request.method == "POST"
        guard isPost || ["GET", "HEAD"].contains(request.method) else {
            throw APICall.notAllowed(request.method, allowed: ["GET", "POST"])
        }
        if request.isTooLarge || request.body.count > Self.largestForm {
            throw Problem(.requestTooLarge, "the form is larger than \(Self.largestForm / 1024) KiB")
        }
        if case .asset(let name) = place {
            guard let asset = Asset.named(name) else { throw Self.nothingHere }
            return APIResponse(status: 200, headers: [("Content-Type", asset.type)], body: asset.bytes)
        }
        if isPost { try requireOwnOrigin(request) }
        if place == .signIn { return try isPost ? signIn(request) : signInPage(request) }
        guard let visit = try visit(request) else {
            // What was typed is in the form that Back shows.
            if place == .events { return .empty(401) }
            return isPost ? .page(signInPage(), status: 401) : .seeOther(.signIn)
        }
        caller = visit.identity.name
        let form = isPost ? request.form : [:]
        if isPost {
            let token = form["token"] ?? ""
            guard MachineSecret.areEqual(token, visit.session.token) else {
                throw Problem(
                    .authorizationFailed, "this form is not of this session",
                    hint: "Go back, load the page again and send it from there.")
            }
        }
        return try PortalPages(visit, form).answer(place, isPost: isPost) ?? signOut(request)
    }

    /// A form comes from a page of this server. No referrer is sent, so that browsers write `null` for the
    /// origin, and say in another header whether it is their own site.
    private func requireOwnOrigin(_ request: APIRequest) throws(Problem) {
        let origin = request.headers["origin"]
        if let origin, origin != "null" {
            if origin.lowercased() == request.origin.lowercased() { return }
        } else if request.headers["sec-fetch-site"] == "same-origin" {
            return
        }
        throw Problem(
            .authorizationFailed, "this form was sent from another site",
            hint: "Open the portal's own page and send it from there.")
    }

    // MARK: Signing in

    /// Whoever is signed in; nil for nobody. A cookie that comes from another account ends its session.
    private func visit(_ request: APIRequest) throws -> PortalVisit? {
        guard let secret = Self.secret(request), let session = try sessions.session(secret) else {
            return nil
        }
        let user = request.peer.user()
        guard session.user == user else {
            // Of a connection that is over the kernel tells nothing: that says nothing against the session.
            if user == nil, request.peer.isLoopback { return nil }
            try sessions.end(secret)
            log.note("WARNING: a session of the portal came from another account, and was ended")
            return nil
        }
        let identity =
            session.identity == Identity.local.id
            ? Identity.local : try controlPlane.listIdentities().first { $0.id == session.identity }
        guard let identity, policy.admits(identity, from: request.peer) else { return nil }
        return PortalVisit(
            controlPlane: controlPlane, request: request, identity: identity, session: session, wake: wake,
            sent: sent, passwords: passwords)
    }

    private static func secret(_ request: APIRequest) -> String? {
        let pairs = (request.headers["cookie"] ?? "").split(separator: ";").map {
            $0.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
        }
        guard let value = pairs.first(where: { $0.count == 2 && $0[0] == cookie })?[1],
            value.utf8.count <= 64
        else { return nil }
        return String(value)
    }

    private func signInPage(_ request: APIRequest) -> APIResponse {
        .page(signInPage(code: request.query["code"]))
    }

    private func signInPage(code: String? = nil) -> SignInPage {
        var page = SignInPage()
        page.frame.title = Place.signIn.title
        page.code = code
        page.mayUseLink = !policy.isOpenToOthers
        return page
    }

    private func signIn(_ request: APIRequest) throws -> APIResponse {
        let form = request.form
        // Once: a second answer might be another one, when the connection ends meanwhile.
        let user = request.peer.user()
        let peer = Peer(isLoopback: request.peer.isLoopback) { user }
        let identity: Identity
        if let code = form["code"] {
            guard policy.mayBeLocal(peer) else {
                return refused(
                    "this link is for the owner of this machine's servers",
                    "Sign in with an identity's secret: 'pitr identity create' makes one.")
            }
            guard try sessions.spend(code) else {
                return refused(
                    "this link was used already, or its two minutes are over",
                    "'pitr portal' prints another one.")
            }
            identity = .local
        } else {
            let name = form["name"] ?? ""
            guard let found = try controlPlane.authenticate(clientID: name, secret: form["secret"] ?? ""),
                policy.admits(found, from: peer), !found.isLocal || policy.mayBeLocal(peer)
            else { return refused("the name or the secret is wrong", "Try again.") }
            identity = found
        }
        // What the browser had before is not gone on with: nobody can have chosen the new one for it.
        if let old = Self.secret(request) { try end(old) }
        let secret = try sessions.begin(identity, user: user)
        var response = APIResponse.seeOther(.servers)
        response.headers.append(
            (
                "Set-Cookie",
                "\(Self.cookie)=\(secret); Path=/; Secure; HttpOnly; SameSite=Strict; "
                    + "Max-Age=\(PortalSessions.sessionLifetime)"
            ))
        return response
    }

    private func refused(_ what: String, _ hint: String) -> APIResponse {
        var page = signInPage()
        page.frame.notice = Frame.Notice(.bad, what, [hint])
        return .page(page, status: 401)
    }

    /// A session, and the passwords that were kept for it.
    private func end(_ secret: String) throws {
        if let session = try sessions.session(secret) { passwords.forget(session: session.token) }
        try sessions.end(secret)
    }

    private func signOut(_ request: APIRequest) throws -> APIResponse {
        if let secret = Self.secret(request) { try end(secret) }
        var response = APIResponse.seeOther(.signIn)
        response.headers.append(
            ("Set-Cookie", "\(Self.cookie)=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"))
        return response
    }

    // MARK: Refusals

    private func refusal(_ error: any Error, _ request: APIRequest, id: String) -> APIResponse {
        let problem = ControlPlane.problem(from: error)
        let status = problem.code == .canceled ? 503 : problem.code.httpStatus
        // A refusal has its frame where there is a session; without one it is as true.
        var page = RefusalPage()
        if let visit = try? visit(request), let frame = try? visit.frame(titled: "") { page.frame = frame }
        page.frame.title = status == 404 ? "Not found" : status == 403 ? "Not permitted" : "Refused"
        page.back = Frame.Link(.servers)
        if status == 500 {
            log.error("request \(id) failed: \(problem)")
            page.frame.title = "Something went wrong"
            page.frame.notice = Frame.Notice(
                .bad, "an unexpected error", ["The daemon's messages have it under \(id)."])
        } else {
            page.frame.notice = Frame.Notice(problem)
        }
        return .page(page, status: status)
    }
}

extension Frame.Notice {
    /// The API's words: what was refused, what was found, what to do.
    init(_ problem: Problem) {
        self.init(.bad, problem.message, [problem.detail, problem.hint].compactMap { $0 })
    }
}
