import Capture
import Catalog
import Instance
import Notation
import Platform
import PostgresClient
import PostgresFormat
import Repository
import ServiceModel

/// What can be checked in a copy that is open.
struct DrillChecks {
    typealias Finding = DrillRun.Finding

    let plane: ControlPlane
    let copy: ServerRow
    let request: DrillRequest
    let password: String

    private func server() throws(Problem) -> PostgresInstance { try plane.instance(copy) }

    /// Those that take sessions.
    private func databases() throws(Problem) -> [String] {
        try server().connect().query(
            "SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2 ORDER BY 1"
        ).firstColumn
    }

    // MARK: Pages

    /// The server is stopped for it: nothing is being written then, and what is on the disk is all there is.
    func pages() throws -> Finding {
        let server = try server()
        guard try server.connect().query("SHOW data_checksums").scalar == "on" else {
            return Finding(outcome: .notRun, summary: "the server has no page checksums")
        }
        let lock = try plane.lockServer(copy, seconds: 60)
        defer { lock.release() }
        try server.stop(.fast)
        let found: DataDirectoryPages.Finding
        do {
            found = try DataDirectoryPages.check(
                plane.instancePaths(copy).data, major: server.installation.major, progress: plane.progress,
                cancellation: plane.cancellation)
        } catch {
            try server.start()
            throw error
        }
        try server.start()
        guard found.damage.isEmpty else {
            return Finding(
                outcome: .failed,
                summary: "\(found.damage.count) files have pages with a wrong checksum or cut off",
                details: found.damage.map { "\($0.path), block \($0.block)" })
        }
        guard found.passedOver.isEmpty else {
            return Finding(
                outcome: .notRun, summary: "\(found.passedOver.count) files could not be looked at",
                details: found.passedOver)
        }
        return Finding(
            outcome: .passed,
            summary: "\(found.pages) pages in \(found.files) files have the right checksum")
    }

    // MARK: Indexes

