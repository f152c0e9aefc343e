#if canImport(Glibc)
    import Glibc
#endif
import Platform
import PostgresClient

/// One attempt to start a server, with the words for why it failed.
struct InstanceStarter {
    let instance: PostgresInstance
    let timeoutSeconds: Int
    private let log: ServerLog
    private let mark: ServerLog.Mark
    private let clock = Stopwatch()

    init(instance: PostgresInstance, timeoutSeconds: Int) {
        self.instance = instance
        self.timeoutSeconds = timeoutSeconds
        log = ServerLog(paths: instance.paths)
        mark = log.mark()
    }

    func start(untilWritable: Bool) throws(Problem) {
        if case .running = instance.status() {
            return try waitUntilAnswering(writable: untilWritable)
        }
        try instance.paths.makeDirectories()
        try checkSocketPath()
        try clearStaleLocks()
        let pid = try instance.launch()
        try waitUntilReady(pid)
        try waitUntilAnswering(writable: untilWritable)
    }

    /// Looks at the server's own note: sessions opened earlier than that would only be refused, and logged.
    private func waitUntilReady(_ pid: Int32) throws(Problem) {
        while !instance.saysReady(pid) {
            guard !ChildProcess.hasEnded(pid) else { throw failure(nil) }
            guard clock.seconds < Double(timeoutSeconds) else { throw failure("still starting") }
            usleep(2000)
        }
    }

    /// A start that goes wrong, in the log's own words.
    private func failure(_ remark: String?) -> Problem {
        if instance.status() == .stopped {
            // The log's writer outlives the server by a moment, and has its last words.
            _ = Postmaster.waitForEnd(in: instance.paths.data, seconds: 2)
        }
        let lines = log.lines(since: mark)
        let words = ServerLog.relevant(lines)
        let detail = words.isEmpty ? remark : words.joined(separator: "\n")
        if isEndpointTaken {
            return Problem(
                .portInUse, "the server's address and port are in use", detail: detail,
                hint: "Stop what listens there, or give the server another address or port.")
        }
        if case .running = instance.status() {
            return Problem(
                .serverDidNotStart, "the server was not ready within \(timeoutSeconds) seconds",
                detail: detail,
                hint: "It is still running and may be recovering; look at \(instance.paths.log).")
        }
        return Problem(.serverDidNotStart, "the server did not start", detail: detail)
    }

    /// Whether the server ended while somebody else has its address and port, or its socket. The system is
    /// asked, and not the log: its words depend on the server's language and on what it logs.
    private var isEndpointTaken: Bool {
        guard instance.status() == .stopped, !instance.hasProcesses(),
            let text = TextFile.read(instance.paths.settingsFile)
        else { return false }
        let settings = WrittenConfiguration.settings(text)
        guard let port = settings["port"].flatMap({ UInt16($0) }) else { return false }
        let lock = "\(instance.paths.socketDirectory)/.s.PGSQL.\(port).lock"
        if let owner = TextFile.read(lock).flatMap({ Postmaster(text: $0) }), owner.idIsTaken { return true }
        let addresses = (settings["listen_addresses"] ?? "").split(separator: ",").compactMap { item in
            let address = item.trimmingPrefix { $0 == " " }
            return address == "*" ? IPv4Address("0.0.0.0") : IPv4Address(String(address))
        }
        return addresses.contains { LoopbackAddress.isTaken(.init(address: $0, port: port)) }
    }

    private func waitUntilAnswering(writable: Bool) throws(Problem) {
        var pause: UInt32 = 2000
        var last: Problem?
        while true {
            do throws(Problem) {
                let recovering = try instance.connect().query("SELECT pg_catalog.pg_is_in_recovery()").scalar
                if !writable || recovering == "f" { return }
                last = nil
            } catch {
                last = error
            }
            guard case .running = instance.status() else { throw failure(last?.detail) }
            guard clock.seconds < Double(timeoutSeconds) else {
                throw failure(last?.detail ?? "still recovering")
            }
            usleep(pause)
            pause = min(pause * 2, 100_000)
        }
    }

    private func checkSocketPath() throws(Problem) {
        let length = instance.paths.socketDirectory.utf8.count + "/.s.PGSQL.65535.lock".utf8.count
        guard length <= ServiceAccount.longestSocketPath else {
            throw Problem(
                .serverDidNotStart, "the path of the server's socket is too long",
                detail: "\(instance.paths.socketDirectory) leaves no room for it: the limit is "
                    + "\(ServiceAccount.longestSocketPath) bytes",
                hint: "Choose a shorter runtime directory.")
        }
    }

    /// A crashed server's lock files name a process id that may be somebody else's by now (after a reboot it
    /// often is another server's), and PostgreSQL would refuse to start. They go only when nothing works in
    /// the data directory; PostgreSQL's own check of its shared memory stays in force.
    private func clearStaleLocks() throws(Problem) {
        let processes = Postmaster.waitForEnd(
            in: instance.paths.data, seconds: min(10, Double(timeoutSeconds)))
        guard processes.isEmpty else {
            throw Problem(
                .serverDidNotStart, "processes of the server's last run are still alive",
                detail: "process ids " + processes.map(String.init).joined(separator: ", "),
                hint: "Wait until they have ended, or end them.")
        }
        let own = Postmaster.file(in: instance.paths.data)
        if access(own, F_OK) == 0 && TextFile.size(own) == 0 { unlink(own) }
        let directory = instance.paths.socketDirectory
        let sockets = TextFile.names(in: directory).filter {
            $0.hasPrefix(".s.PGSQL.") && $0.hasSuffix(".lock")
        }
        for lock in [own] + sockets.map({ directory + "/" + $0 }) {
            guard let postmaster = TextFile.read(lock).flatMap({ Postmaster(text: $0) }),
                postmaster.idIsTaken,
                TextFile.realPath(postmaster.dataDirectory) == TextFile.realPath(instance.paths.data)
            else { continue }
            unlink(lock)
        }
    }
}
