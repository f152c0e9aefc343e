import Instance
import Platform
import PostgresClient
import Repair

/// One side of a comparison: a server that runs, managed or a copy for this work alone.
struct ComparedServer {
    let words: String
    let instance: PostgresInstance
    let pace: ReadingPace?

    func databases() throws(Problem) -> [String] {
        let connection = try instance.connect()
        defer { connection.close() }
        return try connection.query(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate "
                + "ORDER BY datname COLLATE \"C\""
        ).firstColumn
    }

    func holder(_ database: String) throws(Problem) -> ComparedSide.Holder {
        try ComparedSide.Holder(instance.connectionParameters(database: database), pace: pace)
    }

    /// The database's definitions, as `pg_dump` writes them.
    func schema(_ database: String, into path: String, _ runner: any CommandRunner) throws(Problem)
        -> SchemaPieces
    {
        let parameters = try instance.connectionParameters(database: database)
        try runner.runChecked(
            Command(
                instance.installation.tool("pg_dump"),
                [
                    "-h", parameters.host, "-p", String(parameters.port), "-U", parameters.user, "-C",
                    "--schema-only", "--no-subscriptions", "-E", "UTF8", "-f", path, "-d", database,
                ], workingDirectory: "/", timeoutSeconds: 3600))
        let text = String(decoding: try DurableFiles.read(path), as: UTF8.self)
        _ = try DurableFiles.removeFile(path)
        return SchemaPieces(text)
    }
}
