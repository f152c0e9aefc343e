import Platform
import PostgresClient
import PostgresFormat
import TestKit
import WALEvents

/// A real server of which a base backup is taken, and whose catalogs and statements are noted as it goes on.
final class ObservedServer {
    /// The catalogs as SQL shows them, at a position in the WAL.
    struct Moment {
        let name: String
        let lsn: LSN
        /// `database|oid|relfilenode|schema|name|kind`
        let relations: Set<String>
    }

    /// What a statement did, as SQL reported it.
    struct Statement: Hashable {
        let title: String
        let rows: Int64?
        /// `.none` where SQL could not tell.
        let xid: TransactionID
    }

    let version: WALVersion
    let fixture: PostgresFixture
    let backup: String
    private(set) var moments: [Moment] = []
    private(set) var statements: [Statement] = []
    private(set) var backupStart = LSN.zero

    /// - Parameter prepare: what is there before the backup; ends with the backup being taken.
    init(
        _ version: WALVersion = .v15, settings: [String: String] = [:],
        prepare: (PostgresFixture) throws -> Void
    ) throws {
        self.version = version
        var settings = settings
        settings["wal_keep_size"] = "2GB"
        settings["max_wal_size"] = "2GB"
        settings["max_prepared_transactions"] = "5"
        settings["autovacuum"] = "off"
        fixture = try PostgresFixture(
            settings: settings, initdb: ["--wal-segsize=1"], programs: Self.programs(version))
        try prepare(fixture)
        backup = fixture.scratch.file("base")
        try fixture.tool(
            "pg_basebackup",
            [
                "-D", backup, "-X", "none", "-c", "fast", "--no-sync", "-h", fixture.socketDirectory, "-p",
                String(fixture.port), "-U", PostgresFixture.superuser,
            ])
        let label = String(decoding: try DurableFiles.read(backup + "/backup_label"), as: UTF8.self)
        backupStart = try BackupLabel(parsing: label).startLSN
    }

    /// The releases that are here: 15 always, others where `Scripts/fetch-postgres` has put them.
    static let versions = WALVersion.allCases.filter {
        DurableFiles.status(programs($0) + "/initdb") != nil
    }

    private static func programs(_ version: WALVersion) -> String {
        if version == .v15 { return PostgresFixture.debianDirectory }
        var root = #filePath
        for _ in 0..<3 { root = DurableFiles.parent(of: root) }
        return root + "/.build/postgres/\(version.rawValue)/bin"
    }

    func connect(_ database: String = "postgres") throws(Problem) -> Connection {
        try Self.connect(fixture, database)
    }

    static func connect(_ fixture: PostgresFixture, _ database: String) throws(Problem) -> Connection {
        try Connection(
            ConnectionParameters(
                host: fixture.socketDirectory, port: fixture.port, user: PostgresFixture.superuser,
                database: database))
    }

    /// Runs a statement in a transaction of its own and notes what it did; `rows` is what SQL counts in the
    /// query that replaces the statement.
    func note(_ title: String, in database: String, _ sql: String, counting: Bool = false) throws {
        let connection = try connect(database)
        defer { connection.close() }
        try connection.execute("BEGIN")
        var rows: Int64?
        if counting {
            rows = try connection.query("WITH done AS (\(sql) RETURNING 1) SELECT count(*) FROM done").scalar
                .flatMap { Int64($0) }
        } else {
            try connection.execute(sql)
        }
        let xid = try connection.query("SELECT pg_current_xact_id()::xid::text").scalar
        try connection.execute("COMMIT")
        statements.append(
            Statement(title: title, rows: rows, xid: TransactionID(xid.flatMap { UInt32($0) } ?? 0)))
    }

    /// Notes a statement that cannot run in a transaction block.
    func noteAlone(_ title: String, in database: String = "postgres", _ sql: String) throws {
        try fixture.psql(sql, database: database)
        statements.append(Statement(title: title, rows: nil, xid: .none))
    }

    /// An event that SQL has no number for.
    func expect(_ title: String) {
        statements.append(Statement(title: title, rows: nil, xid: .none))
    }

    /// Another event of the transaction noted last.
    func expectWithLast(_ title: String, _ rows: Int64?) {
        guard let last = statements.last else { return }
        statements.append(Statement(title: title, rows: rows, xid: last.xid))
    }

    /// How many rows the statements noted last changed together, where SQL counts them one by one.
    func countLast(_ rows: Int64, isOther: Bool = false) {
        guard let last = statements.popLast() else { return }
        statements.append(Statement(title: last.title, rows: rows, xid: isOther ? .none : last.xid))
    }

    func forgetLast() {
        statements.removeLast()
    }

    /// Runs statements that are no events.
    func quietly(in database: String = "postgres", _ sql: String) throws {
        try fixture.psql(sql, database: database)
    }

    /// Notes the catalogs of all databases.
    func look(_ name: String) throws {
        let lsn = try fixture.psql("SELECT pg_current_wal_insert_lsn()")
        var relations: Set<String> = []
        for line in try fixture.psql("SELECT oid, datname FROM pg_database WHERE datallowconn").split(
            separator: "\n")
        {
            let parts = line.split(separator: "|").map(String.init)
            let rows = try fixture.psql(
                """
                SELECT c.oid, c.relfilenode, n.nspname, c.relname, c.relkind FROM pg_class c
                    JOIN pg_namespace n ON n.oid = c.relnamespace
                """, database: parts[1])
            for row in rows.split(separator: "\n") { relations.insert(parts[1] + "|" + row) }
        }
        moments.append(Moment(name: name, lsn: LSN(lsn) ?? .zero, relations: relations))
    }

    // MARK: Reading it back

    /// The segments from the one in which the backup begins on, the last one ended for this.
    func segments() throws -> [(name: SegmentName, bytes: [UInt8])] {
        let end = LSN(try fixture.psql("SELECT pg_switch_wal()")) ?? .zero
        let directory = fixture.dataDirectory + "/pg_wal"
        return try DurableFiles.list(directory).sorted().compactMap {
            SegmentName(fileName: $0, size: WALCraft.smallSegment)
        }.filter { $0.end > backupStart && $0.start < end }.map { name in
            (name, try DurableFiles.read(directory + "/" + name.fileName))
        }
    }

    /// Hands over the records from the backup on.
    func forEachRecord(_ visit: (borrowing WALRecord) throws -> Void) throws {
        let segments = try segments()
        var decoder = WALDecoder(
            start: segments.first?.name.start ?? .zero, segmentSize: WALCraft.smallSegment)
        for segment in segments {
            let end = try segment.bytes.span.bytes.withUnsafeBytes { buffer in
                try decoder.feed(buffer) { (record) throws(any Error) in
                    if record.start >= backupStart { try visit(record) }
                    return true
                }
            }
            if let end, case .switched = end { continue }
            if end != nil { break }
        }
    }

    /// Feeds the WAL from the backup on to an assembler.
    func read(
        minimumRows: Int64 = 1, _ visit: (inout EventAssembler, LSN) throws -> Void = { _, _ in }
    ) throws -> (events: [WALEvent], catalog: CatalogState) {
        let files = try DirectoryCatalogs(backup, version: version)
        var assembler = EventAssembler(catalog: CatalogState(files: files), minimumRows: minimumRows)
        try forEachRecord { record in
            try visit(&assembler, record.start)
            assembler.apply(record, countingRows: true)
        }
        var events = assembler.takeEvents()
        events += assembler.finish()
        return (events, assembler.catalog)
    }
}
