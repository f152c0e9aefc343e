import Notation
import Platform
import PostgresClient
import PostgresFormat
import Repository

/// One session with the server, in which a base backup begins and ends. When it is lost the server forgets
/// the backup by itself.
struct BackupSession {
    /// What the server said of itself before the backup began.
    struct Server {
        let systemIdentifier: UInt64
        let version: Int
        let segmentSize: WALSegmentSize
        let hasPageChecksums: Bool
        let settings: WALParameters
        let now: PostgresTimestamp

        func walVersion() throws(Problem) -> WALVersion { try .require(serverVersion: version) }
    }

    struct Stopped {
        let lsn: LSN
        /// The content of `backup_label`.
        let label: String
        /// The server's clock after the backup had ended.
        let time: PostgresTimestamp
    }

    private let connection: Connection

    init(_ parameters: ConnectionParameters) throws(Problem) {
        connection = try Connection(parameters)
        try connection.execute(
            "SET statement_timeout = 0; SET idle_session_timeout = 0; SET lock_timeout = 0")
    }

    func close() {
        connection.close()
    }

    func server() throws(Problem) -> Server {
        let rows = try connection.query(
            """
            SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
              (SELECT bytes_per_wal_segment::text FROM pg_control_init()) AS segment,
              (SELECT data_page_checksum_version::text FROM pg_control_init()) AS checksums,
              pg_is_in_recovery()::text AS recovering, \(Self.now) AS now,
              current_setting('server_version_num') AS version, current_setting('wal_level') AS wal_level,
              current_setting('max_connections') AS connections,
              current_setting('max_worker_processes') AS workers,
              current_setting('max_wal_senders') AS senders,
              current_setting('max_prepared_transactions') AS prepared,
              current_setting('max_locks_per_transaction') AS locks
            """)
        func number<Number: FixedWidthInteger>(_ name: String, _: Number.Type) throws(Problem) -> Number {
            guard let value = rows[0, name].flatMap({ Number($0) }) else {
                throw Self.unexpected(name, rows[0, name])
            }
            return value
        }
        guard rows[0, "recovering"] == "false" else {
            throw Problem(.serverIsNotReady, "the server is still in recovery, it cannot be backed up")
        }
        guard let level = WALLevel.allCases.first(where: { "\($0)" == rows[0, "wal_level"] }),
            level != .minimal
        else {
            throw Problem(
                .operationNotSupported, "the server writes too little to its WAL to be backed up",
                detail: "wal_level is \(rows[0, "wal_level"] ?? "unknown")",
                hint: "Set wal_level to replica and restart it.")
        }
        guard let segmentSize = WALSegmentSize(bytes: try number("segment", UInt64.self)) else {
            throw Self.unexpected("segment", rows[0, "segment"])
        }
        return Server(
            systemIdentifier: try number("system", UInt64.self), version: try number("version", Int.self),
            segmentSize: segmentSize, hasPageChecksums: try number("checksums", Int.self) != 0,
            settings: WALParameters(
                maxConnections: try number("connections", Int32.self),
                maxWorkerProcesses: try number("workers", Int32.self),
                maxWalSenders: try number("senders", Int32.self),
                maxPreparedTransactions: try number("prepared", Int32.self),
                maxLocksPerTransaction: try number("locks", Int32.self), walLevel: level),
            now: try Self.time(rows[0, "now"]))
    }

    /// The versions of the libraries that order text, as the databases noted them when they were made.
    func collations() throws(Problem) -> [BackupCollation] {
        // As JSON, because later versions have other columns.
        let rows = try connection.query(
            """
            SELECT coalesce(j->>'datlocprovider', 'c') AS provider, j->>'datcollversion' AS version,
              CASE WHEN j->>'datlocprovider' = 'i' THEN coalesce(j->>'datlocale', j->>'daticulocale') END
                AS locale,
              jsonb_agg(j->>'datname' ORDER BY j->>'datname')::text AS databases
            FROM (SELECT to_jsonb(d) AS j FROM pg_database d) AS all_databases
            WHERE j->>'datcollversion' IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """)
        return (0..<rows.count).map { row in
            let names = try? JSONValue.parse(Array((rows[row, "databases"] ?? "").utf8)).array
            return BackupCollation(
                provider: rows[row, "provider"] == "i" ? "icu" : "libc", version: rows[row, "version"] ?? "",
                locale: rows[row, "locale"], databases: (names ?? [])?.compactMap(\.string) ?? [])
        }
    }

