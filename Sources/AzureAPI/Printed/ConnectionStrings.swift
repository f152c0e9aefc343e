import Notation
import ServiceModel

/// How programs in different languages are told to connect; Azure's texts, with what they are made of quoted
/// as each language wants it.
///
/// Here each of them has the program verify the server: any user of the machine can listen at the address of
/// a server that is stopped.
public struct ConnectionStrings: Sendable {
    public var host: String
    public var port: Int
    /// Nil for a place to fill in, also of the others.
    public var database: String?
    public var login: String?
    public var password: String?
    /// The certificate that the server is verified with; nil for a place to fill in.
    public var rootCertificate: String?

    public init(
        host: String, port: Int, database: String?, login: String?, password: String?,
        rootCertificate: String? = nil
    ) {
        self.host = host
        self.port = port
        self.database = database
        self.login = login
        self.password = password
        self.rootCertificate = rootCertificate
    }

    /// By Azure's names for the kinds.
    public var all: [String: String] {
        let plain = values { $0 }
        let uri = values(PercentCoding.encode)
        let quoted = values(Self.quoted)
        let libpq = values(Self.libpqValue)
        let net = values(Self.netValue)
        let root = rootCertificate ?? "{ca.crt}"
        let verified =
            rootCertificate.map(ConnectionURI.verified) ?? "sslmode=verify-full&sslrootcert={ca.crt}"
        let jdbc = "jdbc:postgresql://\(host):\(port)/\(uri.database)"
        return [
            "psql_cmd":
                "postgresql://\(uri.login):\(uri.password)@\(host):\(port)/\(uri.database)?\(verified)",
            "ado.net":
                "Server=\(host);Database=\(net.database);Port=\(port);User Id=\(net.login);"
                + "Password=\(net.password);Ssl Mode=VerifyFull;Root Certificate=\(Self.netValue(root));",
            "jdbc": "\(jdbc)?user=\(uri.login)&password=\(uri.password)&\(verified)",
            "jdbc Spring":
                "spring.datasource.url=\(jdbc)?\(verified)  spring.datasource.username=\(plain.login)  "
                + "spring.datasource.password=\(plain.password)",
            "node.js":
                "var client = new pg.Client('postgres://\(uri.login):\(uri.password)@\(host):\(port)/"
                + "\(uri.database)?\(verified)');",
            "php": "host=\(host) port=\(port) dbname=\(libpq.database) user=\(libpq.login) "
                + "password=\(libpq.password) sslmode=verify-full sslrootcert=\(Self.libpqValue(root))",
            "python": "cnx = psycopg2.connect(database='\(quoted.database)', user='\(quoted.login)', "
                + "host='\(host)', password='\(quoted.password)', port='\(port)', "
                + "sslmode='verify-full', sslrootcert='\(Self.quoted(root))')",
            "ruby":
                "cnx = PG::Connection.new(:host => '\(host)', :user => '\(quoted.login)', "
                + ":dbname => '\(quoted.database)', :port => '\(port)', "
                + ":password => '\(quoted.password)', :sslmode => 'verify-full', "
                + ":sslrootcert => '\(Self.quoted(root))')",
        ]
    }

    /// One string for libpq with nothing left to fill in: without a password where there is none.
    public static func uri(
        host: String, port: Int, database: String, login: String, password: String?, rootCertificate: String
    ) -> String {
        let escaped = PercentCoding.encode
        let secret = password.map { ":" + escaped($0) } ?? ""
        return "postgresql://\(escaped(login))\(secret)@\(host):\(port)/\(escaped(database))?"
            + ConnectionURI.verified(by: rootCertificate)
    }

    private func values(
        _ write: (String) -> String
    ) -> (database: String, login: String, password: String) {
        (
            database.map(write) ?? "{database}", login.map(write) ?? "{login}",
            password.map(write) ?? "{password}"
        )
    }

    /// Between single quotes in Python and Ruby.
    private static func quoted(_ text: String) -> String {
        escaped(text, ["\\", "'"], with: "\\")
    }

    /// In libpq's `keyword=value`: quoted where it has blanks or quotes.
    private static func libpqValue(_ text: String) -> String {
        text.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "'" || $0 == "\\" } || text.isEmpty
            ? "'\(quoted(text))'" : text
    }

    /// In ADO.NET's `Keyword=value;`: quoted where it has what ends or begins a value.
    private static func netValue(_ text: String) -> String {
        text.unicodeScalars.contains { $0.properties.isWhitespace || "';\"=".unicodeScalars.contains($0) }
            ? "\"" + escaped(text, ["\""], with: "\"") + "\"" : text
    }

    /// By scalars: programs do not see that a quote and a combining mark behind it are one character.
    private static func escaped(
        _ text: String, _ special: Set<Unicode.Scalar>, with mark: Unicode.Scalar
    ) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if special.contains(scalar) { result.append(mark) }
            result.append(scalar)
        }
        return String(result)
    }
}
