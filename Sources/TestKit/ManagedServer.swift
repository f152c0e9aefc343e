public import Notation
public import Platform
public import PostgresClient
import PostgresFormat

/// A server that the product runs, as `show` described it.
public struct ManagedServer: Sendable {
    public let name: String
    /// The immutable id that keys its folders.
    public let id: String
    public let host: String
    public let port: UInt16
    public let user: String
    public let dataDirectory: String
    public let socketDirectory: String
    public let logDirectory: String
    public let repository: String
    /// As `create` printed it.
    public let connectionString: String?

    /// The folder that holds everything of the server but its repository.
    public var folder: String { DurableFiles.parent(of: dataDirectory) }

    init?(_ shown: JSONValue, connectionString: String? = nil) {
        guard let local = shown["local"], let name = shown["name"]?.string, let id = local["id"]?.string,
            let host = local["host"]?.string, let port = local["port"]?.integer,
            let user = shown["administratorLogin"]?.string, let data = local["dataDirectory"]?.string,
            let socket = local["socketDirectory"]?.string, let log = local["logDirectory"]?.string,
            let repository = local["repositoryDirectory"]?.string
        else { return nil }
        self.name = name
        self.id = id
        self.host = host
        self.port = UInt16(clamping: port)
        self.user = user
        dataDirectory = data
        socketDirectory = socket
        logDirectory = log
        self.repository = repository
        self.connectionString = connectionString
    }

    /// Connects through TCP with TLS, as the admin.
    public func connect(
        database: String = "postgres", password: String = ProductUnderTest.adminPassword
    ) throws(Problem) -> Connection {
        try Connection(
            ConnectionParameters(
                host: host, port: port, user: user, database: database, password: password,
                sslMode: "require"))
    }

    /// Connects through the private socket as the tool's own superuser.
    public func superuser(database: String = "postgres") throws(Problem) -> Connection {
        try Connection(
            ConnectionParameters(host: socketDirectory, port: port, user: "azuresu", database: database))
    }
}

/// What `restore` made and what it printed.
public struct RestoredServer: Sendable {
    public let server: ManagedServer
    public let evidence: JSONValue
    public let printed: JSONValue
    /// What went to standard error.
    public let remarks: String
}
