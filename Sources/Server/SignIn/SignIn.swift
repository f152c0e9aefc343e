import ControlPlane
import Notation
import Platform
import PostgresFormat
import ServiceModel

/// Discovery, tokens and codes: what a client asks before it has a token.
///
/// The authority looks like one of AD FS, which clients take without asking Microsoft about it first.
struct SignIn: Sendable {
    let controlPlane: ControlPlane
    let policy: AccessPolicy
    let codes: AuthorizationCodes

    /// The answer, if the path is one of sign-in; nil sends the request on to the resources.
    func answer(_ request: APIRequest) throws -> APIResponse? {
        let words = request.path.lowercased().split(separator: "/").map(String.init)
        switch (words, request.method) {
        case (["metadata", "endpoints"], "GET"): return Self.endpoints(request)
        case (["metadata", "identity", "oauth2", "token"], "GET"): return try managedIdentity(request)
        case (["health"], "GET"): return .json(["status": "Healthy"])
        default: break
        }
        if words.suffix(2) == [".well-known", "openid-configuration"], words.count > 2 {
            try Self.require("GET", request)
            return Self.configuration(request, authority: words.dropLast(2))
        }
        guard let last = words.last, words.count > 1 else { return nil }
        let isADFS = words.first == "adfs"
        let isTenant = words.count > 3 && words[1...2] == ["oauth2", "v2.0"]
        guard isADFS || isTenant else { return nil }
        switch last {
        case "token":
            try Self.require("POST", request)
            return try token(request)
        case "devicecode":
            try Self.require("POST", request)
            return try deviceCode(request)
        case "authorize":
            try Self.require("GET", request)
            return try authorize(request)
        default: return nil
        }
    }

    private static func require(_ method: String, _ request: APIRequest) throws(Problem) {
        guard request.method == method else { throw APICall.notAllowed(request.method, allowed: [method]) }
    }

    // MARK: Discovery

    /// One cloud: a list by itself for `ARM_CLOUD_METADATA_URL`, the object for `az cloud register`.
    private static func endpoints(_ request: APIRequest) -> APIResponse {
        let here = JSONValue.string(request.origin)
        let login = JSONValue.string(request.origin + "/adfs")
        let cloud = JSONValue.object([
            "name": "Local", "portal": here, "gallery": here, "graph": here, "resourceManager": here,
            "authentication": [
                "loginEndpoint": login, "audiences": [here], "tenant": .string(ResourceID.tenant),
                "identityProvider": "ADFS",
            ],
            "graphAudience": here, "microsoftGraphResourceId": here, "suffixes": [:],
        ])
        return .json(request.query["api-version"] == "2022-09-01" ? cloud : [cloud])
    }

    private static func configuration(
        _ request: APIRequest, authority: ArraySlice<String>
    ) -> APIResponse {
        // `/<tenant>/v2.0` has its endpoints below `/<tenant>/oauth2/v2.0`.
        let isADFS = authority.first == "adfs"
        let tenant = authority.first ?? "adfs"
        let issuer = "\(request.origin)/\(authority.joined(separator: "/"))"
        let root = isADFS ? "\(request.origin)/adfs/oauth2" : "\(request.origin)/\(tenant)/oauth2/v2.0"
        return .json([
            "issuer": .string(issuer), "authorization_endpoint": .string(root + "/authorize"),
            "token_endpoint": .string(root + "/token"),
            "device_authorization_endpoint": .string(root + "/devicecode"),
            "response_types_supported": ["code", "id_token"], "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["none"],
        ])
    }

    // MARK: Tokens

    private func token(_ request: APIRequest) throws -> APIResponse {
        let form = request.form
        let identity: Identity
        var refresh = true
        var nonce: String?
        switch form["grant_type"] {
        case "client_credentials":
            identity = try check(form["client_id"], form["client_secret"], request)
            refresh = false
        case "password":
            // `az login -u dev@local`: the directory's name says nothing here.
            let name = form["username"].map { String($0.prefix { $0 != "@" }) }
            identity = try check(name, form["password"], request)
        case "urn:ietf:params:oauth:grant-type:device_code", "device_code":
            _ = try taken(form["device_code"] ?? form["code"], form["code_verifier"])
            identity = try localIdentity(request)
        case "authorization_code":
            nonce = try taken(form["code"], form["code_verifier"]).nonce
            identity = try localIdentity(request)
        case "refresh_token":
            guard
                case .valid(let found) = try controlPlane.verify(
                    token: form["refresh_token"] ?? "", kind: .refresh),
                policy.admits(found, from: request.peer)
            else { throw SignInRefusal.invalidGrant("The refresh token is unknown or has expired.") }
            identity = found
        case let other:
            throw SignInRefusal(
                error: "unsupported_grant_type", description: "The grant '\(other ?? "")' is not known.")
        }
        return try grant(identity, request, refresh: refresh, nonce: nonce)
    }

    private func check(_ name: String?, _ secret: String?, _ request: APIRequest) throws -> Identity {
        guard let name, let secret,
            let identity = try controlPlane.authenticate(clientID: name, secret: secret),
            policy.admits(identity, from: request.peer)
        else {
            throw SignInRefusal(
                error: "invalid_client",
                description: "AADSTS7000215: Invalid client secret provided, or the client is not known.",
                status: 401)
        }
        return identity
    }