    func indexes() throws -> Finding {
        let server = try server()
        let tool = server.installation.tool("pg_amcheck")
        guard DurableFiles.exists(tool) else {
            return Finding(outcome: .notRun, summary: "pg_amcheck is not installed", details: [tool])
        }
        let known = try server.connect().query(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'")
        guard !known.isEmpty else {
            return Finding(outcome: .notRun, summary: "the extension amcheck is not installed")
        }
        let names = try databases()
        let added = try names.filter { try install(in: $0, of: server) }
        // Where that fails the copy has an extension more, and goes soon.
        defer { added.forEach { try? uninstall(in: $0, of: server) } }
        plane.progress.begin("checking tables and indexes", totalBytes: nil)
        defer { plane.progress.end() }
        let parameters = try server.connectionParameters()
        let result = try plane.runner.run(
            Command(
                tool,
                [
                    "-h", parameters.host, "-p", String(parameters.port), "-U", parameters.user, "--all",
                    "--heapallindexed",
                ], workingDirectory: "/"))
        try plane.cancellation.check()
        let lines = result.words.split(separator: "\n").map(String.init)
        guard result.succeeded else {
            return Finding(
                outcome: .failed, summary: "pg_amcheck found damage, or could not look everywhere",
                details: lines
            )
        }
        return Finding(
            outcome: .passed, summary: "tables and indexes of \(names.count) databases agree", details: lines)
    }

    /// Whether it was not there before: then it goes again, so that steps find the copy as it was.
    private func install(in database: String, of server: PostgresInstance) throws(Problem) -> Bool {
        let connection = try server.connect(database: database)
        defer { connection.close() }
        guard try connection.query("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'").isEmpty else {
            return false
        }
        try connection.execute("CREATE EXTENSION amcheck SCHEMA pg_catalog")
        return true
    }

    private func uninstall(in database: String, of server: PostgresInstance) throws(Problem) {
        let connection = try server.connect(database: database)
        defer { connection.close() }
        try connection.execute("DROP EXTENSION amcheck")
    }

    // MARK: Contents

    func contents() throws -> [DrillDatabase] {
        plane.progress.begin("counting rows", totalBytes: nil)
        defer { plane.progress.end() }
        let server = try server()
        return try databases().filter { !$0.hasPrefix("template") }.map { name in
            let connection = try server.connect(database: name)
            defer { connection.close() }
            // An index alone would tell how many rows there are: the tables themselves are to be read.
            try Self.turnOff(["enable_indexonlyscan", "enable_indexscan", "enable_bitmapscan"], connection)
            let tables = try connection.query(
                """
                SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'r' AND c.relpersistence <> 't'
                    AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
                """)
            let counted = try tables.firstColumn.map { table in
                try plane.cancellation.check()
                let count = try connection.query("SELECT pg_catalog.count(*) FROM \(table)").scalar
                return DrillDatabase.Table(name: table, rows: count.flatMap { UInt64($0) } ?? 0)
            }
            return DrillDatabase(name: name, schema: schema(of: name, server), tables: counted)
        }
    }

    private static func turnOff(_ settings: [String], _ connection: Connection) throws(Problem) {
        for name in settings { try connection.execute("SET \(name) = off") }
    }

    /// Nil where the definitions cannot be dumped: that is no loss of data.
    private func schema(of database: String, _ server: PostgresInstance) -> String? {
        guard let parameters = try? server.connectionParameters(database: database),
            let dump = try? plane.runner.run(
                Command(
                    server.installation.tool("pg_dump"),
                    [
                        "-h", parameters.host, "-p", String(parameters.port), "-U", parameters.user,
                        "--schema-only", "-E", "UTF8", "-d", database,
                    ], workingDirectory: "/", timeoutSeconds: 3600)), dump.succeeded
        else { return nil }
        // Comments name versions, and the guard of newer minor versions is another word each time.
        let lines = dump.standardOutput.split(separator: "\n").filter { line in
            !line.hasPrefix("--") && !line.hasPrefix("\\restrict") && !line.hasPrefix("\\unrestrict")
        }
        return EvidenceHash.hexadecimal(Array(lines.joined(separator: "\n").utf8))
    }

    // MARK: References

    /// A query for each foreign key that is not that of a partition.
    ///
    /// WITH PERIOD, which PostgreSQL 18 introduced, a key refers to what several rows cover together: those
    /// are left out.
    static func foreignKeys(_ version: WALVersion) -> String {
        """
        SELECT pg_catalog.format('%s on %s', k.conname, k.conrelid::regclass) AS name,
            pg_catalog.format('SELECT pg_catalog.count(*) FROM %s f WHERE %s AND NOT EXISTS '
                '(SELECT 1 FROM %s p WHERE %s)', k.conrelid::regclass,
                pg_catalog.string_agg(pg_catalog.format('f.%I IS NOT NULL', a.attname), ' AND '),
                k.confrelid::regclass,
                pg_catalog.string_agg(pg_catalog.format(
                    'p.%I OPERATOR(%I.%s) f.%I', b.attname, s.nspname, o.oprname, a.attname), ' AND '))
            AS query
        FROM pg_constraint k
        CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop) AS u (own, other, equal)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.other
        JOIN pg_operator o ON o.oid = u.equal
        JOIN pg_namespace s ON s.oid = o.oprnamespace
        WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0
            \(version.hasPeriodKeys ? "AND NOT k.conperiod" : "")
        GROUP BY k.oid, k.conname, k.conrelid, k.confrelid ORDER BY 1
        """
    }

    /// How many of them are left out; nil where there cannot be any.
    static func periodKeys(_ version: WALVersion) -> String? {
        version.hasPeriodKeys
            ? "SELECT pg_catalog.count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated "
                + "AND conparentid = 0 AND conperiod" : nil
    }

    func references() throws -> Finding {
        let server = try server()
        let version = server.installation.version
        var (checked, leftOut) = (0, 0)
        var broken: [String] = []
        for name in try databases() where !name.hasPrefix("template") {
            let connection = try server.connect(database: name)
            defer { connection.close() }
            try Self.turnOff(["enable_indexonlyscan"], connection)
            if let query = Self.periodKeys(version) {
                leftOut += try connection.query(query).scalar.flatMap { Int($0) } ?? 0
            }
            let keys = try connection.query(Self.foreignKeys(version))
            for row in 0..<keys.count {
                try plane.cancellation.check()
                guard let query = keys[row, "query"], let key = keys[row, "name"] else { continue }
                checked += 1
                let count = try connection.query(query).scalar ?? "?"
                if count != "0" { broken.append("\(key) in \(name), rows that refer to nothing: \(count)") }
            }
        }
        let rest = leftOut > 0 ? "; \(leftOut) WITH PERIOD cannot be checked" : ""
        guard broken.isEmpty else {
            return Finding(
                outcome: .failed, summary: "\(broken.count) of \(checked) do not hold" + rest, details: broken
            )
        }
        return Finding(
            outcome: checked == 0 && leftOut > 0 ? .notRun : .passed,
            summary: "\(checked) checked, all of them hold" + rest)
    }

    // MARK: The user's own

    /// As the administrator, who is no superuser, in a session that cannot write.
    func assert(_ assertion: DrillAssertion) throws -> Finding {
        let milliseconds = String(Int(min(request.timeLimit * 1000, 2_000_000_000)))
        let runner = try ScriptRunner(
            ConnectionParameters(
                host: copy.host, port: UInt16(clamping: copy.port), user: copy.administratorLogin,
                database: request.database, password: password, sslMode: "verify-full",
                sslRootCertificate: plane.authorityFile, applicationName: "pitr drill",
                sessionSettings: [
                    "default_transaction_read_only": "on", "statement_timeout": milliseconds,
                    "lock_timeout": milliseconds,
                ]), clearing: [], cancellation: plane.cancellation)
        defer { runner.close() }
        let results: [StatementResult]
        do {
            results = try runner.runAsTransaction(assertion.sql)
        } catch {
            try plane.cancellation.check()
            // Its time was over, or it may not look there: that says nothing of the rows.
            guard ["57014", "42501"].contains(runner.lastFailure?.sqlState) else { throw error }
            return Finding(
                outcome: .notRun, summary: error.message, details: [error.detail].compactMap(\.self))
        }
        let answers = results.filter { !$0.columns.isEmpty }
        guard !answers.isEmpty else {
            return Finding(outcome: .notRun, summary: "it asks nothing: no statement of it returns rows")
        }
        let rows = answers.flatMap(\.rows)
        guard let first = answers.first(where: { !$0.rows.isEmpty }) else {
            return Finding(outcome: .passed, summary: "no row")
        }
        let shown = first.rows.prefix(DrillText.mostRows).map { row in
            zip(first.columns, row).map { "\($0.name)=\($1 ?? "NULL")" }.joined(separator: ", ")
        }
        let rest = rows.count - shown.count
        return Finding(
            outcome: .failed, summary: "\(rows.count) \(rows.count == 1 ? "row" : "rows")",
            details: shown + (rest > 0 ? ["(\(rest) more rows are left out)"] : []))
    }
}

/// SHA-256 in hexadecimal digits.
enum EvidenceHash {
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        Hexadecimal.text(SHA256.hash(bytes))
    }
}
