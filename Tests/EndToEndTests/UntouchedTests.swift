import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// A restore reads its source and changes nothing of it.
    @Suite(.serialized)
    struct UntouchedTests {
        private static let heavyWrites = """
            CREATE TABLE heavy AS SELECT g AS x, repeat('x', 200) AS y FROM generate_series(1, 50000) g;
            UPDATE heavy SET y = repeat('y', 300);
            TRUNCATE t;
            DROP TABLE t;
            """

        @Test func `no file of a stopped source or its archive changes, whatever the copies do`() throws {
            try ProductUnderTest.use("stopped") { product in
                let source = try product.create("orders")
                let connection = try source.connect()
                try connection.execute("CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 20000) g")
                let before = try connection.moment()
                try connection.execute("DELETE FROM t")
                connection.close()
                try product.json("stop", "-n", "orders")
                let untouched = try Fingerprint(of: source.folder, source.repository)
                let timed = try product.restore("timed", from: "orders", ["--restore-time", before]).server
                #expect(try timed.superuser().value("SELECT count(*) FROM t") == "20000")
                let latest = try product.restore("latest", from: "orders").server
                #expect(try latest.superuser().value("SELECT count(*) FROM t") == "0")
                #expect(
                    try Fingerprint(of: source.folder, source.repository).differences(from: untouched) == [])
                for copy in [timed, latest] {
                    let writer = try copy.superuser()
                    try writer.execute(Self.heavyWrites)
                    for _ in 0..<3 { try writer.execute("SELECT pg_switch_wal()") }
                    try writer.execute("CHECKPOINT")
                }
                try product.delete("timed")
                #expect(
                    try Fingerprint(of: source.folder, source.repository).differences(from: untouched) == [])
                try product.json("start", "-n", "orders")
                #expect(try source.connect().value("SELECT count(*) FROM t") == "0")
            }
        }

        @Test func `on a running source only PostgreSQL's own background records move the WAL`() throws {
            try ProductUnderTest.use("running") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 20000) g")
                try product.endAutovacuum(on: source)
                try ProductUnderTest.waitForArchiver(of: source)
                let state = """
                    SELECT archived_count::text, last_archived_wal, failed_count::text,
                        (SELECT count(*) FROM pg_replication_slots)::text,
                        (SELECT string_agg(name || setting, ',' ORDER BY name) FROM pg_settings
                            WHERE source NOT IN ('client', 'session')),
                        pg_walfile_name(pg_current_wal_insert_lsn())
                    FROM pg_stat_archiver
                    """
                let before = try connection.query(state)
                let archive = try Fingerprint(of: source.repository)
                let start = try #require(try connection.value("SELECT pg_current_wal_insert_lsn()"))
                let copy = try product.restore("copy", from: "orders")
                try copy.server.superuser().execute(Self.heavyWrites)
                let end = try #require(try connection.value("SELECT pg_current_wal_insert_lsn()"))
                #expect(try connection.query(state) == before)
                #expect(try Fingerprint(of: source.repository).differences(from: archive) == [])
                try Self.requireBackground(source, from: start, to: end)
                #expect(try connection.value("SELECT count(*) FROM t") == "20000")
            }
        }

        /// Every record in the range belongs to no transaction and is of a kind that PostgreSQL writes by
        /// itself.
        private static func requireBackground(_ source: ManagedServer, from start: String, to end: String)
            throws
        {
            guard start != end else { return }
            let dump = try SystemCommands().run(
                Command(
                    PostgresFixture.binDirectory + "/pg_waldump",
                    ["-p", source.dataDirectory + "/pg_wal", "-s", start, "-e", end], timeoutSeconds: 60))
            for line in dump.standardOutput.split(separator: "\n") {
                #expect(line.contains("tx:          0"), "\(line)")
                #expect(
                    line.hasPrefix("rmgr: Standby") || line.hasPrefix("rmgr: XLOG") || line.contains("PRUNE"),
                    "\(line)")
                #expect(!line.contains("SWITCH") && !line.contains("RESTORE_POINT"), "\(line)")
            }
        }

        @Test func `a source without its data directory is restored from its repository`() throws {
            try ProductUnderTest.use("moved") { product in
                let source = try product.create("orders")
                let connection = try source.connect()
                try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let before = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (2)")
                connection.close()
                try product.json("stop", "-n", "orders")
                try DurableFiles.rename(source.dataDirectory, to: product.scratch.file("away"))
                let timed = try product.restore("timed", from: "orders", ["--restore-time", before]).server
                #expect(try timed.superuser().value("SELECT count(*) FROM t") == "1")
                let latest = try product.restore("latest", from: "orders").server
                #expect(try latest.superuser().value("SELECT count(*) FROM t") == "2")
                try DurableFiles.rename(product.scratch.file("away"), to: source.dataDirectory)
                try product.json("start", "-n", "orders")
                #expect(try source.connect().value("SELECT count(*) FROM t") == "2")
            }
        }

        @Test func `a source that was killed is restored up to its last commit`() throws {
            try ProductUnderTest.use("killed") { product in
                let source = try product.create("orders")
                try source.connect().execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                try source.connect().execute("INSERT INTO t VALUES (2)")
                try Self.crash(source)
                let untouched = try Fingerprint(of: source.folder, source.repository)
                #expect(try product.json("show", "-n", "orders")["state"] == "Inaccessible")
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "2")
                #expect(
                    try Fingerprint(of: source.folder, source.repository).differences(from: untouched) == [])
                try product.json("start", "-n", "orders")
                #expect(try source.connect().value("SELECT count(*) FROM t") == "2")
            }
        }

        /// SIGKILL to the postmaster; its children notice and end.
        static func crash(_ server: ManagedServer) throws {
            try #require(ProductUnderTest.postmaster(of: server.dataDirectory) != nil)
            ProductUnderTest.endPostmaster(server.dataDirectory, killed: true)
            #expect(ProductUnderTest.processes(in: server.dataDirectory) == [])
        }

        @Test(arguments: [false, true])
        func `a deleted server comes back with everything that was committed`(killed: Bool) throws {
            try ProductUnderTest.use("revive") { product in
                let source = try product.create("orders")
                try source.connect().execute(
                    "CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 9999) g")
                try source.superuser().execute("SELECT pg_switch_wal()")
                try source.connect().execute("INSERT INTO t VALUES (0)")
                if killed { try Self.crash(source) }
                try product.delete("orders")
                #expect(try product.serverNames() == [])
                #expect(try product.serverFolders() == [])
                try product.refuses(
                    ["restore", "-n", "copy", "--source-server", "orders"], status: 3, saying: "orders")
                #expect(try product.json("list", "--deleted").array?.count == 1)
                let archive = try Fingerprint(of: source.repository)
                let revived = try product.run(
                    ["revive-dropped", "-n", "orders", "--source-server", "orders", "--location", "local"]
                ).value()
                #expect(revived["state"] == "Ready")
                #expect(revived["local"]?["id"]?.string != source.id)
                #expect(try product.server("orders").superuser().value("SELECT count(*) FROM t") == "10000")
                #expect(try Fingerprint(of: source.repository).differences(from: archive) == [])
            }
        }
    }
}