    private func grant(
        _ identity: Identity, _ request: APIRequest, refresh: Bool, nonce: String?
    ) throws -> APIResponse {
        let issuer = request.origin + "/adfs"
        let access = try controlPlane.issueToken(for: identity, issuer: issuer)
        var answer: JSONObject = [
            "token_type": "Bearer", "expires_in": .integer(TokenKind.access.lifetime),
            "ext_expires_in": .integer(TokenKind.access.lifetime), "access_token": .string(access.text),
        ]
        if refresh {
            let form = request.form
            let again = try controlPlane.issueToken(for: identity, kind: .refresh, issuer: issuer)
            answer["refresh_token"] = .string(again.text)
            answer["scope"] = .string(form["scope"] ?? "\(request.origin)/.default")
            let info = JSONValue.object([
                "uid": .string(identity.id), "utid": .string(ResourceID.tenant),
            ])
            answer["client_info"] = .string(MachineSecret.urlText(Array(info.printed().utf8)))
            answer["id_token"] = .string(
                idToken(identity, audience: form["client_id"] ?? "", issuer: issuer, nonce: nonce))
        }
        var response = APIResponse.json(.object(answer))
        response.headers.append(("Pragma", "no-cache"))
        return response
    }

    /// Who signed in, for the client's own use; nobody verifies it.
    private func idToken(_ identity: Identity, audience: String, issuer: String, nonce: String?) -> String {
        let now = controlPlane.now.unixMicroseconds / 1_000_000
        var claims: JSONObject = [
            "aud": .string(audience), "iss": .string(issuer), "sub": .string(identity.id),
            "oid": .string(identity.id), "tid": .string(ResourceID.tenant),
            "preferred_username": .string(identity.name), "upn": .string(identity.name),
            "name": .string(identity.name), "iat": .integer(now), "exp": .integer(now + 3600),
        ]
        if let nonce { claims["nonce"] = .string(nonce) }
        return MachineSecret.unsignedToken(claims)
    }

    // MARK: Without a secret

    /// The default identity, for whoever could read its secret anyway: the account that runs this, or root.
    private func localIdentity(_ request: APIRequest) throws -> Identity {
        guard policy.mayBeLocal(request.peer) else {
            throw SignInRefusal.invalidGrant(
                "Signing in without a secret is for the owner of this machine's state directory. "
                    + "Make an identity with 'pitr identity create' and sign in with its secret.")
        }
        return .local
    }

    private func taken(_ code: String?, _ verifier: String?) throws -> AuthorizationCodes.Entry {
        guard let code, let entry = codes.take(code, now: controlPlane.now) else {
            throw SignInRefusal.invalidGrant("The code is unknown, was used already, or has expired.")
        }
        if let challenge = entry.challenge {
            guard let verifier, MachineSecret.answers(challenge: challenge, verifier: verifier) else {
                throw SignInRefusal.invalidGrant("The code verifier does not fit the challenge.")
            }
        }
        return entry
    }

    /// Approved at once: who asks from this machine, as the owner of the state, needs no second window.
    private func deviceCode(_ request: APIRequest) throws -> APIResponse {
        _ = try localIdentity(request)
        let code = try codes.make(now: controlPlane.now)
        return .json([
            "device_code": .string(code), "user_code": "LOCAL",
            "verification_uri": .string(request.origin + "/adfs/device"),
            "expires_in": .integer(AuthorizationCodes.lifetime), "interval": 1,
            "message": "There is nothing to type: this machine's own identity is signed in.",
        ])
    }

    private func authorize(_ request: APIRequest) throws -> APIResponse {
        _ = try localIdentity(request)
        let query = request.query
        guard let redirect = query["redirect_uri"],
            redirect.wholeMatch(of: /http:\/\/(localhost|127\.0\.0\.1)(:[0-9]{1,5})?\/?/) != nil
        else {
            throw SignInRefusal(
                error: "invalid_request",
                description: "The answer can be sent to this machine only (redirect_uri).")
        }
        let challenge = query["code_challenge_method"] == "S256" ? query["code_challenge"] : nil
        let code = try codes.make(now: controlPlane.now, nonce: query["nonce"], challenge: challenge)
        let page = FormPost.page(
            to: redirect, fields: [("code", code), ("state", query["state"] ?? "")])
        return APIResponse(
            status: 200, headers: [("Content-Type", "text/html; charset=utf-8")], body: Array(page.utf8))
    }

    /// As a virtual machine's metadata service: `az login --identity`.
    private func managedIdentity(_ request: APIRequest) throws -> APIResponse {
        // The header keeps web pages and misled proxies away, as in Azure.
        guard request.headers["metadata"]?.lowercased() == "true" else {
            throw SignInRefusal(
                error: "invalid_request", description: "Required metadata header not specified")
        }
        let identity = try localIdentity(request)
        let token = try controlPlane.issueToken(for: identity, issuer: request.origin + "/adfs")
        let expires = token.expiresAt.unixMicroseconds / 1_000_000
        return .json([
            "access_token": .string(token.text), "token_type": "Bearer",
            "expires_in": .string(String(TokenKind.access.lifetime)), "expires_on": .string(String(expires)),
            "not_before": .string(String(expires - TokenKind.access.lifetime)),
            "resource": .string(request.query["resource"] ?? request.origin),
            "client_id": .string(identity.clientID),
        ])
    }
}
