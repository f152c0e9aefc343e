public import ServiceModel

/// What `az postgres flexible-server create` prints: how to connect, with the password that is shown once.
public struct CreatedServerDocument: Codable, Sendable {
    public var connectionString: String
    public var databaseName: String
    @OrNull public var firewallName: String?
    public var host: String
    public var id: String
    public var location: String
    public var password: String
    public var port: Int
    public var resourceGroup: String
    /// All lower case in az, too.
    public var skuname: String
    public var username: String
    public var version: String

    public init(_ created: CreatedServer) {
        let server = created.server
        connectionString = created.connectionString
        databaseName = created.databaseName
        host = server.host
        id = ResourceID.server(ServerReference(resourceGroup: server.resourceGroup, name: server.name))
        location = server.location
        password = created.password
        port = server.port
        resourceGroup = server.resourceGroup
        skuname = server.skuName
        username = server.administratorLogin
        version = server.version
        firewallName = created.firewallRuleName
    }
}
