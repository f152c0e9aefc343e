public import PostgresFormat

/// Somebody who may use the API.
public struct Identity: Sendable, Hashable {
    /// Azure's object id.
    public var id: String
    public var clientID: String
    /// What the activity log calls it.
    public var name: String
    public var role: AccessRole
    public var scope: AccessScope
    /// Nil for the default identity, which nobody made.
    public var createdAt: PostgresTimestamp?

    public init(
        id: String, clientID: String, name: String, role: AccessRole, scope: AccessScope,
        createdAt: PostgresTimestamp?
    ) {
        self.id = id
        self.clientID = clientID
        self.name = name
        self.role = role
        self.scope = scope
        self.createdAt = createdAt
    }

    /// Owner of everything, for whoever has the state directory; works on loopback only.
    public static let local = Identity(
        id: "00000000-0000-0000-0000-00000000010c", clientID: "local", name: "local", role: .owner,
        scope: .subscription, createdAt: nil)

    public var isLocal: Bool { id == Self.local.id }

    /// Whether it may do that to something in that group; nil is what lies in no group.
    public func may(_ action: AccessAction, group: String?) -> Bool {
        role.allows(action) && scope.covers(group: group)
    }
}

/// An identity with its secret, which is shown once.
public struct NewIdentity: Sendable {
    public var identity: Identity
    public var secret: String

    public init(identity: Identity, secret: String) {
        self.identity = identity
        self.secret = secret
    }
}

/// A token that was handed out.
public struct IssuedToken: Sendable {
    public var text: String
    public var expiresAt: PostgresTimestamp

    public init(text: String, expiresAt: PostgresTimestamp) {
        self.text = text
        self.expiresAt = expiresAt
    }
}

/// What a token turns out to be.
public enum TokenVerdict: Sendable {
    case valid(Identity)
    case expired(at: PostgresTimestamp)
    case unknown
}

/// What a token is good for.
public enum TokenKind: String, Codable, Sendable {
    case access
    /// Only to get new access tokens with.
    case refresh

    /// How long one is good, in seconds.
    public var lifetime: Int64 {
        switch self {
        case .access: 3600
        case .refresh: 30 * 86_400
        }
    }
}
