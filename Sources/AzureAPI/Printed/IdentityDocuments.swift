import PostgresFormat
public import ServiceModel

/// Somebody who may use the API.
public struct IdentityDocument: Codable, Sendable {
    public var clientId: String
    @OrNull public var createdAt: String?
    public var name: String
    public var objectId: String
    public var role: String
    public var scope: String

    public init(_ identity: Identity) {
        clientId = identity.clientID
        name = identity.name
        objectId = identity.id
        role = identity.role.rawValue
        scope = identity.scope.resourceID
        createdAt = identity.createdAt?.wireText
    }
}

/// An identity that was just made, as `az ad sp create-for-rbac` prints it, and its role.
public struct NewIdentityDocument: Codable, Sendable {
    public var appId: String
    public var displayName: String
    public var password: String
    public var role: String
    public var scope: String
    public var tenant: String

    public init(_ made: NewIdentity) {
        appId = made.identity.clientID
        displayName = made.identity.name
        password = made.secret
        role = made.identity.role.rawValue
        scope = made.identity.scope.resourceID
        tenant = ResourceID.tenant
    }
}
