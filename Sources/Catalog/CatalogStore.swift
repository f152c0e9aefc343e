public import GRDB
public import Platform
import ServiceModel

/// The catalog: servers, rules, parameters, operations and the activity log, in one SQLite file.
///
/// Several processes open it at once. Writes are immediate transactions that wait for each other up to 30 s.
public final class CatalogStore: Sendable {
    /// The newest layout that this version knows.
    public static let formatVersion = 8
    private let queue: DatabaseQueue
    private let path: String

    /// Opens the catalog at `path`, makes or migrates it; a newer layout is refused with `.formatTooNew`.
    public init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.prepareDatabase { database in
            // A change is committed when its journal is gone. FULL does not wait until that is on the disk:
            // after a loss of power the journal could be back, and the last change undone.
            try database.execute(sql: "PRAGMA synchronous = EXTRA")
            try database.execute(sql: "PRAGMA foreign_keys = ON")
        }
        self.path = path
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try Self.checkVersion(queue, path: path)
            try Self.migrate(queue)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Self.unusable(path, error)
        }
    }

    /// Another process may do the same between the look at what is missing and the change: then there is
    /// nothing left to do at the second look.
    private static func migrate(_ queue: DatabaseQueue) throws {
        do {
            try migrator.migrate(queue)
        } catch is DatabaseError {
            try migrator.migrate(queue)
        }
    }

    /// A damaged catalog is `.stateDamaged`; a disk that is full or a file that may not be opened is not.
    private static func unusable(_ path: String, _ error: any Error) -> Problem {
        let trouble: [ResultCode] = [
            .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_FULL, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_BUSY,
            .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_AUTH,
        ]
        if let full = fullDisk(path, error) { return full }
        if let error = error as? DatabaseError, trouble.contains(error.resultCode) {
            return Problem(.system, "the catalog \(path) cannot be opened", detail: "\(error)")
        }
        return Problem(
            .stateDamaged, "the catalog \(path) cannot be used", detail: "\(error)",
            hint: "Make a new one from what is on the disk: 'pitr doctor --rebuild-catalog'.")
    }

    /// A file system that has no room left for the catalog; nil when it is something else.
    ///
    /// Most often SQLite says so itself. Where it cannot make a journal or enlarge a file of shared memory it
    /// says only that it failed.
    private static func fullDisk(_ path: String, _ error: any Error) -> Problem? {
        guard let error = error as? DatabaseError else { return nil }
        switch error.resultCode {
        case .SQLITE_FULL: break
        case .SQLITE_IOERR, .SQLITE_CANTOPEN:
            guard let free = try? DurableFiles.freeBytes(DurableFiles.parent(of: path)), free < leastRoom
            else { return nil }
        default: return nil
        }
        return Problem(
            .insufficientStorage, "the disk has no room for the catalog \(path)", detail: "\(error)",
            hint:
                "Make room on that file system, a few megabytes at least, but not by hand below the state "
                + "directory. Nothing in the catalog has changed."
        )
    }

    /// Bytes that a change of the catalog may take.
    private static let leastRoom: UInt64 = 256 << 10

    /// What SQLite finds wrong with the file, in its own words; empty when nothing is.
    public func damage() -> [String] {
        do {
            let words = try queue.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(5)") }
            return words == ["ok"] ? [] : words
        } catch {
            return ["\(error)"]
        }
    }

    /// What is wrong with the first value that cannot be decoded, of all rows; nil when every one can be.
    ///
    /// To SQLite such a file is intact, and yet a single value stops whoever reads its row with the others.
    public func undecodable() throws -> Problem? {
        do {
            try read { database in
                try Self.decode(GroupRow.self, database)
                try Self.decode(ServerRow.self, database)
                try Self.decode(FirewallRuleRow.self, database)
                try Self.decode(ParameterRow.self, database)
                try Self.decode(OperationRow.self, database)
                try Self.decode(ActivityEvent.self, database)
                try Self.decode(IdentityRow.self, database)
                try Self.decode(TokenRow.self, database)
                try Self.decode(DrillRow.self, database)
            }
            return nil
        } catch let problem as Problem where problem.code == .stateDamaged {
            return problem
        }
    }

    /// One row after the other: the activity log may be long.
    private static func decode<Row: FetchableRecord & TableRecord>(
        _ type: Row.Type, _ database: Database
    ) throws {
        let rows = try type.fetchCursor(database)
        while try rows.next() != nil {}
    }

    private static func checkVersion(_ queue: DatabaseQueue, path: String) throws {
        let found = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
        if found > formatVersion {
            throw Problem(
                .formatTooNew,
                "the catalog \(path) has format \(found); this version knows up to \(formatVersion)",
                hint: "Use the newer pitr that wrote it.")
        }
    }

    /// Closes the file; the store is of no use afterwards.
    public func close() throws {
        try queue.close()
    }

    public func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try tellingDamage { try queue.read(body) }
    }

    /// One immediate transaction.
    @discardableResult
    public func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        ChangeFaults.willChange()
        return try tellingDamage { try queue.write(body) }
    }

    /// Damage in a page shows only when that page is read.
    private func tellingDamage<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            if let full = Self.fullDisk(path, error) { throw full }
            guard [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) else { throw error }
            throw Self.unusable(path, error)
        } catch  where error is DecodingError || error is RowDecodingError {
            throw Problem(
                .stateDamaged, "the catalog contains a value that cannot be decoded", detail: "\(error)",
                hint: "Make a new one from what is on the disk: 'pitr doctor --rebuild-catalog'. Past "
                    + "operations, the activity log and the API's identities are not in it; the damaged one "
                    + "is kept.")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: layout1)
            try database.execute(sql: "PRAGMA user_version = 1")
        }
        migrator.registerMigration("2") { database in
            try database.execute(sql: layout2)
            try database.execute(sql: "PRAGMA user_version = 2")
        }
        migrator.registerMigration("3") { database in
            try database.execute(sql: layout3)
            try database.execute(sql: "PRAGMA user_version = 3")
        }
        migrator.registerMigration("4") { database in
            try database.execute(sql: layout4)
            try database.execute(sql: "PRAGMA user_version = 4")
        }
        migrator.registerMigration("5") { database in
            try database.execute(sql: layout5)
            try database.execute(sql: "PRAGMA user_version = 5")
        }
        migrator.registerMigration("6") { database in
            try database.execute(sql: layout6)
            try database.execute(sql: "PRAGMA user_version = 6")
        }
        migrator.registerMigration("7") { database in
            try database.execute(sql: layout7)
            try database.execute(sql: "PRAGMA user_version = 7")
        }
        migrator.registerMigration("8") { database in
            try database.execute(sql: layout8)
            try database.execute(sql: "PRAGMA user_version = 8")
        }
        return migrator
    }

    private static let layout1 = """
        CREATE TABLE resourceGroup (
            name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, location TEXT NOT NULL, tags TEXT NOT NULL,
            createdAt TEXT NOT NULL);
        CREATE TABLE server (
            id TEXT NOT NULL PRIMARY KEY, resourceGroup TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL,
            location TEXT NOT NULL, tags TEXT NOT NULL, phase TEXT NOT NULL, shouldRun BOOLEAN NOT NULL,
            createdAt TEXT NOT NULL, deletedAt TEXT, version TEXT NOT NULL, postgresVersion TEXT NOT NULL,
            tier TEXT NOT NULL, skuName TEXT NOT NULL, storageSizeGiB INTEGER NOT NULL,
            storageType TEXT NOT NULL, storageAutoGrow BOOLEAN NOT NULL, backupRetentionDays INTEGER NOT NULL,
            retentionHistory TEXT NOT NULL, geoRedundantBackup BOOLEAN NOT NULL,
            publicNetworkAccess BOOLEAN NOT NULL, administratorLogin TEXT NOT NULL, availabilityZone TEXT,
            host TEXT NOT NULL, port INTEGER NOT NULL, systemIdentifier TEXT, restoredFrom TEXT, evidence TEXT,
            keptSettings TEXT);
        CREATE UNIQUE INDEX serverName ON server(name) WHERE phase <> 'dropped';
        CREATE UNIQUE INDEX serverAddress ON server(host, port) WHERE phase <> 'dropped';
        CREATE TABLE firewallRule (
            serverID TEXT NOT NULL REFERENCES server(id) ON DELETE CASCADE, name TEXT NOT NULL COLLATE NOCASE,
            startIPAddress TEXT NOT NULL, endIPAddress TEXT NOT NULL, PRIMARY KEY (serverID, name));
        CREATE TABLE parameter (
            serverID TEXT NOT NULL REFERENCES server(id) ON DELETE CASCADE, name TEXT NOT NULL,
            value TEXT NOT NULL, PRIMARY KEY (serverID, name));
        CREATE TABLE operation (
            id TEXT NOT NULL PRIMARY KEY, correlationID TEXT NOT NULL, serverID TEXT NOT NULL,
            sourceServerID TEXT, kind TEXT NOT NULL, state TEXT NOT NULL, pid INTEGER NOT NULL,
            processStart TEXT NOT NULL, startedAt TEXT NOT NULL, endedAt TEXT, details TEXT NOT NULL,
            error TEXT);
        CREATE INDEX operationState ON operation(state, serverID);
        CREATE TABLE activity (
            eventID TEXT NOT NULL PRIMARY KEY, correlationID TEXT NOT NULL, operationID TEXT NOT NULL,
            time TEXT NOT NULL, operationName TEXT NOT NULL, operationTitle TEXT NOT NULL,
            status TEXT NOT NULL, resourceGroup TEXT NOT NULL COLLATE NOCASE,
            resourceID TEXT NOT NULL COLLATE NOCASE, caller TEXT NOT NULL, errorCode TEXT,
            statusMessage TEXT, properties TEXT NOT NULL);
        CREATE INDEX activityTime ON activity(time);
        """

    /// Operations that are accepted first and run later, by another process.
    private static let layout2 = """
        ALTER TABLE operation ADD COLUMN caller TEXT NOT NULL DEFAULT 'local';
        ALTER TABLE operation ADD COLUMN acceptedAt TEXT;
        ALTER TABLE operation ADD COLUMN request TEXT;
        ALTER TABLE operation ADD COLUMN lane TEXT;
        ALTER TABLE operation ADD COLUMN resourceGroup TEXT;
        ALTER TABLE operation ADD COLUMN resourceID TEXT COLLATE NOCASE;
        ALTER TABLE operation ADD COLUMN location TEXT;
        ALTER TABLE operation ADD COLUMN wireName TEXT;
        ALTER TABLE operation ADD COLUMN begunAt TEXT;
        ALTER TABLE operation ADD COLUMN errorCode TEXT;
        """

    /// Who may use the API, and the tokens that were handed out.
    private static let layout3 = """
        CREATE TABLE identity (
            id TEXT NOT NULL PRIMARY KEY, clientID TEXT NOT NULL COLLATE NOCASE UNIQUE,
            name TEXT NOT NULL COLLATE NOCASE UNIQUE, role TEXT NOT NULL, scope TEXT NOT NULL,
            secretHash TEXT NOT NULL, createdAt TEXT NOT NULL);
        CREATE TABLE token (
            hash TEXT NOT NULL PRIMARY KEY, identityID TEXT NOT NULL, kind TEXT NOT NULL,
            expiresAt TEXT NOT NULL);
        CREATE INDEX tokenIdentity ON token(identityID);
        CREATE INDEX tokenExpiry ON token(expiresAt);
        """

    /// Copies whose time ends by itself.
    private static let layout4 = """
        ALTER TABLE server ADD COLUMN expiry TEXT;
        ALTER TABLE server ADD COLUMN heldSince TEXT;
        """

    /// Servers whose maintenance has its hour.
    private static let layout5 = """
        ALTER TABLE server ADD COLUMN maintenanceWindow TEXT;
        """

    /// Drills, and when each server has its own.
    private static let layout6 = """
        CREATE TABLE drill (
            id TEXT NOT NULL PRIMARY KEY, serverID TEXT NOT NULL, state TEXT NOT NULL, pid INTEGER NOT NULL,
            processStart TEXT NOT NULL, startedAt TEXT NOT NULL, record TEXT NOT NULL);
        CREATE INDEX drillServer ON drill(serverID, startedAt);
        ALTER TABLE server ADD COLUMN drillSchedule TEXT;
        """

    /// Servers that are not run here.
    private static let layout7 = """
        ALTER TABLE server ADD COLUMN attachment TEXT;
        """

    /// Backups that somebody else made.
    private static let layout8 = """
        ALTER TABLE server ADD COLUMN opened TEXT;
        """
}
