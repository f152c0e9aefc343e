import Catalog
import Instance
public import Planning
import Platform
import PostgresClient
import PostgresFormat
public import ServiceModel

extension ControlPlane {
    /// A running server's private connection, or `.serverIsNotReady`.
    func connect(_ row: ServerRow, database: String = "postgres") throws -> Connection {
        guard state(row) == .ready else {
            throw Problem(
                .serverIsNotReady, "server '\(row.name)' is not running",
                hint: "Start it with 'pitr start -n \(row.name)'.")
        }
        try awaitSessions(row)
        return try instance(row).connect(database: database)
    }

    public func createDatabase(
        _ server: ServerReference, name: String, charset: String?, collation: String?,
        for accepted: AcceptedWork? = nil
    ) throws -> DatabaseDetails {
        try Self.validate(databaseName: name)
        guard !["template0", "template1"].contains(name) else {
            throw Problem(
                .invalidParameterValue, "'\(name)' is the name of a template that every server has",
                hint: "Choose another name.")
        }
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let lock = try lockServer(row, .shared)
        defer { lock.release() }
        try perform(.createDatabase, server: row, properties: ["database": name], for: accepted) { _ in
            let connection = try connect(row)
            if try connection.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]).isEmpty {
                try Self.makeDatabase(
                    name, owner: row.administratorLogin, charset: charset, collation: collation,
                    on: connection)
            }
        }
        return try showDatabase(server, name: name)
    }

    /// Charset and collation nil take the cluster's own.
    static func makeDatabase(
        _ name: String, owner: String, charset: String?, collation: String?, on connection: Connection
    ) throws(Problem) {
        var options = "OWNER \(SQLText.identifier(owner))"
        if let charset, let collation = collation.map(ClusterLocale.collation(asked:)) {
            options +=
                " TEMPLATE template0 ENCODING \(SQLText.literal(charset)) LC_COLLATE \(SQLText.literal(collation))"
                + " LC_CTYPE \(SQLText.literal(collation))"
        }
        do throws(Problem) {
            try connection.execute("CREATE DATABASE \(SQLText.identifier(name)) \(options)")
        } catch {
            throw Problem(
                .invalidParameterValue, "the database '\(name)' could not be made", detail: error.detail,
                hint:
                    "Locales of this machine are listed by 'locale -a'; leave both options out for the default."
            )
        }
    }

    public func listDatabases(_ server: ServerReference) throws -> [DatabaseDetails] {
        let row = try findComplete(server)
        try requireOwn(row)
        let rows = try connect(row).query(
            """
            SELECT datname, pg_encoding_to_char(encoding) AS charset, datcollate
            FROM pg_database WHERE NOT datistemplate ORDER BY datname
            """)
        return (0..<rows.count).map {
            DatabaseDetails(
                name: rows[$0, "datname"] ?? "", charset: rows[$0, "charset"] ?? "",
                collation: rows[$0, "datcollate"] ?? "")
        }
    }

    public func showDatabase(_ server: ServerReference, name: String) throws -> DatabaseDetails {
        guard let found = try listDatabases(server).first(where: { $0.name == name }) else {
            throw Problem(
                .resourceNotFound, "The database '\(name)' of server '\(server.name)' was not found.",
                hint: "List them with 'pitr db list -s \(server.name)'.")
        }
        return found
    }

    public func deleteDatabase(
        _ server: ServerReference, name: String, for accepted: AcceptedWork? = nil
    ) throws {
        let found = try showDatabase(server, name: name)
        guard !["postgres", "azure_maintenance", "azure_sys"].contains(found.name) else {
            throw Problem(.operationNotSupported, "the system database '\(name)' cannot be deleted")
        }
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let lock = try lockServer(row, .shared)
        defer { lock.release() }
        try perform(.deleteDatabase, server: row, properties: ["database": name], for: accepted) { _ in
            try connect(row).execute("DROP DATABASE \(SQLText.identifier(name)) WITH (FORCE)")
        }
    }

    public func createRestorePoint(_ server: ServerReference, name: String) throws -> NamedPoint {
        guard (1...63).contains(name.utf8.count) else {
            throw Problem(
                .invalidParameterValue, "a restore point's name has 1 to 63 bytes",
                hint: name.isEmpty ? "Give it a name." : "Choose a shorter name.")
        }
        let row = try findComplete(server)
        try requireOwn(row)
        return try perform(.restorePoint, server: row, properties: ["restorePoint": name], for: nil) { _ in
            let rows = try connect(row).query(
                "SELECT pg_create_restore_point($1)::text AS lsn, "
                    + "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS time",
                [name])
            guard let lsn = rows[0, "lsn"].flatMap({ LSN($0) }), let time = rows[0, "time"] else {
                throw Problem(.queryFailed, "the server does not say where the restore point is")
            }
            return NamedPoint(name: name, lsn: lsn, time: try Self.instant(time))
        }
    }
}
