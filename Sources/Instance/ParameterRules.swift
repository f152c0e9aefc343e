/// Which of PostgreSQL's parameters users may set: those that Azure lets them, less what would break backups,
/// restores or the way in.
enum ParameterRules {
    /// Libraries that Debian's PostgreSQL package brings and that do nothing by themselves.
    static let preloadableLibraries = ["auto_explain", "pg_prewarm", "pg_stat_statements"]

    static let preload = "shared_preload_libraries"

    /// Narrower ranges than PostgreSQL's own.
    static let ranges: [String: ClosedRange<Double>] = [
        "max_connections": 25...5000,
        "max_wal_senders": 5...100,
        "max_replication_slots": 5...262_143,
        "max_prepared_transactions": 0...262_143,
        "max_worker_processes": 8...262_143,
    ]

    /// Fewer choices than PostgreSQL's own.
    static let choices: [String: [String]] = [
        "wal_level": ["replica", "logical"]
    ]

    /// The contexts of `pg_settings` whose parameters take effect without a restart.
    static let dynamicContexts: Set<String> = ["sighup", "superuser", "user", "superuser-backend", "backend"]

    static func isReadOnly(_ name: String, context: String) -> Bool {
        context == "internal" || names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    private static let prefixes = [
        "archive_", "bonjour", "debug_", "krb_", "primary_", "recovery_", "ssl", "trace_", "transaction_",
        "unix_socket_", "log_rotation_", "logging_", "syslog_", "lc_",
    ]

    private static let names: Set<String> = [
        "allow_in_place_tablespaces", "allow_system_table_mods", "application_name", "backtrace_functions",
        "client_encoding", "cluster_name", "config_file", "data_checksums", "data_directory",
        "data_sync_retry",
        "db_user_namespace", "dynamic_library_path", "dynamic_shared_memory_type", "event_source",
        "exit_on_error", "extension_control_path", "external_pid_file", "fsync", "full_page_writes",
        "hba_file", "hot_standby",
        "huge_page_size", "ident_file", "ignore_checksum_failure", "ignore_invalid_pages",
        "ignore_system_indexes", "jit_provider", "jit_debugging_support", "jit_dump_bitcode",
        "jit_profiling_support", "listen_addresses", "local_preload_libraries", "log_destination",
        "log_directory", "log_file_mode", "log_filename", "log_timezone", "log_truncate_on_rotation",
        "min_dynamic_shared_memory", "oauth_validator_libraries", "password_encryption", "port",
        "post_auth_delay", "pre_auth_delay",
        "promote_trigger_file", "remove_temp_files_after_crash", "restart_after_crash", "restore_command",
        "server_encoding", "session_preload_libraries", "shared_memory_type",
        "superuser_reserved_connections", "synchronous_standby_names", "update_process_title",
        "wal_consistency_checking", "wal_init_zero", "wal_log_hints", "wal_recycle", "wal_sync_method",
        "zero_damaged_pages",
    ]
}
