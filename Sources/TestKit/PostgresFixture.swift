#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// A plain PostgreSQL cluster in a scratch directory, for tests that need a server but not the product's
/// own way of running one. Everybody who reaches its socket directory (root and its owner) is trusted. It
/// stops with its owner.
public final class PostgresFixture: Sendable {
    /// PostgreSQL 15 as Debian 12 has it: what the formats are recorded from.
    public static let debianDirectory = "/usr/lib/postgresql/15/bin"
    /// The programs of the version that the servers of the tests have: `PITR_TEST_POSTGRES`, else Debian's.
    public static let binDirectory =
        getenv("PITR_TEST_POSTGRES").map { String(cString: $0) } ?? debianDirectory
    /// Their major version.
    public static let major: String = {
        let answer = try? SystemCommands().run(
            Command(binDirectory + "/postgres", ["--version"], timeoutSeconds: 10))
        let words = answer?.standardOutput.split(separator: " ") ?? []
        return words.count > 2 ? String(words[2].prefix { $0 != "." }) : "15"
    }()
    public static let superuser = "azuresu"

    /// Where the server's programs are; `psql` is always the machine's own.
    public let programs: String
    /// Its first superuser, as whom everything is done.
    public let owner: String
    public let scratch: ScratchDirectory
    public let port: UInt16
    private let runner = RunAs()

    public var dataDirectory: String { scratch.file("data") }
    public var socketDirectory: String { scratch.file("s") }
    public var logFile: String { scratch.file("server.log") }

    /// Makes the cluster and starts it. `settings` are added to its configuration, `initdb` to initdb's
    /// arguments; `programs` are those of the version under test unless others are named.
    public init(
        settings: [String: String] = [:], initdb: [String] = [], listenAddress: String = "",
        programs: String = PostgresFixture.binDirectory, owner: String = PostgresFixture.superuser
    ) throws(Problem) {
        self.programs = programs
        self.owner = owner
        scratch = try ScratchDirectory("pg")
        port = UInt16.random(in: 20_000...29_999)
        try scratch.directory("s")
        try runner.runChecked(
            Command(
                programs + "/initdb",
                [
                    "-D", dataDirectory, "-U", owner, "-A", "trust", "-E", "UTF8", "--locale=C",
                    "--data-checksums", "--no-sync", "--no-instructions",
                ] + initdb, workingDirectory: "/", timeoutSeconds: 120))
        var lines = [
            "port = \(port)", "listen_addresses = '\(listenAddress)'",
            "unix_socket_directories = '\(socketDirectory)'", "fsync = off", "timezone = UTC",
            "log_timezone = UTC", "max_wal_senders = 4", "wal_level = replica",
        ]
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            lines.append("\(name) = '\(value.replacing("'", with: "''"))'")
        }
        try runner.runChecked(
            Command(
                "tee", ["-a", dataDirectory + "/postgresql.conf"],
                standardInput: lines.joined(separator: "\n") + "\n"))
        try start()
    }

    public func start() throws(Problem) {
        try control(["start", "-l", logFile])
    }

    /// `fast`, `immediate` or `smart`.
    public func stop(_ mode: String = "fast") throws(Problem) {
        try control(["stop", "-m", mode])
    }

    /// Runs one of PostgreSQL's programs as the cluster's owner.
    @discardableResult
    public func tool(_ name: String, _ arguments: [String]) throws(Problem) -> CommandResult {
        try runner.runChecked(
            Command(programs + "/" + name, arguments, workingDirectory: "/", timeoutSeconds: 120))
    }

    /// Runs statements through `psql` and returns its unaligned output without the last line end.
    @discardableResult
    public func psql(_ sql: String, database: String = "postgres") throws(Problem) -> String {
        let result = try runner.runChecked(
            Command(
                Self.binDirectory + "/psql",
                [
                    "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socketDirectory, "-p",
                    String(port),
                    "-U", owner, "-d", database,
                ], workingDirectory: "/", standardInput: sql, timeoutSeconds: 120))
        let text = result.standardOutput
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private func control(_ arguments: [String]) throws(Problem) {
        try runner.runChecked(
            Command(
                programs + "/pg_ctl", arguments + ["-D", dataDirectory, "-w", "-t", "60"],
                workingDirectory: "/", timeoutSeconds: 90))
    }

    deinit {
        try? stop("immediate")
    }
}
