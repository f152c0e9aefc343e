/// Where a server may be.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address, a name, or the directory of a Unix socket.
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `db.example.org:5432`; of a socket, the file's name.
    public var description: String {
        host.hasPrefix("/") ? "\(host)/.s.PGSQL.\(port)" : "\(host):\(port)"
    }
}
