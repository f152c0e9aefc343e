import PostgresFormat

/// What the tool's own sessions depend on, set by each of them.
///
/// Given when a session begins, it wins over what was set for the server, a database, the superuser or the
/// superuser in a database: none of these can end the session, change what it reads, or keep it from opening.
/// No code of the database runs in such a session.
enum SessionGuards {
    /// - Parameter version: of the server: each knows only its own parameters.
    static func settings(_ version: WALVersion, lockTimeoutSeconds: Int) -> [String: String] {
        var settings = endings.merging(meanings) { $1 }.merging(rights) { $1 }
        settings["lock_timeout"] = "\(lockTimeoutSeconds)s"
        if version.canTurnEventTriggersOff {
            settings["event_triggers"] = "off"
            settings["transaction_timeout"] = "0"
        }
        return settings
    }

    /// What ends a session, or keeps it waiting.
    private static let endings = [
        "statement_timeout": "0", "idle_in_transaction_session_timeout": "0",
        "idle_session_timeout": "0", "wal_sender_timeout": "60s", "exit_on_error": "off",
        "post_auth_delay": "0", "session_preload_libraries": "", "local_preload_libraries": "",
        "client_connection_check_interval": "0", "temp_file_limit": "-1",
    ]

    /// What changes the meaning of a statement or the form of an answer.
    private static let meanings = [
        "search_path": "pg_catalog", "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "TimeZone": "UTC",
        "bytea_output": "hex", "extra_float_digits": "1", "quote_all_identifiers": "off",
        "standard_conforming_strings": "on", "transform_null_equals": "off", "array_nulls": "on",
        "client_min_messages": "warning", "lc_messages": "C", "default_tablespace": "",
        "temp_tablespaces": "",
        "default_table_access_method": "heap",
    ]

    /// What decides about what a transaction may do and how it ends.
    private static let rights = [
        "role": "none", "row_security": "off", "session_replication_role": "origin",
        "default_transaction_read_only": "off", "default_transaction_deferrable": "off",
        "default_transaction_isolation": "read committed", "synchronous_commit": "on",
    ]
}
