public import PostgresFormat

/// A server's `postgresql.conf`: its identity, the tool's rules, and what its compute size stands for.
///
/// The sizes of Azure's machines are scaled down to a modest share of this one.
public struct ServerSettings: Sendable, Hashable {
    public var serverName: String
    public var paths: InstancePaths
    public var listenAddress: String
    public var port: UInt16
    public var compute: ComputeSize
    public var machine: MachineResources
    public var archiveCommand: String
    /// WAL that is not full is archived after that many seconds.
    public var archiveTimeoutSeconds: Int
    /// Of the cluster: it bounds `min_wal_size` and `max_wal_size`.
    public var segmentSize: WALSegmentSize

    public init(
        serverName: String, paths: InstancePaths, listenAddress: String, port: UInt16, compute: ComputeSize,
        archiveCommand: String, archiveTimeoutSeconds: Int = 300,
        segmentSize: WALSegmentSize = .standard,
        machine: MachineResources = MachineResources.current()
    ) {
        self.serverName = serverName
        self.paths = paths
        self.listenAddress = listenAddress
        self.port = port
        self.compute = compute
        self.machine = machine
        self.archiveCommand = archiveCommand
        self.archiveTimeoutSeconds = archiveTimeoutSeconds
        self.segmentSize = segmentSize
    }

    // MARK: Derived from the size

    /// A quarter of the SKU's memory, but at most a sixteenth of this machine's and 256 MiB.
    public var sharedBuffersMiB: Int {
        max(16, min(compute.memoryMiB / 4, machine.memoryMiB / 16, 256))
    }

    /// What Azure allows the SKU's memory, but at most one connection for 64 MiB of this machine.
    public var maxConnections: Int {
        min(Self.azureMaxConnections(memoryMiB: compute.memoryMiB), max(50, min(500, machine.memoryMiB / 64)))
    }

    /// Azure's own default for a SKU's memory.
    public static func azureMaxConnections(memoryMiB: Int) -> Int {
        switch memoryMiB >> 10 {
        case ..<4: 50
        case ..<8: 429
        case ..<16: 859
        case ..<32: 1718
        case ..<48: 3437
        default: 5000
        }
    }

    private static let largestWAL = "max_wal_size"

    /// Bytes of WAL between two checkpoints, as a server's own parameters or, without one, the tool's say.
    public static func largestWALBytes(_ parameters: [String: String]) -> UInt64 {
        let mebibytes = parameters[largestWAL].flatMap { ParameterUnit.amount($0, in: "MB") } ?? 1024
        return UInt64(max(0, min(mebibytes, 1e9))) << 20
    }

    /// The sentence that tells what the SKU stands for here.
    public var scalingNote: String {
        "\(compute.name) stands for \(compute.vCores) vCores and \(compute.memoryMiB >> 10) GiB; on this machine "
            + "(\(machine.processors) processors, \(machine.memoryMiB >> 10) GiB) the server runs with "
            + "shared_buffers \(sharedBuffersMiB) MB and max_connections \(maxConnections)."
    }

    // MARK: Text

    /// Names and values in the order of the file.
    public var entries: [(name: String, value: String)] {
        place + security + size + writeAheadLog + logging + language
    }

    /// The values by name, for example as the defaults of `ParameterCatalog`.
    public var defaults: [String: String] {
        Dictionary(entries.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// The whole file. User parameters come from `user.conf` beside it and win, but for those named in
    /// `ParameterRules`, which never get there.
    public func render() -> String {
        var text =
            "# The configuration of server \(Self.comment(serverName)). Written by pitr; changes here are lost.\n"
        for (name, value) in entries {
            text += SettingsText.line(name, value) + "\n"
        }
        return text + Self.include(paths.userSettingsFile) + "\n" + Self.include(paths.marksFile) + "\n"
    }

    static func include(_ path: String) -> String { "include_if_exists " + SettingsText.quoted(path) }

    private static func comment(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    private var place: [(name: String, value: String)] {
        [
            ("cluster_name", serverName),
            ("data_directory", paths.data),
            ("hba_file", paths.accessFile),
            ("ident_file", paths.identFile),
            ("listen_addresses", listenAddress),
            ("port", String(port)),
            ("unix_socket_directories", SettingsText.listItem(paths.socketDirectory)),
            ("unix_socket_permissions", "0700"),
        ]
    }

    private var security: [(name: String, value: String)] {
        [
            ("ssl", "on"),
            ("ssl_cert_file", paths.certificateFile),
            ("ssl_key_file", paths.keyFile),
            ("ssl_min_protocol_version", "TLSv1.2"),
            ("password_encryption", "scram-sha-256"),
        ]
    }

    private var size: [(name: String, value: String)] {
        let workers = max(2, min(8, compute.vCores))
        return [
            ("max_connections", String(maxConnections)),
            ("shared_buffers", "\(sharedBuffersMiB)MB"),
            ("effective_cache_size", "\(max(64, min(compute.memoryMiB * 3 / 4, machine.memoryMiB / 2)))MB"),
            ("maintenance_work_mem", "64MB"),
            ("max_parallel_workers", String(workers)),
            ("max_parallel_workers_per_gather", String(min(2, workers))),
            ("dynamic_shared_memory_type", "posix"),
        ]
    }

    private var writeAheadLog: [(name: String, value: String)] {
        let sizes = WALSizeSettings(segmentSize)
        return [
            ("wal_level", "replica"),
            ("archive_mode", "on"),
            ("archive_command", archiveCommand),
            ("archive_timeout", "\(archiveTimeoutSeconds)s"),
            ("wal_compression", "pglz"),
            ("wal_keep_size", "0"),
            (Self.largestWAL, sizes.largest),
            ("min_wal_size", sizes.smallest),
            ("checkpoint_timeout", "10min"),
            ("max_wal_senders", "10"),
            ("max_replication_slots", "10"),
            ("hot_standby", "on"),
        ]
    }

    private var logging: [(name: String, value: String)] {
        [
            ("log_destination", "stderr"),
            ("logging_collector", "on"),
            ("log_directory", paths.log),
            ("log_filename", "postgresql-%Y-%m-%d.log"),
            ("log_file_mode", "0600"),
            ("log_rotation_age", "1d"),
            ("log_rotation_size", "100MB"),
            ("log_truncate_on_rotation", "off"),
            ("log_line_prefix", "%m [%p] %q%u@%d "),
            ("log_checkpoints", "on"),
            ("log_timezone", "UTC"),
        ]
    }

    private var language: [(name: String, value: String)] {
        [
            ("timezone", "UTC"),
            ("datestyle", "ISO, MDY"),
            ("lc_messages", "C"),
            ("lc_monetary", ClusterLocale.preferred),
            ("lc_numeric", ClusterLocale.preferred),
            ("lc_time", ClusterLocale.preferred),
            ("default_text_search_config", "pg_catalog.english"),
        ]
    }
}
