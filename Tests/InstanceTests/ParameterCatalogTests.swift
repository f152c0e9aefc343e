import Instance
import Platform
import TestKit
import Testing

@Suite(RunningInstance(), .serialized) struct ParameterCatalogTests {
    private let server: ServerUnderTest

    init() throws {
        server = try #require(ServerUnderTest.current)
    }

    private func catalog(_ overrides: [String: String] = [:]) throws -> ParameterCatalog {
        try ParameterCatalog(
            connection: server.instance.connect(), defaults: server.settings.defaults,
            overrides: overrides)
    }

    @Test func `without overrides every value is the default and nothing waits for a restart`() throws {
        let items = try catalog().items
        #expect(items.count > 300)
        for item in items {
            #expect(item.source == ParameterItem.systemDefault, "\(item.name)")
            #expect(!item.isConfigPendingRestart, "\(item.name)")
            if !item.isReadOnly { #expect(item.value == item.defaultValue, "\(item.name)") }
        }
    }

    @Test func `describes parameters in Azure's terms`() throws {
        let catalog = try catalog()
        let buffers = try catalog.find("SHARED_BUFFERS")
        #expect(buffers.value == "16384" && buffers.unit == "8kB" && !buffers.isDynamicConfig)
        #expect(buffers.dataType == .integer && buffers.allowedValues == "16-1073741823")
        let level = try catalog.find("wal_level")
        #expect(level.allowedValues == "replica,logical" && level.dataType == .enumeration)
        #expect(try catalog.find("autovacuum").allowedValues == "on,off")
        #expect(try catalog.find("TimeZone").value == "UTC")
        #expect(try catalog.find("shared_preload_libraries").dataType == .set)
        for name in [
            "listen_addresses", "archive_command", "fsync", "ssl_key_file", "recovery_target", "block_size",
        ] {
            #expect(try catalog.find(name).isReadOnly, "\(name)")
        }
        let failure = #expect(throws: Problem.self) { try catalog.find("no_such_parameter") }
        #expect(failure?.code == .resourceNotFound)
    }

    @Test(arguments: [
        ("lock_timeout", "2000", "2000"), ("lock_timeout", "2s", "2000"), ("work_mem", "16MB", "16384"),
        ("work_mem", "1.5 GB", "1572864"), ("shared_buffers", "128MB", "16384"), ("autovacuum", "TRUE", "on"),
        ("wal_level", "Logical", "logical"), ("random_page_cost", "1.1", "1.1"),
        ("checkpoint_timeout", "1h", "3600"),
        ("timezone", "Europe/Paris", "Europe/Paris"),
        (
            "shared_preload_libraries", "auto_explain, pg_prewarm",
            "auto_explain,pg_prewarm"
        ), ("shared_preload_libraries", "", ""),
        ("cursor_tuple_fraction", "1e-1", "0.1"), ("search_path", "\"$user\", it", "\"$user\", it"),
    ])
    func `accepts good values and counts in the parameter's unit`(
        name: String, value: String, expected: String
    ) throws {
        #expect(try catalog().validate(name, value, trying: server.instance.connect()) == expected)
    }

    @Test(arguments: [
        ("lock_timeout", "-1"), ("lock_timeout", "soon"), ("work_mem", "16 ms"), ("work_mem", "1"),
        ("autovacuum", "maybe"),
        ("wal_level", "minimal"), ("max_connections", "5"), ("timezone", "Nowhere/Land"),
        ("shared_preload_libraries", "evil"), ("log_min_messages", "loud"), ("DateStyle", "purple"),
        ("search_path", "a\0b"), ("work_mem", ""), ("work_mem", "nan"), ("work_mem", "1e400"),
    ])
    func `refuses bad values and says which are allowed`(name: String, value: String) throws {
        let failure = #expect(throws: Problem.self) {
            try catalog().validate(name, value, trying: server.instance.connect())
        }
        #expect(failure?.code == .invalidParameterValue)
        #expect(failure?.detail?.isEmpty == false)
    }

    @Test func `refuses to set what is read-only`() throws {
        let failure = #expect(throws: Problem.self) {
            try catalog().validate("archive_command", "/bin/false")
        }
        #expect(failure?.code == .operationNotSupported)
    }

    @Test func `an override shows at once, waits for a restart where it must, and goes away again`() throws {
        let overrides = [
            "lock_timeout": "2000", "max_prepared_transactions": "20", "TimeZone": "Europe/Paris",
        ]
        try server.set(overrides)
        try server.instance.reload()
        var catalog = try catalog(overrides)
        let timeout = try catalog.find("lock_timeout")
        #expect(
            timeout.value == "2000" && timeout.defaultValue == "0"
                && timeout.source == ParameterItem.userOverride)
        #expect(!timeout.isConfigPendingRestart)
        let prepared = try catalog.find("max_prepared_transactions")
        #expect(prepared.value == "20" && prepared.defaultValue == "0" && prepared.isConfigPendingRestart)
        #expect(try catalog.find("TimeZone").defaultValue == "UTC")
        #expect(try catalog.find("TimeZone").value == "Europe/Paris")

        try server.instance.restart()
        catalog = try self.catalog(overrides)
        #expect(try catalog.find("max_prepared_transactions").isConfigPendingRestart == false)

        try server.set([:])
        try server.instance.reload()
        catalog = try self.catalog()
        let reset = try catalog.find("max_prepared_transactions")
        #expect(
            reset.isConfigPendingRestart && reset.value == "0" && reset.source == ParameterItem.systemDefault)
        #expect(try catalog.find("lock_timeout").value == "0")

        try server.set(overrides)
        try server.instance.reload()
        let again = try self.catalog(overrides)
        #expect(try again.find("max_prepared_transactions").isConfigPendingRestart == false)
        try server.set([:])
        try server.instance.restart()
    }
}
