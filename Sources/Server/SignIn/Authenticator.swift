import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

/// Who sends a request: the bearer token decides.
struct Authenticator: Sendable {
    let controlPlane: ControlPlane
    let policy: AccessPolicy

    func identity(_ request: APIRequest) throws -> Identity {
        guard let header = request.headers["authorization"] else {
            throw Problem(
                .authenticationFailed, "Authentication failed. The 'Authorization' header is missing.")
        }
        let words = header.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bearer", words[1].utf8.count <= 8192 else {
            throw Problem(
                .authenticationFailed,
                "Authentication failed. The 'Authorization' header is provided in an invalid format.")
        }
        switch try controlPlane.verify(token: String(words[1])) {
        case .valid(let identity) where policy.admits(identity, from: request.peer): return identity
        case .valid, .unknown:
            throw Problem(.invalidAuthenticationToken, "The access token is invalid.")
        case .expired(let expiry):
            throw Problem(
                .expiredAuthenticationToken,
                "The access token expiry UTC time '\(expiry.wholeSeconds)' is earlier than current UTC time "
                    + "'\(controlPlane.now.wholeSeconds)'.")
        }
    }

    /// What goes with a 401, so that clients know where tokens come from.
    static func challenge(_ problem: Problem, origin: String) -> String {
        "Bearer authorization_uri=\"\(origin)/adfs\", error=\"invalid_token\", "
            + "error_description=\"\(problem.message.replacing("\"", with: "'"))\""
    }

    /// Throws `.authorizationFailed`, in Azure's words, unless the identity may do that.
    static func require(
        _ action: AccessAction, named name: String? = nil, by identity: Identity, group: String?,
        scope: String
    ) throws(Problem) {
        if identity.may(action, group: group) { return }
        throw Problem(
            .authorizationFailed,
            "The client '\(identity.clientID)' with object id '\(identity.id)' does not have authorization "
                + "to perform action '\(name ?? action.name)' over scope '\(scope)' or the scope is invalid. "
                + "If access was recently granted, please refresh your credentials.")
    }
}
