import GRDB
public import PostgresFormat
public import ServiceModel

/// Somebody who may use the API: a service principal.
public struct IdentityRow: CatalogRow {
    public static let databaseTableName = "identity"
    /// Azure's object id.
    public var id: String
    public var clientID: String
    public var name: String
    public var role: String
    /// An ARM id: the subscription's or a resource group's.
    public var scope: String
    /// The hash, in hexadecimal digits; the secret itself is kept nowhere.
    public var secretHash: String
    public var createdAt: PostgresTimestamp

    public init(
        id: String, clientID: String, name: String, role: String, scope: String, secretHash: String,
        createdAt: PostgresTimestamp
    ) {
        self.id = id
        self.clientID = clientID
        self.name = name
        self.role = role
        self.scope = scope
        self.secretHash = secretHash
        self.createdAt = createdAt
    }
}

/// A token that was handed out; what was handed out is kept as a hash only.
public struct TokenRow: CatalogRow {
    public static let databaseTableName = "token"
    public var hash: String
    public var identityID: String
    public var kind: TokenKind
    public var expiresAt: PostgresTimestamp

    public init(hash: String, identityID: String, kind: TokenKind, expiresAt: PostgresTimestamp) {
        self.hash = hash
        self.identityID = identityID
        self.kind = kind
        self.expiresAt = expiresAt
    }
}
