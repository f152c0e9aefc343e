import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What PostgreSQL alone gets wrong, or refuses, at a target time.
    @Suite(.serialized)
    struct HazardTests {
        @Test func `an idle source can be restored to now and to any moment of its silence`() throws {
            try ProductUnderTest.use("idle") { product in
                let source = try product.create("orders")
                let connection = try source.connect()
                try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let silence = try connection.moment()
                let latest = try product.restore("latest", from: "orders")
                #expect(latest.evidence["handedToPostgres"]?.string?.hasPrefix("recovery_target_lsn") == true)
                #expect(try latest.server.superuser().value("SELECT count(*) FROM t") == "1")
                let timed = try product.restore("timed", from: "orders", ["--restore-time", silence])
                #expect(timed.evidence["handedToPostgres"]?.string?.hasPrefix("recovery_target_lsn") == true)
                #expect(timed.evidence["effectiveTimeUtc"]?.string == silence)
                #expect(try timed.server.superuser().value("SELECT count(*) FROM t") == "1")
            }
        }

        @Test func `nothing committed since the backup is the backup alone`() throws {
            try ProductUnderTest.use("nothing") { product in
                let source = try product.create("orders")
                let latest = try product.restore("latest", from: "orders")
                #expect(latest.evidence["handedToPostgres"] == "recovery_target = 'immediate'")
                let before = try source.connect().moment()
                try source.connect().execute("CREATE TABLE later (x int)")
                let copy = try product.restore("timed", from: "orders", ["--restore-time", before])
                #expect(try copy.server.superuser().value("SELECT to_regclass('later')::text") == nil)
            }
        }

        @Test func `a database dropped right after the target is whole in the copy`() throws {
            try ProductUnderTest.use("dropdb") { product in
                let source = try product.create("orders")
                try product.json("db", "create", "-s", "orders", "-n", "shop")
                let shop = try source.connect(database: "shop")
                try shop.execute("CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 1000) g")
                shop.close()
                let connection = try source.connect()
                let before = try connection.moment()
                try connection.execute("DROP DATABASE shop")
                let copy = try product.restore("copy", from: "orders", ["--restore-time", before])
                #expect(try copy.server.superuser(database: "shop").value("SELECT sum(x) FROM t") == "500500")
                #expect(
                    try copy.server.superuser().value(
                        "SELECT datconnlimit::text FROM pg_database WHERE datname = 'shop'") == "-1")
                #expect(copy.evidence["firstExcluded"]?["kind"] == "commit")
            }
        }

        @Test func `a sequence set right after the target keeps its value in the copy`() throws {
            try ProductUnderTest.use("setval") { product in
                let source = try product.create("orders")
                let connection = try source.connect()
                try connection.execute("CREATE SEQUENCE s; SELECT setval('s', 100)")
                let before = try connection.moment()
                try connection.execute("SELECT setval('s', 5000)")
                let copy = try product.restore("copy", from: "orders", ["--restore-time", before])
                #expect(try copy.server.superuser().value("SELECT last_value FROM s") == "100")
                let after = try product.restore("after", from: "orders")
                #expect(try after.server.superuser().value("SELECT last_value FROM s") == "5000")
            }
        }

        @Test func `a target mode that would overshoot is refused, and the reason is told`() throws {
            try ProductUnderTest.use("mode") { product in
                let connection = try product.create("orders").connect()
                try connection.execute("CREATE SEQUENCE s; SELECT setval('s', 100)")
                let before = try connection.moment()
                try connection.execute("SELECT setval('s', 5000)")
                let asked = ["restore", "-n", "copy", "--source-server", "orders", "--restore-time", before]
                try product.refuses(asked + ["--target-mode", "time"], saying: "sequence")
                let plan = try product.run(["plan", "--target-mode", "lsn"] + asked.dropFirst(3)).value()
                #expect(plan["recovery"]?["mode"] == "lsn")
            }
        }

        @Test func `parameters raised on the source do not stop the copy, nor come along`() throws {
            try ProductUnderTest.use("minima") { product in
                let source = try product.create("orders")
                let usual = try source.superuser().value("SHOW max_connections")
                try product.json("parameter", "set", "-s", "orders", "-n", "max_connections", "-v", "450")
                try product.json("restart", "-n", "orders")
                try source.connect().execute("CREATE TABLE t (x int)")
                let copy = try product.restore("copy", from: "orders")
                #expect(try copy.server.superuser().value("SHOW max_connections") == usual)
                let todo = copy.printed["local"]?["followUp"]?.array?.compactMap(\.string) ?? []
                #expect(
                    todo.contains { $0.contains("parameter set") && $0.contains("max_connections -v 450") })
                #expect(todo.contains { $0.contains("firewall-rule create") })
            }
        }

        @Test func `a copy of a copy goes on along its own timeline`() throws {
            try ProductUnderTest.use("copies") { product in
                let source = try product.create("orders")
                try source.connect().execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
                let first = try product.restore("first", from: "orders").server
                let connection = try first.superuser()
                try connection.execute("INSERT INTO t VALUES (2)")
                try product.waitForFirstBackup(of: "first")
                let before = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (3)")
                let second = try product.restore("second", from: "first", ["--restore-time", before])
                #expect(
                    try second.server.superuser().value("SELECT string_agg(x::text, ',') FROM t") == "1,2")
                #expect(second.evidence["timelineBefore"] == 2)
                #expect(second.evidence["timelineAfter"] == 3)
                #expect(try source.connect().value("SELECT count(*) FROM t") == "1")
            }
        }
    }
}

extension ProductUnderTest {
    func earliest(_ server: String) throws -> PostgresTimestamp? {
        (try json("show", "-n", server)["backup"]).time("earliestRestoreDate")
    }

    /// Waits for a copy's first backup, which is taken in the background: until then there is nothing to
    /// restore from, and a restart that finds it still running after ten seconds is refused.
    func waitForFirstBackup(of server: String) throws {
        try #require(try ProductUnderTest.eventually { try earliest(server) != nil }, "of \(server)")
    }
}
