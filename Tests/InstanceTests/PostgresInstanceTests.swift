#if canImport(Glibc)
    import Glibc
#endif
import Instance
import Platform
import PostgresClient
import TestKit
import Testing

@Suite(RunningInstance(), .serialized) struct PostgresInstanceTests {
    private let server: ServerUnderTest
    private var instance: PostgresInstance { server.instance }

    init() throws {
        server = try #require(ServerUnderTest.current)
    }

    private func login(
        password: String = ServerUnderTest.password, sslMode: String = "verify-full"
    ) throws(Problem) -> Connection {
        try Connection(
            ConnectionParameters(
                host: server.settings.listenAddress, port: server.settings.port, user: ServerUnderTest.admin,
                password: password, sslMode: sslMode, sslRootCertificate: server.authority.certificateFile,
                connectTimeoutSeconds: 5))
    }

    private func rule(_ start: String, _ end: String) throws -> HostBasedAccess.Rule {
        HostBasedAccess.Rule(
            name: "test", start: try #require(IPv4Address(start)), end: try #require(IPv4Address(end)))
    }

    @Test func `runs with checksums, TLS, archiving and its own configuration`() throws {
        let connection = try instance.connect()
        for (name, value) in [
            ("data_checksums", "on"), ("ssl", "on"), ("archive_mode", "on"), ("cluster_name", "it's a test"),
            ("hba_file", instance.paths.accessFile), ("data_directory", instance.paths.data),
            ("server_encoding", "UTF8"), ("archive_timeout", "5min"), ("log_timezone", "UTC"),
        ] {
            #expect(try connection.query("SELECT current_setting($1)", [name]).scalar == value)
        }
        guard case .running(let pid) = instance.status() else {
            Issue.record("status is \(instance.status())")
            return
        }
        #expect(kill(pid, 0) == 0)
        #expect(instance.hasProcesses())
    }

    @Test func `the private socket is for the tool alone`() throws {
        #expect(try instance.connect().query("SELECT current_user").scalar == "azuresu")
        let failure = #expect(throws: Problem.self) { try instance.connect(user: ServerUnderTest.admin) }
        #expect(failure?.detail?.contains("no pg_hba.conf entry") == true, "\(String(describing: failure))")
    }

    @Test func `WAL can be read over the private socket`() throws {
        let identity = try instance.connectForReplication().identifySystem()
        let own = try instance.connect().query("SELECT system_identifier FROM pg_control_system()").scalar
        #expect(own == String(identity.systemIdentifier))
    }

    @Test func `the tool's session is proof against what users set`() throws {
        try server.set(["default_transaction_read_only": "on", "statement_timeout": "1"])
        try instance.reload()
        let connection = try instance.connect()
        #expect(try connection.query("SHOW default_transaction_read_only").scalar == "off")
        #expect(try connection.query("SHOW statement_timeout").scalar == "0")
        try server.set([:])
        try instance.reload()
    }

    @Test func `refuses logins without a rule, takes them from a rule's range, and only with TLS`() throws {
        try server.allow([])
        try instance.reload()
        let refused = #expect(throws: Problem.self) { try login() }
        #expect(refused?.detail?.contains("no pg_hba.conf entry for host") == true)

        try server.allow([try rule("127.0.0.0", "127.255.255.255")])
        try instance.reload()
        let session = try login()
        #expect(try session.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").scalar == "t")
        let plain = #expect(throws: Problem.self) { try login(sslMode: "disable") }
        #expect(plain?.detail?.contains("no encryption") == true)
        let wrong = #expect(throws: Problem.self) { try login(password: "Wrong-Horse-1") }
        #expect(wrong?.detail?.contains("password authentication failed") == true)

        try server.allow([try rule("10.0.0.0", "10.0.0.255")])
        try instance.reload()
        #expect(throws: Problem.self) { try login() }
    }

    @Test func `the administrator may make databases and roles but is no superuser`() throws {
        try server.allow([try rule("127.0.0.0", "127.255.255.255")])
        try instance.reload()
        let session = try login()
        #expect(try session.query("SHOW is_superuser").scalar == "off")
        try session.execute("CREATE DATABASE shop")
        try session.execute("CREATE ROLE clerk LOGIN")
        try session.execute("CREATE TABLE public.note (t text)")
        #expect(try session.query("SELECT pg_has_role('pg_monitor', 'member')").scalar == "t")
        #expect(throws: Problem.self) { try session.execute("ALTER SYSTEM SET work_mem = '1MB'") }
        #expect(session.lastFailure?.sqlState == "42501")
        try session.execute("DROP TABLE public.note")
    }

    @Test func `a changed password replaces the old one`() throws {
        try server.allow([try rule("127.0.0.0", "127.255.255.255")])
        try instance.reload()
        try AdminRole.setPassword(ServerUnderTest.admin, password: "Battery-Staple-2", on: instance.connect())
        _ = try login(password: "Battery-Staple-2")
        #expect(throws: Problem.self) { try login() }
        try AdminRole.setPassword(
            ServerUnderTest.admin, password: ServerUnderTest.password, on: instance.connect())
    }

    @Test func `rules that PostgreSQL does not understand are reported`() throws {
        try DurableFiles.write(
            Array("local all azuresu peer map=pitr\nhostssl all all 10.0.0.0/99 scram-sha-256\n".utf8),
            to: instance.paths.accessFile)
        try RunAs.handOver(instance.paths.conf)
        let failure = #expect(throws: Problem.self) { try instance.reload() }
        #expect(failure?.code == .invalidParameterValue)
        try server.allow([])
        try instance.reload()
    }

    @Test func `stops, starts, and tells a crash from an orderly end`() throws {
        try instance.stop()
        #expect(instance.status() == .stopped)
        try instance.stop()
        let failure = #expect(throws: Problem.self) { try instance.connect() }
        #expect(failure?.code == .serverIsNotReady)
        try instance.start(timeoutSeconds: 60)
        guard case .running(let pid) = instance.status() else {
            Issue.record("status is \(instance.status())")
            return
        }
        try instance.start(timeoutSeconds: 60)
        #expect(instance.status() == .running(pid: pid))
        kill(pid, SIGKILL)
        while instance.hasProcesses() { sched_yield() }
        #expect(instance.status() == .crashed)
        try instance.start(timeoutSeconds: 60)
        #expect(try instance.connect().query("SELECT pg_is_in_recovery()").scalar == "f")
    }

    @Test func `starts over a lock file whose process id belongs to somebody else by now`() throws {
        guard case .running(let pid) = instance.status() else {
            Issue.record("status is \(instance.status())")
            return
        }
        let lock = instance.paths.data + "/postmaster.pid"
        let text = try RunAs().runChecked(Command("cat", [lock])).standardOutput
        try instance.stop(.immediate)
        let other = try RunAs().spawnDetached(Command("sleep", ["60"]), log: "/dev/null")
        defer { kill(other, SIGKILL) }
        try RunAs().runChecked(
            Command(
                "tee", [lock],
                standardInput: text.replacing("\(pid)\n", with: "\(other)\n", maxReplacements: 1)))
        #expect(instance.status() == .crashed)
        try instance.start(timeoutSeconds: 60)
    }

    @Test func `quotes the log when a server does not start`() throws {
        try instance.stop()
        try server.set(["shared_buffers": "no number"])
        let failure = #expect(throws: Problem.self) { try instance.start(timeoutSeconds: 30) }
        #expect(failure?.code == .serverDidNotStart)
        #expect(failure?.detail?.contains("invalid value for parameter \"shared_buffers\"") == true)
        try server.set([:])
        try instance.start(timeoutSeconds: 60)
    }

    @Test func `says that the port is taken`() throws {
        try instance.stop()
        let port = server.settings.port
        let other = try PostgresFixture(
            settings: ["port": String(port)], listenAddress: server.settings.listenAddress)
        let failure = #expect(throws: Problem.self) { try instance.start(timeoutSeconds: 30) }
        #expect(failure?.code == .portInUse, "\(String(describing: failure))")
        try other.stop()
        try instance.start(timeoutSeconds: 60)
        #expect(!instance.lastLogLines(5).isEmpty)
    }
}
