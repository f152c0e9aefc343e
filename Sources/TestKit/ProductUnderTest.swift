#if canImport(Glibc)
    import Glibc
#endif
public import Notation
public import Platform
import PostgresFormat
import Synchronization

/// The built `pitr`, run as a user would run it, on a state directory of its own.
///
/// As root the product turns itself into the servers' account; as anybody else it stays what it is. Tests
/// need not know which: files are looked at with the rights of whoever runs the tests, SQL goes through TCP
/// or the private socket, which admits both.
public final class ProductUnderTest: Sendable {
    public let scratch: ScratchDirectory
    private let program: String
    private let commands = SystemCommands()
    private let started = Mutex<[Int32]>([])

    /// The state directory, `PITR_HOME`.
    public var home: String { scratch.file("home") }

    /// Hands a fresh product to `body`; afterwards, also after a failure, ends its servers and removes its
    /// files.
    public static func use(
        _ name: String, onDisk: Bool = false, _ body: (ProductUnderTest) throws -> Void
    ) throws {
        let product = try ProductUnderTest(name, onDisk: onDisk)
        defer { product.end() }
        try body(product)
    }

    private init(_ name: String, onDisk: Bool) throws(Problem) {
        program = try Self.locate()
        scratch = try ScratchDirectory(name, onDisk: onDisk)
        // The scratch directory is the servers' account's; root makes nothing there.
        try scratch.directory("home")
    }

    /// The path of `pitr`, which has been built.
    public static func locate() throws(Problem) -> String {
        let path = BuiltProduct.path("pitr")
        guard access(path, X_OK) == 0 else {
            throw Problem(
                .system, "the product is not built: there is no \(path)",
                hint: "Build everything first: swift build --build-tests.")
        }
        return path
    }

    // MARK: Commands

    /// Runs `pitr` with the arguments and `-o json`, whatever comes of it.
    public func run(
        _ arguments: [String], environment: [String: String] = [:], seconds: Double = 120
    ) throws(Problem) -> ProductAnswer {
        let result = try commands.run(command(arguments, environment, seconds))
        return ProductAnswer(arguments: arguments, result: result)
    }

    /// Runs `pitr`, requires success, and returns what it printed.
    @discardableResult
    public func json(_ arguments: String...) throws(Problem) -> JSONValue {
        try run(arguments).value()
    }

    /// Starts `pitr` and does not wait for it; the answer is its process id.
    ///
    /// - Parameter openFiles: how many files it may have open at most.
    public func start(
        _ arguments: [String], environment: [String: String] = [:], openFiles: Int? = nil
    ) throws(Problem) -> Int32 {
        var command = command(arguments, environment, nil)
        if let openFiles {
            command.arguments =
                ["--nofile=\(openFiles):\(openFiles)", command.executable] + command.arguments
            command.executable = "prlimit"
        }
        let pid = try commands.spawnDetached(command, log: scratch.file("background.log"))
        started.withLock { $0.append(pid) }
        return pid
    }

    private func command(_ arguments: [String], _ environment: [String: String], _ seconds: Double?)
        -> Command
    {
        var variables = [
            "PITR_HOME": home, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": scratch.path,
        ]
        variables["PITR_POSTGRES_DIRS"] = PostgresFixture.binDirectory
        variables.merge(environment) { $1 }
        var arguments = arguments
        // Whatever else is installed: the tests say themselves which version they are about.
        if arguments.first == "create", !arguments.contains("--version") {
            arguments += ["--version", PostgresFixture.major]
        }
        return Command(
            program, arguments + ["-o", "json"], environment: variables, workingDirectory: "/",
            timeoutSeconds: seconds)
    }

    // MARK: Servers

    public static let adminPassword = "Passw0rd!x"

    /// Makes a server with its first backup, and waits for both.
    public func create(_ name: String, _ options: [String] = []) throws(Problem) -> ManagedServer {
        let made = try run(["create", "-n", name, "-u", "bob", "-p", Self.adminPassword] + options).value()
        return try server(name, connectionString: made["connectionString"]?.string)
    }

    /// A server by its name, as `show` tells it.
    public func server(_ name: String, connectionString: String? = nil) throws(Problem) -> ManagedServer {
        let shown = try json("show", "-n", name)
        guard let server = ManagedServer(shown, connectionString: connectionString) else {
            throw Problem(.system, "cannot read what 'show' printed", detail: shown.printed())
        }
        return server
    }

    /// Restores, and opens the firewall so that the copy can be read through TCP.
    public func restore(_ name: String, from source: String, _ options: [String] = []) throws(Problem)
        -> RestoredServer
    {
        let answer = try run(["restore", "-n", name, "--source-server", source] + options)
        let printed = try answer.value()
        guard let server = ManagedServer(printed), let evidence = printed["local"]?["evidence"] else {
            throw Problem(.system, "cannot read what 'restore' printed", detail: printed.printed())
        }
        return RestoredServer(server: server, evidence: evidence, printed: printed, remarks: answer.errors)
    }

    /// Lets connections from 127.0.0.1 in.
    public func openFirewall(_ name: String) throws(Problem) {
        try json("firewall-rule", "create", "-s", name, "-n", "test", "--start-ip-address", "127.0.0.1")
    }

    public func delete(_ name: String) throws(Problem) {
        _ = try run(["delete", "-n", name, "--yes"]).checked()
    }

    /// The names of all servers that are listed.
    public func serverNames() throws(Problem) -> [String] {
        try json("list").array?.compactMap { $0["name"]?.string } ?? []
    }

    /// The folders below `servers/`, whether the catalog knows of them or not.
    public func serverFolders() throws(Problem) -> [String] {
        try DurableFiles.listIfPresent(home + "/servers").sorted()
    }

    // MARK: The end

    private func end() {
        // A daemon that a failed test left. Its number is its own while it has not been waited for.
        for pid in started.withLock({ $0 }) where waitpid(pid, nil, WNOHANG) == 0 {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        // Backups that run in the background are ended by the delete.
        for name in (try? serverNames()) ?? [] { _ = try? run(["delete", "-n", name, "--yes"]) }
        for folder in (try? serverFolders()) ?? [] {
            Self.endPostmaster("\(home)/servers/\(folder)/data")
        }
    }

    /// Ends a postmaster that works in a data directory, at once, with all its processes: the log's writer
    /// outlives it by a moment. Of a killed one the others have to notice by themselves.
    public static func endPostmaster(_ dataDirectory: String, killed: Bool = false) {
        guard let pid = postmaster(of: dataDirectory) else { return }
        kill(pid, killed ? SIGKILL : SIGQUIT)
        eventually { processes(in: dataDirectory).isEmpty }
    }

    /// The live postmaster of a data directory, told by its lock file and its working directory.
    public static func postmaster(of dataDirectory: String) -> Int32? {
        guard let bytes = try? DurableFiles.readIfPresent(dataDirectory + "/postmaster.pid"),
            let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first,
            let pid = Int32(line), let place = try? LinkTarget.of("/proc/\(pid)/cwd"),
            place == dataDirectory
        else { return nil }
        return pid
    }

    /// Looks every few milliseconds until it is so, at most `seconds` long; false when it never was.
    ///
    /// The limit is for what never comes. It is long, because a machine that runs all tests at once is slow.
    @discardableResult
    public static func eventually(seconds: Double = 120, _ isSo: () throws -> Bool) rethrows -> Bool {
        let watch = Stopwatch()
        while watch.seconds < seconds {
            if try isSo() { return true }
            Pause.milliseconds(20)
        }
        return false
    }
}
