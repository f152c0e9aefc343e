import Glibc
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

extension EndToEnd.AttachedSourceTests {
    /// A standby of the source, in its own socket directory.
    private final class Standby {
        let data: String
        let sockets: String
        let port: UInt16
        private let postgres: PostgresFixture

        init(of postgres: PostgresFixture) throws {
            self.postgres = postgres
            data = postgres.scratch.file("standby")
            sockets = try postgres.scratch.directory("t")
            port = postgres.port + 1
            try postgres.tool(
                "pg_basebackup",
                [
                    "-D", data, "-R", "-X", "stream", "-c", "fast", "-h", postgres.socketDirectory, "-p",
                    String(postgres.port), "-U", PostgresFixture.superuser,
                ])
            try start()
        }

        func start() throws {
            try postgres.tool(
                "pg_ctl",
                [
                    "start", "-D", data, "-w", "-l", postgres.scratch.file("standby.log"), "-o",
                    "-p \(port) -k \(sockets)",
                ])
        }

        func control(_ verb: String, _ options: String...) throws {
            try postgres.tool("pg_ctl", [verb, "-D", data, "-w"] + options)
        }

        func psql(_ sql: String) throws -> String {
            let answer = try RunAs().runChecked(
                Command(
                    PostgresFixture.binDirectory + "/psql",
                    [
                        "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", sockets, "-p", String(port), "-U",
                        PostgresFixture.superuser, "-d", "postgres", "-c", sql,
                    ], workingDirectory: "/", timeoutSeconds: 30))
            return answer.standardOutput.split(separator: "\n").first.map { String($0) } ?? ""
        }

        deinit { try? control("stop", "-m", "immediate") }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a promotion is followed to the new primary, and the old one is not followed back`() throws {
        try ProductUnderTest.use("attachpromotion") { product in
            let source = try AttachedSource(product)
            try source.postgres.psql("CREATE TABLE t AS SELECT 1 AS i")
            let standby = try Standby(of: source.postgres)
            let (old, new) = (
                "\(source.postgres.socketDirectory):\(source.postgres.port)",
                "\(standby.sockets):\(standby.port)"
            )
            // The standby is the first: it is passed over.
            _ = try product.run(
                ["attach", "-n", "prod", "--host", new + "," + old, "--fast"]
            ).checked()
            var receiver = try source.receive()
            #expect(
                try source.attached()?["primary"]?.string?.contains(source.postgres.socketDirectory)
                    == true)
            try source.postgres.psql("INSERT INTO t VALUES (2)")
            #expect(
                try ProductUnderTest.eventually(seconds: 20) {
                    try standby.psql("SELECT count(*) FROM t") == "2"
                })
            try standby.control("stop", "-m", "fast")
            // Of that the new primary will know nothing.
            try source.postgres.psql("INSERT INTO t VALUES (100); SELECT pg_switch_wal()")
            try source.postgres.psql("INSERT INTO t VALUES (101)")
            let moment = try source.postgres.psql("SELECT clock_timestamp()")
            // Only what follows proves that nothing else came before.
            try source.postgres.psql("INSERT INTO t VALUES (102)")
            try source.settle()
            try source.postgres.stop("immediate")
            try standby.start()
            try source.isSeen("Waiting")
            #expect(
                try ProductUnderTest.eventually(seconds: 20) {
                    try source.attached()?["problem"]?.string?.contains("is a standby") == true
                })
            try standby.control("promote")
            _ = try standby.psql("INSERT INTO t VALUES (3)")
            try source.isSeen("Streaming", seconds: 40)
            #expect(try source.attached()?["primary"]?.string?.contains(standby.sockets) == true)
            #expect(try standby.psql("SELECT slot_name FROM pg_replication_slots") == "pitr_prod")
            #expect(try product.run(["wal", "verify", "-s", "prod"]).exitStatus == 0)
            try Self.checkCopies(product, moment)
            // It comes back as if nothing had happened, and takes writes.
            try source.postgres.start()
            AttachedSource.end(receiver, SIGTERM)
            try product.run(["reattach", "-n", "prod", "--host", old + "," + new]).checked()
            receiver = try source.receive()
            #expect(try source.attached()?["primary"]?.string?.contains(standby.sockets) == true)
            AttachedSource.end(receiver, SIGTERM)
            let left = try product.json("detach", "-n", "prod", "--yes")["statementsLeft"]
            #expect(left == [])
            #expect(try standby.psql("SELECT count(*) FROM pg_replication_slots") == "0")
            #expect(try source.slots() == "0")
        }
    }

    /// Of now, on the new primary's timeline, and of the old one's end.
    private static func checkCopies(_ product: ProductUnderTest, _ moment: String) throws {
        for (name, options, wanted) in [
            ("now", [], "1 2 3"),
            ("then", ["--restore-time", moment, "--timeline", "1"], "1 2 100 101"),
        ] {
            let copy = try product.restore(name, from: "prod", options).server
            let session = try copy.superuser()
            #expect(
                try session.value("SELECT string_agg(i::text, ' ' ORDER BY i) FROM t") == wanted)
            session.close()
        }
    }
}
