import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing
import TestValues

extension EndToEnd {
    /// A PostgreSQL that knows nothing of us.
    @Suite(.serialized)
    struct AttachTests {
        /// What is done to a server of one's own, and not to one that is attached.
        private static let refusedThere = [
            ["stop", "-n", "prod"], ["update", "-n", "prod", "--backup-retention", "9"],
            ["parameter", "set", "-s", "prod", "-n", "work_mem", "-v", "8MB"],
            ["firewall-rule", "create", "-s", "prod", "-n", "all", "--start-ip-address", "127.0.0.1"],
            ["db", "list", "-s", "prod"],
        ]

        @Test(.timeLimit(.minutes(2)))
        func `an attached server is restored like any other, and what is the source's own stays there`()
            throws
        {
            try ProductUnderTest.use("attach") { product in
                let source = try AttachedSource(product)
                try source.postgres.psql("ALTER SYSTEM SET synchronous_commit = 'local'")
                try source.postgres.psql("CREATE TABLE orders AS SELECT generate_series(1, 500) AS id")
                let made = try source.attach().value()
                #expect(made["local"]?["attached"]?["slot"] == "pitr_prod")
                let receiver = try source.receive()
                try source.postgres.psql("INSERT INTO orders VALUES (501)")
                let moment = try source.postgres.psql("SELECT clock_timestamp()")
                try source.postgres.psql("DROP TABLE orders")

                let copy = try product.restore("copy", from: "prod", ["--restore-time", moment]).server
                let session = try copy.superuser()
                #expect(try session.value("SELECT count(*) FROM orders") == "501")
                #expect(
                    try session.value(
                        "SELECT count(*) FROM pg_settings WHERE name = 'synchronous_commit' AND setting = 'local'"
                    ) == "0")
                session.close()
                #expect(try product.json("show", "-n", "copy")["local"]?["attached"] == nil)
                let events = try product.run(["timeline", "-s", "prod"]).checked().output
                #expect(events.contains("orders"))

                // The source is gone: all that it acknowledged is here.
                try source.postgres.psql("CREATE TABLE last AS SELECT 7 AS x")
                try source.settle()
                try source.postgres.stop("immediate")
                let late = try product.restore("late", from: "prod").server
                let lastSession = try late.superuser()
                #expect(try lastSession.value("SELECT x FROM last") == "7")
                lastSession.close()
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.attached()?["state"] == "Waiting"
                    })
                try source.postgres.start()
                #expect(
                    try ProductUnderTest.eventually(seconds: 60) {
                        try source.attached()?["state"] == "Streaming"
                    })
                for refused in Self.refusedThere {
                    let answer = try product.run(refused)
                    #expect(answer.errors.contains("(OperationNotSupported)"), "\(answer)")
                    #expect(answer.errors.contains("is attached"), "\(answer)")
                }
                AttachedSource.end(receiver, SIGTERM)
                #expect(try source.attached()?["state"] == "NotReceiving")
                #expect(try product.json("detach", "-n", "prod", "--yes")["statementsLeft"] == [])
                #expect(try source.slots() == "0")
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `what is missing on the source is told, and nothing is left of a failed attach`() throws {
            try ProductUnderTest.use("attachcheck") { product in
                let source = try AttachedSource(product, settings: ["max_slot_wal_keep_size": "-1"])
                let wanting = try source.attach(["-U", "nobody", "--check"])
                #expect(wanting.exitStatus == 1)
                #expect(try wanting.printed()["isPossible"] == false)
                let possible = try source.attach(["--check"]).value()
                #expect(possible["accessLine"]?.string?.hasPrefix("local replication") == true)
                #expect(possible.printed().contains("max_slot_wal_keep_size is -1"))
                let refused = try source.attach(["-U", "nobody"])
                #expect(refused.errors.contains("(OperationNotSupported)"), "\(refused)")
                let killed = try product.run(
                    [
                        "attach", "-n", "prod", "--host", source.postgres.socketDirectory, "--port",
                        String(source.postgres.port), "--fast",
                    ], environment: ["PITR_KILL_AT": "attach: complete"])
                #expect(killed.exitStatus == 137)
                try product.json("maintain")
                #expect(try product.serverNames() == [])
                let made = try source.attach().value()
                #expect(made["local"]?["attached"]?["guarantee"]?.string?.contains("temporary") == true)
                // It goes with the server's process, which ends a moment after the session.
                #expect(try ProductUnderTest.eventually(seconds: 20) { try source.slots() == "0" })
                let daemon = try product.start(["serve", "--port", "0"])
                #expect(
                    try ProductUnderTest.eventually(seconds: 60) {
                        try source.attached()?["state"] == "Streaming"
                    })
                let second = try product.run(["receive", "-n", "prod"])
                #expect(second.errors.contains("(ServerBusy)"), "\(second)")
                AttachedSource.end(daemon, SIGTERM)
                #expect(try source.attached()?["state"] == "NotReceiving")
                let again = try source.attach(["-n", "other"])
                #expect(again.errors.contains("is server 'prod' here already"), "\(again)")
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `a gap is told, ends what can be restored, and the next base backup heals it`() throws {
            try ProductUnderTest.use("attachgap") { product in
                let source = try AttachedSource(
                    product,
                    settings: [
                        "wal_keep_size": "0", "max_slot_wal_keep_size": "-1", "max_wal_size": "32MB",
                        "min_wal_size": "32MB", "checkpoint_completion_target": "0",
                    ])
                try source.postgres.psql("CREATE TABLE t AS SELECT 1 AS i")
                _ = try source.attach().checked()
                // Nobody receives, and the source forgets.
                for _ in 0..<4 {
                    try source.postgres.psql("INSERT INTO t VALUES (2); SELECT pg_switch_wal(); CHECKPOINT")
                }
                try source.postgres.psql("INSERT INTO t VALUES (3)")
                let lost = try source.postgres.psql("SELECT clock_timestamp()")
                let receiver = try source.receive()
                // It streams until the source has looked, and says what it does not have any more.
                #expect(
                    try ProductUnderTest.eventually(seconds: 20) {
                        try source.attached()?["gapLsn"]?.string != nil
                    })
                let backups = { try product.json("backup", "list", "-s", "prod").array?.count ?? 0 }
                #expect(try ProductUnderTest.eventually(seconds: 60) { try backups() == 2 })
                let refused = try product.run([
                    "restore", "-n", "copy", "--source-server", "prod", "--restore-time", lost,
                ])
                #expect(refused.exitStatus == 1, "\(refused)")
                let copy = try product.restore("copy", from: "prod").server
                let session = try copy.superuser()
                #expect(try session.value("SELECT count(*) FROM t") == "6")
                session.close()
                AttachedSource.end(receiver, SIGTERM)
            }
        }

        /// `PITR_RECEIVER_KILLS` sets how many.
        @Test(.timeLimit(.minutes(10)))
        func `a receiver that is killed under load leaves the archive right, and the next one goes on`()
            throws
        {
            try ProductUnderTest.use("attachkill") { product in
                let source = try AttachedSource(product)
                // Each segment is compared with the source's own at the end.
                try source.postgres.psql("ALTER SYSTEM SET wal_keep_size = '8GB'")
                try source.postgres.psql("SELECT pg_reload_conf()")
                try source.postgres.psql("CREATE TABLE t (i int, w text)")
                _ = try source.attach().checked()
                let rounds = getenv("PITR_RECEIVER_KILLS").flatMap { Int(String(cString: $0)) } ?? 3
                var random = SeededRandom()
                TestLog.say("receiver kills: PITR_TEST_SEED=\(random.seed)")
                for round in 0..<rounds {
                    let receiver = try product.start(["receive", "-n", "prod"])
                    let rows = Int.random(in: 5_000...40_000, using: &random)
                    try source.postgres.psql(
                        "INSERT INTO t SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, \(rows)) i")
                    AttachedSource.end(receiver, SIGKILL)
                    if round % 3 == 2 { try source.postgres.psql("CHECKPOINT") }
                }
                let receiver = try source.receive()
                let last = try source.postgres.psql("SELECT pg_walfile_name(pg_switch_wal())")
                try source.settle(seconds: 20 + Double(rounds))
                let repository = try #require(
                    try product.json("show", "-n", "prod")["local"]?["repositoryDirectory"]?.string)
                let wal = repository + "/wal/00000001"
                // What is durable here is archived a moment later.
                try #require(ProductUnderTest.eventually { DurableFiles.exists("\(wal)/\(last).zst") })
                let stored = try DurableFiles.list(wal).filter { $0.hasSuffix(".zst") }.sorted()
                #expect(stored.count > rounds / 2)
                for name in stored {
                    let segment = String(name.dropLast(4))
                    let check = try RunAs().run(
                        Command(
                            "bash",
                            [
                                "-c",
                                "zstd -dqc \(wal)/\(name) | cmp - \(source.postgres.dataDirectory)/pg_wal/\(segment)",
                            ], workingDirectory: "/", timeoutSeconds: 30))
                    #expect(check.succeeded, "\(segment): \(check.words)")
                }
                let verified = try product.run(["wal", "verify", "-s", "prod"])
                #expect(verified.exitStatus == 0, "\(verified)")
                let copy = try product.restore("copy", from: "prod").server
                let session = try copy.superuser()
                #expect(
                    try session.value("SELECT count(*) || ' ' || sum(i) FROM t")
                        == (try source.postgres.psql("SELECT count(*) || ' ' || sum(i) FROM t")))
                session.close()
                AttachedSource.end(receiver, SIGTERM)
            }
        }
    }
}
