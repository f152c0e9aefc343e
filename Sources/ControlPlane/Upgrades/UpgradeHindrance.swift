import Instance
import Platform
import PostgresClient

/// What keeps a server from being upgraded, as it says itself; pg_upgrade looks for more.
enum UpgradeHindrance: Hashable {
    /// Their names for both phases.
    case preparedTransactions([String])
    /// Left by a DROP DATABASE that was cut short.
    case invalidDatabases([String])
    /// Nobody can connect to them, so their contents cannot be taken over.
    case closedDatabases([String])
    /// They would be lost.
    case slots([String])
    /// Their files lie outside of what is copied.
    case tablespaces([String])
    /// Files and directories behind links: a copy of the files would write into them.
    case links([String])
    /// The newer version's installation has no files of theirs.
    case extensions([String])
    /// pg_upgrade works as the first superuser only, whatever it is called.
    case firstSuperuser([String])

    var words: String {
        switch self {
        case .preparedTransactions(let names): "transactions prepared and in doubt: \(Self.list(names))"
        case .invalidDatabases(let names): "databases that were not dropped to the end: \(Self.list(names))"
        case .closedDatabases(let names): "databases that allow no connections: \(Self.list(names))"
        case .slots(let names): "replication slots, which would be lost: \(Self.list(names))"
        case .tablespaces(let names): "tablespaces outside of its data directory: \(Self.list(names))"
        case .links(let names): "files or directories that lie elsewhere, behind a link: \(Self.list(names))"
        case .extensions(let names):
            "extensions that the newer version does not have on this machine: \(Self.list(names))"
        case .firstSuperuser(let names):
            "its first superuser, \(Self.list(names)), is none any more, may not log in, or has a name that "
                + "initdb does not take, and pg_upgrade works as no other"
        }
    }

    var remedy: String {
        switch self {
        case .preparedTransactions: "Commit or roll back each with COMMIT PREPARED or ROLLBACK PREPARED."
        case .invalidDatabases: "Drop each with DROP DATABASE."
        case .closedDatabases: "Allow connections: ALTER DATABASE … ALLOW_CONNECTIONS true."
        case .slots: "Drop what is not needed: SELECT pg_drop_replication_slot('…')."
        case .tablespaces:
            "Move what is in them: ALTER TABLE … SET TABLESPACE pg_default, then DROP TABLESPACE."
        case .links:
            "Stop the server, put each file or directory itself in its link's place, with all that is in it, "
                + "and start the server."
        case .extensions:
            "Install the packages that have them for the newer version, or DROP EXTENSION in each database "
                + "named: some have gone from PostgreSQL."
        case .firstSuperuser:
            "ALTER ROLE … SUPERUSER LOGIN for the role whose oid is 10, or ALTER ROLE … RENAME TO."
        }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
            + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }

    static func found(by connection: Connection) throws(Problem) -> [UpgradeHindrance] {
        func names(_ sql: String) throws(Problem) -> [String] {
            try connection.query(sql).firstColumn
        }
        let all: [UpgradeHindrance] = [
            .preparedTransactions(try names("SELECT gid FROM pg_catalog.pg_prepared_xacts ORDER BY 1")),
            .invalidDatabases(
                try names("SELECT datname FROM pg_catalog.pg_database WHERE datconnlimit = -2 ORDER BY 1")),
            .closedDatabases(
                try names(
                    "SELECT datname FROM pg_catalog.pg_database WHERE NOT datallowconn "
                        + "AND datconnlimit <> -2 AND datname <> 'template0' ORDER BY 1")),
            .slots(try names("SELECT slot_name FROM pg_catalog.pg_replication_slots ORDER BY 1")),
            .tablespaces(
                try names(
                    "SELECT spcname FROM pg_catalog.pg_tablespace "
                        + "WHERE pg_catalog.pg_tablespace_location(oid) LIKE '/%' ORDER BY 1")),
            .firstSuperuser(
                try names(
                    "SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10 "
                        + "AND NOT (rolsuper AND rolcanlogin AND rolname !~ '[[:cntrl:]\"''\\\\]')")),
        ]
        return all.filter { !$0.isEmpty }
    }

    /// What of a data directory lies outside of it: directories at its top, and anything below those that
    /// hold tables.
    static func links(below data: String) throws(Problem) -> [UpgradeHindrance] {
        // A file at the top behind a link is a configuration that the upgrade does not use.
        var found = try DurableFiles.list(data).filter { name in
            let path = "\(data)/\(name)"
            return DurableFiles.linkTarget(path) != nil && DurableFiles.exists(path + "/.")
        }
        for folder in ["base", "global", "pg_tblspc"] where !found.contains(folder) {
            found += try links(in: folder, of: data)
        }
        return found.isEmpty ? [] : [.links(found)]
    }

    /// What vanishes meanwhile is passed over: the server may run.
    private static func links(in folder: String, of data: String) throws(Problem) -> [String] {
        var found: [String] = []
        for name in try DurableFiles.listIfPresent("\(data)/\(folder)") {
            let path = "\(folder)/\(name)"
            switch DurableFiles.status("\(data)/\(path)")?.kind {
            case .symbolicLink: found.append(path)
            case .directory: found += try links(in: path, of: data)
            default: break
            }
        }
        return found
    }

    private var isEmpty: Bool {
        switch self {
        case .preparedTransactions(let names), .invalidDatabases(let names), .closedDatabases(let names),
            .slots(let names), .tablespaces(let names), .links(let names), .extensions(let names),
            .firstSuperuser(let names):
            names.isEmpty
        }
    }
}

extension Problem {
    /// - Parameter hindrances: one at least.
    static func cannotBeUpgraded(_ server: String, _ hindrances: [UpgradeHindrance]) -> Problem {
        Problem(
            .operationNotSupported, "server '\(server)' cannot be upgraded as it is",
            detail: hindrances.map(\.words).joined(separator: "\n"),
            hint: hindrances.map(\.remedy).joined(separator: " "))
    }
}
