import Catalog
import GRDB
public import Notation
import Platform
import PostgresFormat
public import ServiceModel

/// Bearer tokens: random, kept as hashes, good for a while.
extension ControlPlane {
    /// How long an expired token is remembered as one, in seconds; after that it is an unknown one.
    private static let expiredMemory: Int64 = 86_400

    /// Hands out a token.
    ///
    /// It has the shape of a JSON Web Token, because some clients look into it; nobody here does. The last of
    /// its three parts is random, and only a token that was handed out is taken.
    ///
    /// - Parameter issuer: the authority's address, for clients that look.
    public func issueToken(
        for identity: Identity, kind: TokenKind = .access, issuer: String = ""
    ) throws -> IssuedToken {
        let now = clock.now()
        let expiresAt = now.advanced(bySeconds: kind.lifetime)
        let text =
            MachineSecret.unsignedToken([
                "iss": .string(issuer), "aud": .string(issuer), "oid": .string(identity.id),
                "sub": .string(identity.id), "appid": .string(identity.clientID),
                "tid": .string(ResourceID.tenant), "iat": .integer(now.unixMicroseconds / 1_000_000),
                "exp": .integer(expiresAt.unixMicroseconds / 1_000_000),
            ]) + MachineSecret.fresh()
        let row = TokenRow(
            hash: MachineSecret.hash(text), identityID: identity.id, kind: kind, expiresAt: expiresAt)
        let forgotten = now.advanced(bySeconds: -Self.expiredMemory).description
        try catalog.write { database in
            try database.execute(sql: "DELETE FROM token WHERE expiresAt < ?", arguments: [forgotten])
            try row.insert(database)
        }
        return IssuedToken(text: text, expiresAt: expiresAt)
    }

    /// Whose token that is, and whether it is still good.
    public func verify(token: String, kind: TokenKind = .access) throws -> TokenVerdict {
        let hash = MachineSecret.hash(token)
        let found = try catalog.read { database -> (TokenRow, IdentityRow?)? in
            guard let token = try TokenRow.fetchOne(database, key: hash) else { return nil }
            return (token, try IdentityRow.fetchOne(database, key: token.identityID))
        }
        guard let (token, row) = found, MachineSecret.areEqual(token.hash, hash),
            token.kind == kind
        else { return .unknown }
        let expiry = token.expiresAt
        guard clock.now() < expiry else { return .expired(at: expiry) }
        if token.identityID == Identity.local.id { return .valid(.local) }
        guard let row else { return .unknown }
        return .valid(try Self.identity(row))
    }
}

extension MachineSecret {
    /// A JSON Web Token without its signature, with the dot before it.
    public static func unsignedToken(_ claims: JSONObject) -> String {
        let header = JSONValue.object(["typ": "JWT", "alg": "none"]).printed()
        let body = JSONValue.object(claims).printed()
        return urlText(Array(header.utf8)) + "." + urlText(Array(body.utf8)) + "."
    }
}
