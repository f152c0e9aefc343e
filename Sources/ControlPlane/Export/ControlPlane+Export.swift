import Catalog
import Instance
import Platform
import PostgresClient
import PostgresFormat
import Repair
import ServiceModel

/// Rows that go out of a server, and the record of it.
extension ControlPlane {
    /// Writes rows of one table into a file that the caller opened, all of one snapshot. Nothing is written
    /// on the server; of a copy the evidence says afterwards what was taken.
    ///
    /// Throws `.resourceNotFound` for a table or a column that is not there, `.invalidParameterValue` for a
    /// condition that PostgreSQL does not take, `.serverIsNotReady`, `.insufficientStorage`, `.canceled`.
    public func export(_ request: ExportRequest, into descriptor: Int32) throws -> ExportResult {
        let row = try findComplete(request.server)
        let word = try TableWord(request.table)
        let connection = try exportConnection(row, request)
        defer { connection.close() }
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try connection.execute(CanonicalText.settings(local: true) + "\nSET LOCAL lock_timeout = '10s'")
        // The first statement that needs a snapshot takes the one of the whole transaction.
        let snapshot = try connection.query("SELECT pg_catalog.pg_current_snapshot()::text").scalar
        let shape = try exportedTable(word, request, connection)
        let export = try TableExport(
            connection, shape, columns: request.columns, condition: request.condition,
            format: request.format)
        try export.check()
        let output = ExportOutput(descriptor)
        progress.begin("exporting \(shape.name)", totalBytes: nil)
        defer { progress.end() }
        let count = try export.write(cancellation) { (piece) throws(Problem) in try output.add(piece) }
        let hash = try output.finish()
        var manifest = ExportManifest(
            bytes: output.bytes, caller: caller.name, columns: export.columnNames,
            condition: request.condition, database: request.database, exportedAt: clock.now(),
            file: request.file, format: request.format,
            login: request.login ?? instancePaths(row).superuser, operationID: nil, rows: count,
            server: ResourceID.server(resourceGroup: row.resourceGroup, name: row.name),
            serverID: row.id, sha256: hash, snapshot: snapshot ?? "", table: shape.name.description)
        guard let evidence = row.evidence else { return ExportResult(manifest: manifest, notes: []) }
        manifest.operationID = evidence.operationID
        return ExportResult(manifest: manifest, notes: try enter(manifest, of: row))
    }

    private func exportConnection(_ row: ServerRow, _ request: ExportRequest) throws -> Connection {
        guard let login = request.login else { return try connect(row, database: request.database) }
        // Whether it runs and takes sessions.
        try connect(row).close()
        return try Connection(
            ConnectionParameters(
                host: row.host, port: UInt16(clamping: row.port), user: login, database: request.database,
                password: request.password, sslMode: "verify-full", sslRootCertificate: authorityFile,
                applicationName: "pitr export"))
    }

    private func exportedTable(
        _ word: TableWord, _ request: ExportRequest, _ connection: Connection
    ) throws -> TableShape {
        let rows = try connection.query(
            """
            SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 2, 3
            """)
        let found = (0..<rows.count).compactMap { place -> (number: ObjectID, name: QualifiedName)? in
            guard let number = rows[place, "oid"].flatMap({ UInt32($0) }),
                let schema = rows[place, "schema"], let name = rows[place, "name"]
            else { return nil }
            return (ObjectID(number), QualifiedName(schema: schema, name: name))
        }.filter { word.matches($0.name) }
        guard let first = found.first else {
            throw Problem(
                .resourceNotFound, "there is no table '\(request.table)' in database '\(request.database)'",
                hint: "Name the database with -d, the table as orders or shop.orders.")
        }
        guard found.count == 1 else {
            throw Problem(
                .usage, "'\(request.table)' may be any of \(found.count) tables",
                detail: found.map(\.name.description).joined(separator: ", "),
                hint: "Name it with its schema.")
        }
        guard let shape = try TableReader(connection).shape(of: first.number) else {
            throw Problem(
                .operationNotSupported, "\(first.name) is no table of its own",
                detail: "it is a view, a materialized view or a foreign table",
                hint: "Name the table that its rows come from.")
        }
        return shape
    }

    // MARK: The record

    /// Adds what was taken to the evidence of the copy.
    ///
    /// - Returns: why that could not be done; the rows are out whether or not it could.
    private func enter(_ manifest: ExportManifest, of row: ServerRow) throws -> [String] {
        guard let operation = manifest.operationID else { return [] }
        // Against its deletion, which writes in the same file; a backup may go on.
        let lock = try lockServer(row, .shared, seconds: 60)
        defer { lock.release() }
        let turn = try DirectoryLock.wait(paths.evidenceLock(row.id))
        defer { turn.release() }
        do {
            try keepEvidence(of: row)
            guard var kept = try evidenceFolder.read(operation) else { return [] }
            kept.exports = (kept.exports ?? []) + [manifest]
            try evidenceFolder.write(kept)
            return []
        } catch let problem as Problem where problem.code == .stateDamaged {
            return [
                "The evidence of the copy's restore cannot be read, so it does not say what was exported: "
                    + "'pitr evidence list' tells why."
            ]
        }
    }
}
