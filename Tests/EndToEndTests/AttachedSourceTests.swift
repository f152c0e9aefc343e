import Glibc
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

extension EndToEnd {
    /// What an attached source lives through, and what is told of it meanwhile.
    @Suite(.serialized)
    struct AttachedSourceTests {
        @Test(.timeLimit(.minutes(2)))
        func `a receiver that is connected takes new settings, with a new connection only where it must`()
            throws
        {
            try ProductUnderTest.use("attachagain") { product in
                let source = try AttachedSource(product)
                try source.postgres.psql("CREATE ROLE other LOGIN REPLICATION")
                _ = try source.attach().checked()
                let receiver = try source.receive()
                let who = "SELECT usename || ' ' || pid FROM pg_stat_replication WHERE state = 'streaming'"
                var first = ""
                let hasBegun = try ProductUnderTest.eventually(seconds: 20) {
                    first = try source.postgres.psql(who)
                    return first.hasPrefix("pitr_backup ")
                }
                #expect(hasBegun, "\(first)")
                _ = try product.run(["reattach", "-n", "prod", "--wal-limit", "11GB"]).checked()
                // By its process: the stream itself pauses on the connection that it has.
                let process = try #require(first.split(separator: " ").last)
                let same = "SELECT count(*) FROM pg_stat_replication WHERE pid = \(process)"
                let isMadeAnew = try ProductUnderTest.eventually(seconds: 2.5) {
                    try source.postgres.psql(same) != "1"
                }
                #expect(!isMadeAnew)
                _ = try product.run(["reattach", "-n", "prod", "--user", "other"]).checked()
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.postgres.psql(who).hasPrefix("other ")
                    })
                try source.postgres.psql("CREATE TABLE t AS SELECT 1 AS i")
                try source.settle()
                #expect(try source.slots() == "1")
                AttachedSource.end(receiver, SIGTERM)
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `a slot that holds back too much is told in time, then given up, and the gap is healed`() throws
        {
            try ProductUnderTest.use("attachdisk") { product in
                let source = try AttachedSource(
                    product,
                    settings: [
                        "wal_keep_size": "0", "max_wal_size": "32MB", "min_wal_size": "32MB",
                        "checkpoint_completion_target": "0",
                    ])
                try source.postgres.psql("CREATE TABLE t AS SELECT 1 AS i")
                _ = try source.attach(["--wal-limit", "160MB"]).checked()
                var receiver = try source.receive()
                try source.postgres.psql("SELECT pg_switch_wal()")
                try source.settle()
                var told = try #require(try source.attached())
                #expect(told["heldBackState"] == "Normal")
                #expect(told["heldBackLimitBytes"]?.integer == 160 << 20)

                // The disk here takes nothing any more.
                let id = try #require(try product.serverFolders().first)
                let folder = product.home + "/servers/\(id)/received/pg_wal"
                // Nobody looks between the switches: what a slot that is made anew holds back depends on it.
                func switches(_ count: Int) throws {
                    AttachedSource.end(receiver, SIGKILL)
                    try Self.switches(count, source)
                    receiver = try product.start(["receive", "-n", "prod"])
                }
                chmod(folder, 0o500)
                // Nine segments, of which the one that was begun may have been received.
                try switches(9)
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.attached()?["heldBackState"] == "NearLimit"
                    })
                told = try #require(try source.attached())
                #expect(told["slotRenewedBecause"] == JSONValue.null)
                #expect(try product.run(["list"]).output.contains("NearLimit"))
                #expect(try product.run(["doctor"]).output.contains("is given up at 160.0 MiB"))

