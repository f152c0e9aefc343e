/// Where a server is, and as whom to talk to it.
public struct ConnectionParameters: Sendable, Hashable {
    /// An address, a name, or the directory of a Unix socket (then it begins with a slash).
    public var host: String
    public var port: UInt16
    /// Where else the server may be: the first of all that takes writes is taken, so a standby is not.
    public var alternatives: [ServerAddress] = []
    public var user: String
    public var database: String
    public var password: String?
    /// libpq's words: `disable`, `prefer`, `require`, `verify-ca`, `verify-full`; nil is libpq's default.
    public var sslMode: String?
    /// The certificate authority's file for the verifying modes.
    public var sslRootCertificate: String?
    public var applicationName: String
    /// At least 2; less counts as 2, as in libpq.
    public var connectTimeoutSeconds: Int
    /// Settings for this session, by name: they win over the server's, the database's and the role's.
    public var sessionSettings: [String: String]

    public init(
        host: String, port: UInt16 = 5432, user: String, database: String = "postgres",
        password: String? = nil, sslMode: String? = nil, sslRootCertificate: String? = nil,
        applicationName: String = "pitr", connectTimeoutSeconds: Int = 10,
        sessionSettings: [String: String] = [:]
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.database = database
        self.password = password
        self.sslMode = sslMode
        self.sslRootCertificate = sslRootCertificate
        self.applicationName = applicationName
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.sessionSettings = sessionSettings
    }

    /// All of them, in the order in which they are tried.
    public var addresses: [ServerAddress] { [ServerAddress(host: host, port: port)] + alternatives }

    /// The same, with each address alone: whoever answers there is taken.
    public var each: [ConnectionParameters] {
        addresses.map { address in
            var one = self
            (one.host, one.port, one.alternatives) = (address.host, address.port, [])
            return one
        }
    }

    /// Keywords and values as libpq takes them, with `extra` added last.
    func keywords(adding extra: [(String, String)] = []) -> [(String, String)] {
        var pairs = [
            ("host", addresses.map(\.host).joined(separator: ",")),
            ("port", addresses.map { String($0.port) }.joined(separator: ",")),
            ("user", user), ("dbname", database), ("application_name", applicationName),
            ("connect_timeout", String(connectTimeoutSeconds)),
            ("client_encoding", "UTF8"),
        ]
        if !alternatives.isEmpty { pairs.append(("target_session_attrs", "read-write")) }
        if let password { pairs.append(("password", password)) }
        if let sslMode { pairs.append(("sslmode", sslMode)) }
        if let sslRootCertificate { pairs.append(("sslrootcert", sslRootCertificate)) }
        if !sessionSettings.isEmpty { pairs.append(("options", Self.options(sessionSettings))) }
        return pairs + extra
    }

    /// Settings as libpq's `options`, and its variable `PGOPTIONS`, take them.
    public static func options(_ settings: [String: String]) -> String {
        settings.sorted { $0.key < $1.key }.map { "-c " + Self.option("\($0)=\($1)") }.joined(separator: " ")
    }

    /// The server splits options at blanks and takes a backslash before anything as that thing itself.
    private static func option(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            if scalar == "\\" || scalar.properties.isWhitespace { escaped += "\\" }
            escaped.unicodeScalars.append(scalar)
        }
        return escaped
    }
}
