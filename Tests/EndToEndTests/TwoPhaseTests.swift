import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Transactions prepared before, at and after the target.
    @Suite(.serialized)
    struct TwoPhaseTests {
        private static func prepared(
            _ product: ProductUnderTest, _ body: (ManagedServer, Connection) throws -> Void
        ) throws {
            let source = try product.create("orders")
            try product.json("parameter", "set", "-s", "orders", "-n", "max_prepared_transactions", "-v", "7")
            try product.json("restart", "-n", "orders")
            let connection = try source.connect()
            try connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
            try body(source, connection)
        }

        @Test func `a transaction prepared after the target stays out`() throws {
            try ProductUnderTest.use("prepare") { product in
                try Self.prepared(product) { _, connection in
                    let before = try connection.moment()
                    try connection.execute("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'late'")
                    try connection.execute("INSERT INTO t VALUES (3)")
                    try connection.execute("COMMIT PREPARED 'late'")
                    let copy = try product.restore("copy", from: "orders", ["--restore-time", before])
                    let inside = try copy.server.superuser()
                    #expect(try inside.value("SELECT string_agg(x::text, ',') FROM t") == "1")
                    #expect(try inside.value("SELECT count(*) FROM pg_prepared_xacts") == "0")
                    #expect(copy.evidence["preparedTransactionsInDoubt"]?.array == [])
                }
            }
        }

        @Test func `a transaction in doubt at the target survives, is listed, and can be ended`() throws {
            try ProductUnderTest.use("doubt") { product in
                try Self.prepared(product) { _, connection in
                    try connection.execute("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'open'")
                    let before = try connection.moment()
                    try connection.execute("ROLLBACK PREPARED 'open'")
                    let copy = try product.restore("copy", from: "orders", ["--restore-time", before])
                    let listed =
                        copy.evidence["preparedTransactionsInDoubt"]?.array?.compactMap(\.string) ?? []
                    #expect(listed.count == 1 && listed.first?.contains("open") == true, "\(listed)")
                    #expect(try copy.server.superuser().value("SHOW max_prepared_transactions") == "7")
                    try product.waitForFirstBackup(of: "copy")
                    try product.json("restart", "-n", "copy")
                    try product.openFirewall("copy")
                    let inside = try copy.server.connect()
                    #expect(try inside.value("SELECT gid FROM pg_prepared_xacts") == "open")
                    try inside.execute("COMMIT PREPARED 'open'")
                    #expect(try inside.value("SELECT string_agg(x::text, ',') FROM t") == "1,2")
                }
            }
        }

        @Test func `one that locks a system catalog is named, with the last state before it`() throws {
            try ProductUnderTest.use("lock-out") { product in
                try Self.prepared(product) { source, connection in
                    try connection.execute("INSERT INTO t VALUES (2)")
                    let superuser = try source.superuser()
                    try superuser.execute("BEGIN; LOCK pg_tablespace; PREPARE TRANSACTION 'lock it'")
                    let watch = Stopwatch()
                    let planned = try product.run(["plan", "-s", "orders"])
                    let refused = try product.run(["restore", "-s", "orders", "-n", "copy"])
                    #expect(watch.seconds < 10)
                    for answer in [planned, refused] {
                        #expect(answer.exitStatus != 0)
                        #expect(answer.errors.contains("TargetUnreachable"), "\(answer)")
                        #expect(answer.errors.contains("'lock it' locks a system catalog"), "\(answer)")
                    }
                    #expect(try product.serverNames() == ["orders"])
                    let start = "pitr restore -n copy -s orders "
                    let found = try #require(refused.errors.firstRange(of: start), "\(refused)")
                    let way = refused.errors[found.upperBound...].prefix { !"\n\"\\".contains($0) }
                    let options = way.split(separator: " ").map(String.init)
                    #expect(options.first == "--lsn" && options.last == "--exclusive")
                    let copy = try product.restore("copy", from: "orders", options)
                    #expect(
                        try copy.server.superuser().value("SELECT string_agg(x::text, ',') FROM t") == "1,2")

                    // The file that a later backup would have of it tells the same.
                    try superuser.execute("CHECKPOINT")
                    let folder = source.dataDirectory + "/pg_twophase"
                    let name = try #require(try DurableFiles.list(folder).first)
                    let state = try #require(
                        PreparedTransactionState(
                            file: try DurableFiles.read(folder + "/" + name), version: .v15))
                    #expect(state.name == "lock it")
                    #expect(
                        state.locks.contains(
                            PreparedLock(database: .none, subject: .relation(ObjectID(1213)), mode: 8)))
                    try superuser.execute("ROLLBACK PREPARED 'lock it'")
                    try product.run(["plan", "-s", "orders"]).checked()
                }
            }
        }

        @Test func `one that closes another database is told, and the rest of the copy is whole`() throws {
            try ProductUnderTest.use("closed") { product in
                try Self.prepared(product) { source, _ in
                    try source.superuser().execute("CREATE DATABASE other")
                    let other = try source.superuser(database: "other")
                    try other.execute("CREATE UNLOGGED TABLE u (x int)")
                    try other.execute("BEGIN; LOCK pg_class; PREPARE TRANSACTION 'shut'")
                    let copy = try product.restore("copy", from: "orders")
                    let hazards = try product.run(["plan", "-s", "orders"]).value()["hazards"]?.array ?? []
                    let told = hazards.first { $0["code"] == "closed-database" }?["message"]?.string
                    #expect(told?.contains("'shut'") == true, "\(hazards)")
                    let inside = try copy.server.superuser()
                    #expect(try inside.value("SELECT string_agg(x::text, ',') FROM t") == "1")
                    #expect(try inside.value("SELECT gid FROM pg_prepared_xacts") == "shut")
                }
            }
        }

        @Test func `without one in doubt the copy takes the usual setting`() throws {
            try ProductUnderTest.use("nodoubt") { product in
                try Self.prepared(product) { _, connection in
                    try connection.execute("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'done'")
                    try connection.execute("COMMIT PREPARED 'done'")
                    let copy = try product.restore("copy", from: "orders")
                    #expect(try copy.server.superuser().value("SHOW max_prepared_transactions") == "0")
                    #expect(
                        try copy.server.superuser().value("SELECT string_agg(x::text, ',') FROM t") == "1,2")
                    #expect(copy.evidence["lastCommitInside"]?["kind"] == "commit prepared")
                }
            }
        }
    }
}
