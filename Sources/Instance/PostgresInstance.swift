#if canImport(Glibc)
    import Glibc
#endif
public import Platform
public import PostgresClient

/// One PostgreSQL server on this machine: its directories, its process, the tool's own way in.
public struct PostgresInstance: Sendable {
    /// What the live process tells; nothing is remembered.
    public enum Status: Sendable, Hashable {
        case running(pid: Int32)
        /// No server, and the last one ended in order (or there never was one).
        case stopped
        /// A lock file without its server.
        case crashed
    }

    public enum StopMode: String, Sendable {
        /// Waits for all sessions to end.
        case smart
        /// Ends sessions, writes a checkpoint.
        case fast
        /// No checkpoint: the next start recovers as after a crash.
        case immediate

        /// What PostgreSQL's first process takes for it.
        var signal: Int32 {
            switch self {
            case .smart: SIGTERM
            case .fast: SIGINT
            case .immediate: SIGQUIT
            }
        }
    }

    /// The tool's own superuser in every server that it made; a server's own is in its paths.
    public static let superuser = "azuresu"

    public let installation: PostgresInstallation
    public let paths: InstancePaths
    let runner: any CommandRunner
    /// How long the tool's own sessions wait for a lock; 0 is for ever.
    public var lockTimeoutSeconds = 0
    /// A program and its arguments that start the server in surroundings of its own, such as a network
    /// namespace; it has to become the server itself. Nothing for none.
    public var launcher: [String] = []

    public init(installation: PostgresInstallation, paths: InstancePaths, runner: any CommandRunner) {
        self.installation = installation
        self.paths = paths
        self.runner = runner
    }

    // MARK: Making

    /// Makes a new cluster with data checksums, UTF-8 and a superuser, who has no password: `azuresu`, or
    /// whoever is the first one of a cluster whose files are to be taken over.
    ///
    /// `durable` waits until the new files are on disk. PostgreSQL's own configuration files stay in the data
    /// directory for a restore by hand; this instance uses those in `conf`.
    ///
    /// - Parameter like: a cluster whose files are to be taken over: it decides on checksums and on the size
    ///   of segments. Nil for what new servers have.
    public func initialize(
        durable: Bool = true, like: ClusterShape? = nil, superuser: String? = nil
    ) throws(Problem) {
        let result = try runner.run(
            Command(
                installation.tool("initdb"),
                [
                    "-D", paths.data, "-U", superuser ?? paths.superuser, "-E", "UTF8",
                    "--locale=\(ClusterLocale.preferred)", "--auth-local=peer", "--auth-host=scram-sha-256",
                    "--no-sync", "--no-instructions",
                ] + (like ?? ClusterShape()).options(installation.version), workingDirectory: "/",
                timeoutSeconds: 300))
        guard result.succeeded else {
            throw Problem(.serverDidNotStart, "cannot make a new cluster", detail: result.words)
        }
        if durable { try runner.runChecked(Command("sync", ["-f", paths.data], timeoutSeconds: 600)) }
    }

    /// Has PostgreSQL read the configuration as if it were to start with it.
    ///
    /// - Throws: `.invalidParameterValue` with what it does not take.
    public func checkConfiguration() throws(Problem) {
        let result = try runner.run(
            Command(
                installation.tool("postgres"), ["-C", "data_directory", "-D", paths.conf],
                workingDirectory: "/", timeoutSeconds: 60))
        guard result.succeeded else {
            throw Problem(
                .invalidParameterValue,
                "PostgreSQL \(installation.minorVersion) does not take the server's parameters",
                detail: result.words,
                hint: "Set back what it does not know with 'pitr parameter set' and no value.")
        }
    }

    /// Puts prepared settings into place, durably; what was prepared must be on the disk by then.
    public func adoptConfiguration() throws(Problem) {
        guard rename(paths.preparedSettingsFile, paths.settingsFile) == 0 else {
            throw TextFile.failure("cannot put \(paths.settingsFile) in place")
        }
        try TextFile.syncDirectory(of: paths.settingsFile)
    }

    // MARK: Running

    public func status() -> Status {
        guard let postmaster = Postmaster.read(data: paths.data) else {
            return access(Postmaster.file(in: paths.data), F_OK) == 0 ? .crashed : .stopped
        }
        return postmaster.isAlive(in: paths.data) ? .running(pid: postmaster.pid) : .crashed
    }

    /// Whether any process still works in the data directory: more than `status()`, for example the children
    /// of a killed postmaster.
    public func hasProcesses() -> Bool { !Postmaster.processes(in: paths.data).isEmpty }

    /// Starts the server and waits until it answers, and has left recovery unless `untilWritable` is false.
    ///
    /// A running server is only waited for. Throws `.portInUse` or `.serverDidNotStart` with the log's own
    /// words; a server that is merely slow is left running.
    public func start(timeoutSeconds: Int = 120, untilWritable: Bool = true) throws(Problem) {
        let starter = InstanceStarter(instance: self, timeoutSeconds: timeoutSeconds)
        try starter.start(untilWritable: untilWritable)
    }

    /// Starts the server and returns at once, with the id of its first process; nothing is checked or waited
    /// for.
    ///
    /// The server is a child of this process until one of the two ends, in a session of its own.
    public func launch() throws(Problem) -> Int32 {
        let words = launcher + [installation.tool("postgres"), "-D", paths.conf]
        return try runner.spawnDetached(
            Command(words[0], Array(words.dropFirst()), workingDirectory: "/"), log: paths.startupLog)
    }

    /// Whether the server with that first process has noted that it takes sessions. Reads its lock file; the
    /// server is not asked.
    public func saysReady(_ pid: Int32) -> Bool {
        guard let postmaster = Postmaster.read(data: paths.data) else { return false }
        return postmaster.pid == pid && postmaster.state == "ready"
    }

