import Instance
import Platform
import PostgresClient
import Repair

/// One side of a comparison: a server that runs, managed or a copy for this work alone.
struct ComparedServer {
    let words: String
    let instance: PostgresInstance
    let pace: ReadingPace?

    /// All of them by their bytes, as PostgreSQL tells them apart, each with why it is not compared; nil
    /// where it is.
    func databases() throws(Problem) -> [Cell: String?] {
        let connection = try instance.connect()
        defer { connection.close() }
        let rows = try connection.query(
            """
            SELECT datname, CASE WHEN NOT datallowconn THEN 'it takes no connections'
                WHEN datistemplate THEN 'it is a template' END AS obstacle
            FROM pg_database
            """)
        var found: [Cell: String?] = [:]
        for row in 0..<rows.count {
            guard let name = rows[row, "datname"] else { continue }
            found.updateValue(rows[row, "obstacle"], forKey: Cell(name))
        }
        return found
    }

    func holder(_ database: String) throws(Problem) -> ComparedSide.Holder {
        try ComparedSide.Holder(instance.connectionParameters(database: database), pace: pace)
    }

    /// The database's definitions, as `pg_dump` writes them.
    ///
    /// - Parameter dump: that program, of the server's own major version or a newer one.
    func schema(
        _ database: String, dump: String, into path: String, _ runner: any CommandRunner
    ) throws(Problem) -> SchemaPieces {
        let parameters = try instance.connectionParameters(database: database)
        try runner.runChecked(
            Command(
                dump,
                [
                    "-h", parameters.host, "-p", String(parameters.port), "-U", parameters.user, "-C",
                    "--schema-only", "--lock-wait-timeout=10s", "--no-subscriptions", "-E", "UTF8", "-f",
                    path, "-d", database,
                ], workingDirectory: "/", timeoutSeconds: 3600))
        let file = try OpenFile(reading: path)
        // It lies there as long as it is open.
        _ = try DurableFiles.removeFile(path)
        return try SchemaPieces(file)
    }

    func extensions(_ database: String) throws(Problem) -> ExtensionVersions {
        let connection = try instance.connect(database: database)
        defer { connection.close() }
        return try ExtensionVersions(connection)
    }
}
