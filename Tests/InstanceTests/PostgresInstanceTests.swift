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

    /// Each in turn would end the tool's sessions, change what they read, or keep them from opening.
    private static let hostile = [
        ("idle_session_timeout", "1"), ("idle_in_transaction_session_timeout", "1"),
        ("statement_timeout", "1"), ("lock_timeout", "1"), ("quote_all_identifiers", "on"),
        ("search_path", "nowhere"), ("exit_on_error", "on"), ("session_preload_libraries", "missing"),
        ("local_preload_libraries", "missing"), ("post_auth_delay", "30"), ("wal_sender_timeout", "1"),
        ("default_transaction_read_only", "on"), ("default_transaction_isolation", "serializable"),
        ("default_transaction_deferrable", "on"), ("transform_null_equals", "on"),
        ("standard_conforming_strings", "off"), ("temp_file_limit", "0"), ("client_min_messages", "error"),
        ("session_replication_role", "replica"),
    ]

    @Test func `nothing that is set can lock the tool out`() throws {
        func hold(_ what: String) throws {
            let connection = try instance.connect()
            let replication = try instance.connectForReplication()
            let parameters = try ParameterCatalog(
                connection: connection, defaults: server.settings.defaults, overrides: [:])
            // Longer than the shortest time-out; then both sessions are asked again.
            try instance.connect().execute("SELECT pg_sleep(0.005)")
            #expect(try connection.query("SELECT 'a' || current_user").scalar == "aazuresu", "\(what)")
            #expect(try connection.query("SELECT oid::regclass FROM pg_class LIMIT 1").scalar?.first != "\"")
            try connection.execute("CREATE TEMPORARY TABLE t (x int); DROP TABLE t")
            #expect("\(try replication.identifySystem().timeline)" == "1", "\(what)")
            #expect(try parameters.find("work_mem").value == "4096", "\(what)")
        }
        for (name, value) in Self.hostile {
            try server.set([name: value])
            try instance.reload()
            try hold("\(name) of the server")
            #expect(
                try ParameterCatalog(connection: instance.connect(), defaults: [:], overrides: [:])
                    .find(name).value == value, "\(name) is told as the server has it")
        }
        try server.set([:])
        try instance.reload()
        let setter = try instance.connect()
        let settings =
            Self.hostile.filter { $0.0 != "post_auth_delay" } + [
                ("role", "azure_pg_admin"), ("work_mem", "64"),
            ]
        for owner in ["ROLE azuresu", "DATABASE postgres", "ROLE azuresu IN DATABASE postgres"] {
            for (name, value) in settings where name != "role" || !owner.hasPrefix("DATABASE") {
                try setter.execute("ALTER \(owner) SET \(name) = '\(value)'")
            }
            try hold(owner)
            try setter.execute("ALTER \(owner) RESET ALL")
        }
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

    @Test func `sees that the port is taken where the log says nothing of it`() throws {
        try instance.stop()
        try server.set(["log_min_messages": "panic"])
        let other = try PostgresFixture(
            settings: ["port": String(server.settings.port)], listenAddress: server.settings.listenAddress)
        let failure = #expect(throws: Problem.self) { try instance.start(timeoutSeconds: 30) }
        #expect(failure?.code == .portInUse, "\(String(describing: failure))")
        try other.stop()
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