    /// Begins the backup with an immediate checkpoint and answers where replay must begin.
    func start(label: String) throws(Problem) -> LSN {
        let text = try connection.query("SELECT pg_backup_start($1, true)::text", [label]).scalar
        guard let lsn = text.flatMap({ LSN($0) }) else { throw Self.unexpected("pg_backup_start", text) }
        return lsn
    }

    /// Ends the backup; does not wait until its WAL is archived.
    func stop() throws(Problem) -> Stopped {
        let rows = try connection.query(
            "SELECT lsn::text AS lsn, labelfile FROM pg_backup_stop(wait_for_archive => false)")
        let now = try connection.query("SELECT \(Self.now)").scalar
        guard let lsn = rows[0, "lsn"].flatMap({ LSN($0) }), let label = rows[0, "labelfile"] else {
            throw Self.unexpected("pg_backup_stop", rows[0, "lsn"])
        }
        return Stopped(
            lsn: lsn, label: label, time: try Self.time(now))
    }

    /// Sees to it that the server has a segment ahead of the one it writes, as far as it has old ones.
    ///
    /// Without one its next segment is made at the moment it is needed, and a server that finds no room for
    /// it then ends with a PANIC. A checkpoint turns segments that are archived and no longer needed into
    /// later ones.
    ///
    /// - Parameter directory: its `pg_wal`.
    func provideSpareSegment(in directory: String, _ size: WALSegmentSize) throws(Problem) {
        let text = try connection.query("SELECT pg_current_wal_lsn()::text").scalar
        guard let position = text.flatMap({ LSN($0) }) else {
            throw Self.unexpected("pg_current_wal_lsn", text)
        }
        let last = try DurableFiles.list(directory).compactMap {
            SegmentName(fileName: $0, size: size)?.number
        }
        .max()
        if let last, last > position.rawValue / size.bytes { return }
        try connection.execute("CHECKPOINT")
    }

    /// What the archiver last failed on, in a sentence; nil when its last attempt was not a failure.
    func archiverFailure() throws(Problem) -> String? {
        let rows = try connection.query(
            """
            SELECT last_failed_wal, failed_count::text AS count FROM pg_stat_archiver
            WHERE last_failed_time > coalesce(last_archived_time, '-infinity')
            """)
        guard !rows.isEmpty, let segment = rows[0, "last_failed_wal"] else { return nil }
        return "the server's archiver has failed \(rows[0, "count"] ?? "several") times, last on \(segment)"
    }

    /// Microseconds since 1970 of the server's clock, as text: independent of DateStyle and TimeZone.
    private static let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text"

    private static func time(_ text: String?) throws(Problem) -> PostgresTimestamp {
        guard let microseconds = text.flatMap({ Int64($0) }) else {
            throw unexpected("clock_timestamp", text)
        }
        return PostgresTimestamp(unixMicroseconds: microseconds)
    }

    private static func unexpected(_ what: String, _ value: String?) -> Problem {
        Problem(.queryFailed, "the server answered something unexpected for \(what): \(value ?? "nothing")")
    }
}

extension WALVersion {
    /// The version of a server that says `server_version_num`. Throws `.operationNotSupported` for one that
    /// is not read here.
    static func require(serverVersion number: Int) throws(Problem) -> WALVersion {
        guard let version = WALVersion(serverVersion: number) else {
            throw Problem(
                .operationNotSupported,
                "PostgreSQL \(WALVersion.major(ofServerVersion: number)) cannot be backed up",
                hint: "It can be \(WALVersion.supportedWords).")
        }
        return version
    }
}
