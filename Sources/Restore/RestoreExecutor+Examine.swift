import Instance
import Planning
import Platform
import PostgresClient

/// What is looked at in a copy that has just left recovery.
extension RestoreExecutor {
    /// A tablespace of the copy that led to a directory elsewhere would lead to the source's own files.
    func checkTablespaces() throws(Problem) -> [String] {
        let directory = job.dataDirectory + "/pg_tblspc"
        let names = try DurableFiles.list(directory)
        for name in names where DurableFiles.status(directory + "/" + name)?.kind != .directory {
            let target = DurableFiles.linkTarget(directory + "/" + name) ?? "something that is no directory"
            throw Problem(
                .recoveryFailed, "the copy has a tablespace outside its own directory",
                detail: "'\(directory)/\(name)' leads to \(target)")
        }
        if names.isEmpty { return [] }
        return ["\(names.count) \(names.count == 1 ? "tablespace lies" : "tablespaces lie") inside the copy"]
    }

    /// Databases whose DROP DATABASE was interrupted: PostgreSQL admits nobody to them.
    func invalidDatabases(_ connection: Connection) throws(Problem) -> [String] {
        try connection.query("SELECT datname FROM pg_database WHERE datconnlimit = -2 ORDER BY datname")
            .firstColumn
    }

    /// Looks into every database that admits anybody.
    ///
    /// One that a transaction in doubt closes cannot be looked into; the plan has said so.
    func examineDatabases(_ connection: Connection, _ proof: inout RestoreProof) throws(Problem) {
        let databases = try connection.query(
            """
            SELECT oid::text AS number, datname, (datname = current_database())::text AS own FROM pg_database
            WHERE datallowconn AND datconnlimit <> -2 ORDER BY datname
            """)
        for row in 0..<databases.count {
            guard let number = databases[row, "number"], let name = databases[row, "datname"],
                !job.plan.closes(database: number)
            else { continue }
            // A session costs more than what is asked in it.
            let isOpen = databases[row, "own"] == "true"
            let inside = isOpen ? connection : try job.recovering.connect(database: name)
            defer { if !isOpen { inside.close() } }
            if proof.subscriptions.contains(where: { $0.database == name }) {
                proof.tablesToCopyAgain += try forgetUnfinishedTables(inside)
            }
            proof.reachesOut += try reachesOut(inside)
            if try hasUnlogged(database: number) { try noteUnlogged(inside, &proof) }
        }
    }

    /// Unlogged tables and sequences, as `database.schema.name`: no WAL has them, so recovery empties them.
    private func noteUnlogged(_ inside: Connection, _ proof: inout RestoreProof) throws(Problem) {
        let found = try inside.query(
            """
            SELECT format('%I.%I.%I', current_database(), n.nspname, c.relname) AS name,
                CASE c.relkind WHEN 'S' THEN pg_relation_filepath(c.oid) END AS sequence
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relpersistence = 'u' AND c.relkind IN ('r', 'm', 'S') ORDER BY 1
            """)
        proof.unloggedRelations += found.firstColumn
        for row in 0..<found.count {
            guard let name = found[row, "name"], let path = found[row, "sequence"] else { continue }
            proof.unloggedSequences.append(UnloggedSequence(name: name, path: path))
        }
    }

    /// Whether a database has files from which recovery makes unlogged relations anew.
    private func hasUnlogged(database number: String) throws(Problem) -> Bool {
        for directory in try databaseDirectories(of: number) {
            let names = try DurableFiles.list(directory)
            if names.contains(where: { $0.hasSuffix("_init") }) { return true }
        }
        return false
    }
}
