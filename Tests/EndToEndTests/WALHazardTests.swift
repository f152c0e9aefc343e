import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What WAL can hold that makes a copy wrong, or impossible, if nobody looks.
    @Suite(.serialized)
    struct WALHazardTests {
        @Test func `transactions are told apart across a change of the epoch`() throws {
            try ProductUnderTest.use("epoch") { product in
                let source = try product.create("orders")
                let away = OfflineServer(product: product, server: source)
                var connection = try source.superuser()
                for name in try connection.query("SELECT datname FROM pg_database WHERE datallowconn")
                    .firstColumn
                {
                    try source.superuser(database: name).execute("VACUUM FREEZE")
                }
                connection.close()
                // 2000 transactions before numbers begin again.
                try away.whileStopped {
                    try away.tool("pg_resetwal", ["-x", "4294965296", "-D", source.dataDirectory])
                    try away.write(
                        [UInt8](repeating: 0, count: 262_144), to: source.dataDirectory + "/pg_xact/0FFF")
                }
                try product.json("backup", "create", "-s", "orders", "-n", "after")
                connection = try source.superuser()
                try connection.execute("CREATE TABLE t (n int, x xid8 DEFAULT pg_current_xact_id())")
                let many = """
                    DO $$ BEGIN FOR i IN 1..%d LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$
                    """
                try connection.execute(many.replacing("%d", with: "500"))
                let before = try connection.moment()
                try connection.execute(many.replacing("%d", with: "3000"))
                let after = try connection.moment()
                try connection.execute("DELETE FROM t")
                #expect(try connection.value("SELECT pg_current_xact_id() > '4294967296'") == "t")
                let early = try product.restore("early", from: "orders", ["--restore-time", before])
                #expect(try early.server.superuser().value("SELECT count(*) FROM t") == "500")
                let late = try product.restore("late", from: "orders", ["--restore-time", after])
                let inside = try late.server.superuser()
                #expect(try inside.value("SELECT count(*) FROM t") == "3500")
                #expect(
                    try inside.value("SELECT count(*) BETWEEN 1 AND 3499 FROM t WHERE x > '4294967296'")
                        == "t")
                #expect(try inside.value("SELECT pg_current_xact_id() > '4294967296'") == "t")
            }
        }

        @Test func `WAL of a time of minimal logging is not crossed, and both sides of it are named`() throws
        {
            try ProductUnderTest.use("minimal") { product in
                let source = try product.create("orders")
                let away = OfflineServer(product: product, server: source)
                var connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let before = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (2)")
                connection.close()
                try away.whileRunning("-c wal_level=minimal -c max_wal_senders=0 -c archive_mode=off") {
                    try source.superuser().execute("CREATE TABLE u AS SELECT 1 AS i")
                }
                connection = try source.superuser()
                try connection.execute("INSERT INTO t VALUES (3)")
                let inside = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (4)")
                try product.refuses(
                    ["restore", "-n", "copy", "--source-server", "orders", "--restore-time", inside],
                    saying: "wal_level=minimal (from", "every time before", "until a newer backup is taken")
                try product.json("backup", "create", "-s", "orders", "-n", "after")
                let answer = try product.run([
                    "plan", "--source-server", "orders", "--restore-time", inside,
                ])
                #expect(answer.errors.contains("and again from"), "\(answer)")
                let early = try product.restore("early", from: "orders", ["--restore-time", before])
                #expect(try early.server.superuser().value("SELECT count(*) FROM t") == "1")
                let late = try product.restore("late", from: "orders")
                #expect(try late.server.superuser().value("SELECT count(*) FROM t") == "4")
                #expect(late.evidence["baseBackup"] == "after")
            }
        }

        @Test func `the torn end of a crashed server's WAL costs nothing that was whole`() throws {
            try ProductUnderTest.use("torn") { product in
                let source = try product.create("orders")
                let away = OfflineServer(product: product, server: source)
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let name = try #require(
                    try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))
                try connection.execute("SELECT pg_logical_emit_message(true, 'torn', repeat('x', 3000))")
                let end = try #require(try connection.value("SELECT pg_current_wal_insert_lsn()::text"))
                connection.close()
                try away.crash()
                // Half of the last transaction's record never reached the disk.
                let path = source.dataDirectory + "/pg_wal/" + name
                var bytes = try DurableFiles.read(path)
                let last = Int(try #require(LSN(end)).rawValue % UInt64(bytes.count))
                for index in last - 1500..<min(bytes.count, last + 8192) { bytes[index] = UInt8(index % 251) }
                try away.write(bytes, to: path)
                let copy = try product.restore("copy", from: "orders")
                #expect(try copy.server.superuser().value("SELECT count(*) FROM t") == "1")
                try product.json("start", "-n", "orders")
                try source.superuser().execute("INSERT INTO t VALUES (2)")
                let later = try product.restore("later", from: "orders")
                #expect(try later.server.superuser().value("SELECT count(*) FROM t") == "2")
            }
        }

        @Test func `a record that was never finished is passed over where the server wrote on`() throws {
            try ProductUnderTest.use("contrecord") { product in
                let source = try product.create("orders")
                let away = OfflineServer(product: product, server: source)
                var connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                try connection.execute(OfflineServer.padSegment(leaving: 3000))
                let before = try connection.moment()
                let first = try #require(
                    try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))
                try connection.execute("SELECT pg_logical_emit_message(false, 'long', repeat('y', 300000))")
                try connection.execute("INSERT INTO t VALUES (99)")
                let second = try #require(
                    try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))
                #expect(first != second)
                connection.close()
                try away.crash()
                _ = try DurableFiles.removeFile(source.dataDirectory + "/pg_wal/" + second)
                try product.json("start", "-n", "orders")
                connection = try source.superuser()
                try connection.execute("INSERT INTO t VALUES (2)")
                let between = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (3); SELECT pg_switch_wal()")
                let log = try away.tool(
                    "pg_waldump", ["-p", source.dataDirectory + "/pg_wal", second, "-r", "XLOG"],
                    mayFail: true)
                #expect(log.contains("OVERWRITE_CONTRECORD"), "\(log)")
                for (name, moment, rows) in [("early", before, "1"), ("late", between, "1,2")] {
                    let copy = try product.restore(name, from: "orders", ["--restore-time", moment])
                    #expect(
                        try copy.server.superuser().value("SELECT string_agg(x::text, ',' ORDER BY x) FROM t")
                            == rows)
                }
                let latest = try product.restore("latest", from: "orders")
                #expect(try latest.server.superuser().value("SELECT count(*) FROM t") == "3")
            }
        }
    }
}