    /// Whether the server runs and has not noted yet that it takes sessions. Reads its lock file; the server
    /// is not asked.
    public func isStarting() -> Bool {
        guard let postmaster = Postmaster.read(data: paths.data) else { return false }
        return (postmaster.state ?? "starting") == "starting" && postmaster.isAlive(in: paths.data)
    }

    /// Stops the server and waits for its end; one that does not run is left alone.
    public func stop(_ mode: StopMode = .fast, timeoutSeconds: Int = 120) throws(Problem) {
        guard case .running(let pid) = status() else { return }
        guard kill(pid, mode.signal) == 0 || errno == ESRCH else {
            throw Problem(
                .system, "cannot signal the server, process \(pid)", detail: String(cString: strerror(errno)))
        }
        let clock = Stopwatch()
        var pause: UInt32 = 1000
        while status() == .running(pid: pid) {
            guard clock.seconds < Double(timeoutSeconds) else {
                throw Problem(
                    .system, "the server did not stop within \(timeoutSeconds) seconds",
                    hint: "It may be writing its last checkpoint; look at \(paths.log).")
            }
            usleep(pause)
            // A server that has little to write is gone in a moment.
            if clock.seconds > 0.1 { pause = min(pause * 2, 20_000) }
        }
        _ = Postmaster.waitForEnd(in: paths.data, seconds: 10)
        // Where it was a child of this process, nobody else takes its exit status.
        _ = ChildProcess.hasEnded(pid)
    }

    /// Waits for the end of a server that was told to stop, as long as that takes: its last checkpoint may be
    /// a large one. One that has not been told to stop is not waited for.
    public func awaitStop() {
        var isStopping = false
        while let postmaster = Postmaster.read(data: paths.data), postmaster.state == "stopping",
            postmaster.isAlive(in: paths.data)
        {
            isStopping = true
            usleep(20_000)
        }
        if isStopping { _ = Postmaster.waitForEnd(in: paths.data, seconds: 10) }
    }

    public func restart(timeoutSeconds: Int = 120) throws(Problem) {
        try stop(.fast, timeoutSeconds: timeoutSeconds)
        try start(timeoutSeconds: timeoutSeconds)
    }

    /// Has the server read its configuration again, and returns when new sessions see it.
    ///
    /// Throws `.invalidParameterValue` when the access file was not accepted; the server then keeps the old
    /// rules.
    public func reload() throws(Problem) {
        guard case .running = status() else {
            throw Problem(.serverIsNotReady, "the server is not running")
        }
        let before = try loadTime()
        try runner.runChecked(
            Command(
                installation.tool("pg_ctl"), ["reload", "-D", paths.data], workingDirectory: "/",
                timeoutSeconds: 30))
        let clock = Stopwatch()
        while try loadTime() == before {
            guard clock.seconds < 10 else {
                throw Problem(.system, "the server did not read its configuration within 10 seconds")
            }
            usleep(2000)
        }
        try checkAccessRules()
    }

    private func loadTime() throws(Problem) -> String? {
        try connect().query("SELECT extract(epoch FROM pg_catalog.pg_conf_load_time())").scalar
    }

    private func checkAccessRules() throws(Problem) {
        let errors = try refusedAccess()
        guard errors.isEmpty else {
            throw Problem(
                .invalidParameterValue, "PostgreSQL did not accept \(paths.accessFile)",
                detail: errors.joined(separator: "\n"))
        }
    }

    // MARK: Talking

    /// Where and as whom the tool itself connects: over the private socket that the running server named.
    ///
    /// The session is proof against what was set for the server, a database or the superuser itself.
    public func connectionParameters(
        database: String = "postgres", user: String? = nil
    ) throws(Problem) -> ConnectionParameters {
        guard let postmaster = Postmaster.read(data: paths.data), let port = postmaster.port,
            let directory = postmaster.socketDirectory, postmaster.isAlive(in: paths.data)
        else {
            throw Problem(.serverIsNotReady, "the server is not running")
        }
        if let lost = lostSocket() {
            throw Problem(
                .serverIsNotReady, "the server's private socket is gone", detail: "\(lost) does not exist",
                hint: "The server goes on for its clients; a restart makes the socket again.")
        }
        return ConnectionParameters(
            host: directory, port: port, user: user ?? paths.superuser, database: database,
            sessionSettings: SessionGuards.settings(
                installation.version, lockTimeoutSeconds: lockTimeoutSeconds))
    }

    /// The private socket of a running server that somebody has removed: nobody can be connected with until
    /// the server is restarted. Nil when it is there, or nothing runs.
    public func lostSocket() -> String? {
        guard let postmaster = Postmaster.read(data: paths.data), let port = postmaster.port,
            let directory = postmaster.socketDirectory, postmaster.isAlive(in: paths.data)
        else { return nil }
        let socket = "\(directory)/.s.PGSQL.\(port)"
        return access(socket, F_OK) != 0 && errno == ENOENT ? socket : nil
    }

    /// Connects over the private socket. Throws `.serverIsNotReady` when nothing runs.
    public func connect(
        database: String = "postgres", user: String? = nil
    ) throws(Problem) -> Connection {
        try Connection(connectionParameters(database: database, user: user))
    }

    /// A replication connection over the private socket.
    public func connectForReplication() throws(Problem) -> ReplicationConnection {
        try ReplicationConnection(connectionParameters())
    }

    /// The last lines of the newest log file.
    public func lastLogLines(_ count: Int) -> [String] {
        ServerLog(paths: paths).lastLines(count)
    }
}
