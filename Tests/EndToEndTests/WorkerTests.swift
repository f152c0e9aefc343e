import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What becomes of accepted work whose worker dies, and of work that is called off.
    @Suite(.serialized)
    struct WorkerTests {
        @Test func `a worker that is killed leaves nothing, and the next restore goes on`() throws {
            try ProductUnderTest.use("worker") { product in
                _ = try product.create("orders")
                let daemon = try Self.serve(product, environment: ["PITR_KILL_AT": "recover"])
                try Self.restore(product, "copy")
                let ended = try ProductUnderTest.eventually {
                    try product.json("operation", "list", "--all").array?.first { $0["kind"] == "restore" }?[
                        "status"] == "Failed"
                }
                #expect(ended)
                #expect(try product.serverNames() == ["orders"])
                #expect(try product.serverFolders().count == 1)
                let events = try product.json("activity-log", "list").array ?? []
                #expect(events.contains { $0["status"]?["value"] == "Failed" })
                #expect(kill(daemon, SIGTERM) == 0)
                try Self.waitForEnd(of: daemon)
                let second = try Self.serve(product)
                try Self.restore(product, "copy")
                _ = try product.run(["wait", "-n", "copy", "--created", "--interval", "1"]).checked()
                #expect(try product.server("copy").superuser().value("SELECT 1") == "1")
                #expect(kill(second, SIGTERM) == 0)
                try Self.waitForEnd(of: second)
            }
        }

        @Test func `a replacement whose worker is killed leaves one that runs, and can be repeated`()
            throws
        {
            try ProductUnderTest.use("workerreplace") { product in
                _ = try product.create("orders")
                let first = try product.restore("copy", from: "orders").server
                for (step, survivor) in [("replace: configure", first.id), ("replace: start", nil)] {
                    let daemon = try Self.serve(product, environment: ["PITR_KILL_AT": step])
                    try Self.restore(product, "copy", ["--replace"])
                    let runs = try ProductUnderTest.eventually {
                        let isIdle = try product.json("operation", "list") == []
                        return try isIdle && product.json("show", "-n", "copy")["state"] == "Ready"
                    }
                    #expect(runs, "\(step)")
                    let id = try product.server("copy").id
                    #expect((id == first.id) == (survivor != nil), "\(step)")
                    #expect(try product.serverNames() == ["copy", "orders"], "\(step)")
                    #expect(kill(daemon, SIGTERM) == 0)
                    try Self.waitForEnd(of: daemon)
                }
                let server = try product.server("copy")
                #expect(server.host == first.host && server.port == first.port)
                #expect(try server.superuser().value("SELECT 1") == "1")
            }
        }

        @Test func `a restore that waits can be called off, by its operation or by deleting the server`()
            throws
        {
            try ProductUnderTest.use("calloff") { product in
                let source = try product.create("orders").superuser()
                try source.execute("CREATE TABLE t AS SELECT 1 AS x")
                // A worker that stands still keeps the line for the others.
                let queue = try DirectoryLock.wait(
                    product.home + "/locks/\(try product.server("orders").id).restore")
                try RunAs.handOver(queue.path)
                let daemon = try Self.serve(product)
                for name in ["first", "second", "third"] { try Self.restore(product, name) }
                // What is committed while it waits is not in what was the latest moment.
                try source.execute("INSERT INTO t VALUES (2)")
                let waiting = try product.json("operation", "list").array ?? []
                let second = try #require(
                    waiting.first { $0["resourceId"]?.string?.hasSuffix("/second") == true }?["id"]?.string)
                _ = try product.run(["operation", "cancel", "--id", second]).checked()
                let watched = try product.run(["operation", "show", "--watch", "--id", second])
                #expect(watched.exitStatus == 1 && watched.output.contains("Canceled"), "\(watched)")
                try product.delete("third")
                #expect(try product.serverNames() == ["first", "orders"])
                queue.release()
                _ = try product.run(["wait", "-n", "first", "--created", "--interval", "1"]).checked()
                let first = try product.server("first").superuser()
                #expect(try first.value("SELECT string_agg(x::text, ',') FROM t") == "1")
                let evidence = try product.json("evidence", "show", "-n", "first")["evidence"] ?? .null
                #expect(evidence["handedToPostgres"]?.string?.contains("lsn") == true, "\(evidence)")
                #expect(evidence["requestedTarget"]?.string?.contains("0/") == true, "\(evidence)")
                #expect(kill(daemon, SIGTERM) == 0)
                try Self.waitForEnd(of: daemon)
            }
        }

        private static func restore(
            _ product: ProductUnderTest, _ name: String, _ options: [String] = []
        ) throws {
            let words = ["restore", "-n", name, "--source-server", "orders", "--no-wait"]
            _ = try product.run(words + options).checked()
        }

        /// Starts a daemon and waits until it takes work.
        private static func serve(_ product: ProductUnderTest, environment: [String: String] = [:]) throws
            -> Int32
        {
            let before = try Self.greetings(product)
            let process = try product.start(["serve", "--port", "0"], environment: environment)
            let isUp = try ProductUnderTest.eventually { try Self.greetings(product) > before }
            #expect(isUp, "the daemon did not start")
            return process
        }

        private static func greetings(_ product: ProductUnderTest) throws -> Int {
            let said = try DurableFiles.readIfPresent(product.scratch.file("background.log")) ?? []
            return String(decoding: said, as: UTF8.self).ranges(of: "pitr serves https://").count
        }

        private static func waitForEnd(of process: Int32) throws {
            let isOver = ProductUnderTest.eventually { ChildProcess.hasEnded(process) }
            #expect(isOver, "the daemon did not end")
        }
    }
}