                try switches(3)
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.attached()?["slotRenewedBecause"] == "Limit"
                    })
                let held = "pg_wal_lsn_diff(pg_current_wal_flush_lsn(), restart_lsn)"
                #expect(
                    try source.postgres.psql("SELECT \(held) < 33554432 FROM pg_replication_slots") == "t")
                // What the slot does not hold back any more is removed by then.
                try switches(3)
                chmod(folder, 0o700)
                try source.isSeen("Streaming")
                try Self.checkGap(product, source)
                AttachedSource.end(receiver, SIGTERM)
            }
        }

        private static func switches(_ count: Int, _ source: AttachedSource) throws {
            for _ in 0..<count {
                try source.postgres.psql("INSERT INTO t VALUES (2); SELECT pg_switch_wal(); CHECKPOINT")
            }
        }

        /// A new base backup follows it, from which everything is restored.
        private static func checkGap(_ product: ProductUnderTest, _ source: AttachedSource) throws {
            #expect(
                try ProductUnderTest.eventually(seconds: 60) {
                    try product.json("backup", "list", "-s", "prod").array?.count == 2
                })
            let copy = try product.restore("copy", from: "prod").server
            let session = try copy.superuser()
            #expect(try session.value("SELECT count(*) FROM t") == "16")
            session.close()
        }

        @Test(.timeLimit(.minutes(2)))
        func `every base backup keeps to the rate and to the source's own pace, unless told otherwise`()
            throws
        {
            try ProductUnderTest.use("attachrate") { product in
                let source = try AttachedSource(
                    product,
                    settings: ["log_replication_commands": "on", "checkpoint_completion_target": "0"])
                func asked() throws -> [Substring] {
                    try String(decoding: DurableFiles.read(source.postgres.logFile), as: UTF8.self)
                        .split(separator: "\n").filter {
                            $0.contains("received replication command: BASE_BACKUP")
                        }
                }
                _ = try source.attach(["--rate", "900000"]).checked()
                #expect(try asked().last?.contains("MAX_RATE 900000") == true)
                #expect(try asked().last?.contains("CHECKPOINT 'fast'") == true)
                #expect(try source.attached()?["maxRateKilobytes"] == 900_000)
                try product.json("backup", "create", "-s", "prod", "-n", "second")
                #expect(try asked().last?.contains("MAX_RATE 900000") == true)
                #expect(try asked().last?.contains("CHECKPOINT 'spread'") == true)
                #expect(try product.run(["reattach", "-n", "prod", "--rate", "31"]).errors.contains("32 to"))
                try product.json("reattach", "-n", "prod", "--rate", "0")
                #expect(try source.attached()?["maxRateKilobytes"] == JSONValue.null)
                try product.json("backup", "create", "-s", "prod", "-n", "third", "--fast")
                #expect(try asked().last?.contains("MAX_RATE") == false)
                #expect(try asked().last?.contains("CHECKPOINT 'fast'") == true)
                #expect(try asked().count == 3)
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `commits wait for the stream alone where it is named, and nobody lets go of it then`() throws {
            try ProductUnderTest.use("attachsync") { product in
                let source = try AttachedSource(product)
                let check = try source.attach(["--synchronous", "--check"]).value()
                #expect(check.printed().contains("RESET synchronous_standby_names"))
                #expect(try source.attach(["--synchronous"]).checked().errors.contains("wait for ever"))
                try source.postgres.psql("ALTER SYSTEM SET synchronous_standby_names = 'pitr_prod'")
                try source.postgres.psql("SELECT pg_reload_conf()")
                let receiver = try source.receive()
                try source.postgres.psql("CREATE TABLE t AS SELECT 1 AS i")
                // The server's process for the stream takes the setting when it comes to it.
                let standby = "SELECT application_name, sync_state FROM pg_stat_replication"
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.postgres.psql(standby) == "pitr_prod|sync"
                    })
                #expect(try source.attached()?["isAwaited"] == true)
                #expect(try product.run(["doctor"]).output.contains("wait for this stream"))
                AttachedSource.end(receiver, SIGTERM)
                // "Now" as long as what the source said is new, which a slow machine may outlast.
                #expect(try product.run(["doctor"]).output.contains("for this stream, which is not received"))
                let refused = try product.run(["detach", "-n", "prod", "--yes"])
                #expect(refused.errors.contains("RESET synchronous_standby_names"), "\(refused)")
                try source.postgres.psql("ALTER SYSTEM RESET synchronous_standby_names")
                try source.postgres.psql("SELECT pg_reload_conf()")
                _ = try product.run(["detach", "-n", "prod", "--yes"]).checked()
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `segments of 64 MB, a receiver that stands still and a slot that somebody drops lose nothing`()
            throws
        {
            try ProductUnderTest.use("attachstill") { product in
                let source = try AttachedSource(product, initdb: ["--wal-segsize=64"])
                try source.postgres.psql("CREATE TABLE t (i int, w text)")
                _ = try source.attach().checked()
                let receiver = try source.receive()
                let rows = "SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, 40000) i"
                kill(receiver, SIGSTOP)
                try source.postgres.psql("INSERT INTO t \(rows)")
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.attached()?["problem"]?.string?.contains("has said nothing for") == true
                    })
                kill(receiver, SIGCONT)
                try source.isSeen("Streaming")
                try source.settle()

                kill(receiver, SIGSTOP)
                try source.cutStream()
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.postgres.psql("SELECT active FROM pg_replication_slots") == "f"
                    })
                try source.postgres.psql("SELECT pg_drop_replication_slot('pitr_prod')")
                try source.postgres.psql("INSERT INTO t \(rows); SELECT pg_switch_wal()")
                kill(receiver, SIGCONT)
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.attached()?["slotRenewedBecause"] == "Missing"
                    })
                try source.settle()
                #expect(try source.attached()?["gapLsn"] == JSONValue.null)
                #expect(try source.slots() == "1")
                let copy = try product.restore("copy", from: "prod").server
                let session = try copy.superuser()
                #expect(try session.value("SELECT count(*) FROM t") == "80000")
                session.close()
                AttachedSource.end(receiver, SIGTERM)
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `the demo restores a server that is not ours under load, and leaves nothing`() throws {
            try ProductUnderTest.use("attachdemo") { product in
                let told = try product.run(["demo", "--attach"]).checked().output
                #expect(told.contains("20000 rows, same checksum"), "\(told)")
                #expect(try product.serverNames() == [])
                let folder = try #require(
                    told.split(separator: " ").first { $0.hasPrefix("/tmp/pitr-demo.") })
                #expect(!DurableFiles.exists(String(folder)))
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `what a source needs of this machine is told before anything is restored`() throws {
            try ProductUnderTest.use("attachneeds") { product in
                let source = try AttachedSource(product)
                for statement in [
                    "CREATE DATABASE books TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'",
                    "UPDATE pg_database SET datcollversion = '1.2' WHERE datname = 'books'",
                    """
                    SET allow_system_table_mods = on;
                    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
                        VALUES (9999, 'elsewhere', 10, 11, false, '1')
                    """,
                    "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'nowhere'",
                ] { try source.postgres.psql(statement) }
                _ = try source.attach().checked()
                let plan = try product.run(["plan", "-n", "copy", "--source-server", "prod"]).checked().output
                #expect(plan.contains("text in books was ordered by icu 1.2"), "\(plan)")
                #expect(plan.contains("until they are installed: elsewhere"), "\(plan)")
                #expect(plan.contains("libraries that are not on this machine: nowhere"), "\(plan)")
                #expect(!plan.contains("plpgsql"), "\(plan)")
            }
        }
    }
}
