/// How programs in different languages are told to connect; Azure's texts.
public struct ConnectionStrings: Sendable {
    public var host: String
    public var port: Int
    public var database: String
    public var login: String
    public var password: String

    public init(host: String, port: Int, database: String, login: String, password: String) {
        self.host = host
        self.port = port
        self.database = database
        self.login = login
        self.password = password
    }

    /// By Azure's names for the kinds.
    public var all: [String: String] {
        let url = "jdbc:postgresql://\(host):\(port)/\(database)"
        return [
            "psql_cmd": "postgresql://\(login):\(password)@\(host):\(port)/\(database)?sslmode=require",
            "ado.net":
                "Server=\(host);Database=\(database);Port=\(port);User Id=\(login);Password=\(password);"
                + "Ssl Mode=Require;",
            "jdbc": "\(url)?user=\(login)&password=\(password)&sslmode=require",
            "jdbc Spring": "spring.datasource.url=\(url)  spring.datasource.username=\(login)  "
                + "spring.datasource.password=\(password)",
            "node.js":
                "var client = new pg.Client('postgres://\(login):\(password)@\(host):\(port)/\(database)');",
            "php": "host=\(host) port=\(port) dbname=\(database) user=\(login) password=\(password)",
            "python": "cnx = psycopg2.connect(database='\(database)', user='\(login)', host='\(host)', "
                + "password='\(password)', port='\(port)')",
            "ruby":
                "cnx = PG::Connection.new(:host => '\(host)', :user => '\(login)', :dbname => '\(database)', "
                + ":port => '\(port)', :password => '\(password)')",
        ]
    }
}
