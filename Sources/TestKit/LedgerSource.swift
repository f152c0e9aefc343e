public import Platform
public import PostgresClient

/// The server whose ledger is examined: one of ours, or one that is attached.
public struct LedgerSource: Sendable {
    /// As the product knows it.
    public let name: String
    /// Its pg_wal.
    public let walDirectory: String
    public let connect: @Sendable () throws(Problem) -> Connection
    public let superuser: @Sendable () throws(Problem) -> Connection

    public init(_ server: ManagedServer) {
        name = server.name
        walDirectory = server.dataDirectory + "/pg_wal"
        connect = { () throws(Problem) in try server.connect() }
        superuser = { () throws(Problem) in try server.superuser() }
    }

    /// - Parameter name: under which it is attached.
    public init(_ server: PostgresFixture, attachedAs name: String) {
        self.name = name
        walDirectory = server.dataDirectory + "/pg_wal"
        let parameters = ConnectionParameters(
            host: server.socketDirectory, port: server.port, user: server.owner)
        connect = { () throws(Problem) in try Connection(parameters) }
        superuser = connect
    }
}
