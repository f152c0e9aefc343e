import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// SIGKILL at every step of a restore: what is left is not startable, or complete; `maintain` cleans up.
    @Suite(.serialized)
    struct RestoreKillTests {
        /// From here on the copy's data is complete, synced and promoted; only its entry in the catalog is
        /// missing.
        private static let complete = ["open", "complete"]

        @Test func `a restore that is killed at any step leaves nothing that looks complete and is not`()
            throws
        {
            try ProductUnderTest.use("kill") { product in
                let source = try product.create("orders")
                try source.connect().execute(
                    "CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 9999) g")
                for step in [
                    "claim", "lay out", "stage WAL", "arm", "recover", "prove", "settle", "open", "complete",
                ] {
                    let killed = try product.run(
                        ["restore", "-n", "copy", "--source-server", "orders"],
                        environment: ["PITR_KILL_AT": step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    try Self.requireUnusable(product, after: step)
                    try Self.requireCleanUp(product, after: step)
                    #expect(try source.connect().value("SELECT count(*) FROM t") == "9999", "after \(step)")
                    if ["arm", "prove", "complete"].contains(step) {
                        let copy = try product.restore("copy", from: "orders").server
                        #expect(
                            try copy.superuser().value("SELECT count(*) FROM t") == "9999", "after \(step)")
                        try product.delete("copy")
                    }
                }
            }
        }

        /// Commands refuse the copy, and PostgreSQL does not start on its data by itself.
        private static func requireUnusable(_ product: ProductUnderTest, after step: String) throws {
            #expect(try product.json("show", "-n", "copy")["state"] != "Ready", "after \(step)")
            for command in [
                ["start"], ["stop"], ["restart"], ["delete", "--yes"], ["update", "--tags", "a=b"],
            ] {
                let answer = try product.run(command + ["-n", "copy"])
                #expect(
                    answer.exitStatus == 1 && answer.errors.contains("ServerBusy"), "after \(step): \(answer)"
                )
            }
            let again = try product.run(["restore", "-n", "copy", "--source-server", "orders"])
            #expect(again.errors.contains("ServerNameAlreadyExists"), "after \(step): \(again)")
            guard let folder = try product.copyFolder() else { return }
            let data = folder + "/data"
            if Self.complete.contains(step) { return }
            #expect(try !startsByItself(product, data), "PostgreSQL started on the copy after \(step)")
            #expect(
                DurableFiles.status(folder + "/conf/postgresql.conf") == nil,
                "the copy has settings of its own after \(step)")
        }

        /// Tries what a person might: `pg_ctl start` on the data directory.
        static func startsByItself(_ product: ProductUnderTest, _ data: String) throws -> Bool {
            guard DurableFiles.status(data) != nil else { return false }
            let result = try RunAs().run(
                Command(
                    PostgresFixture.binDirectory + "/pg_ctl",
                    ["start", "-D", data, "-w", "-t", "10", "-l", product.home + "/by-hand.log"],
                    workingDirectory: "/", timeoutSeconds: 30))
            if result.succeeded {
                try RunAs().runChecked(
                    Command(
                        PostgresFixture.binDirectory + "/pg_ctl", ["stop", "-D", data, "-m", "immediate"]))
            }
            return result.succeeded
        }

        /// `maintain` tells what it did, and afterwards there is no trace of the copy.
        static func requireCleanUp(_ product: ProductUnderTest, after step: String) throws {
            let data = try product.copyFolder().map { $0 + "/data" }
            let planned = try product.json("maintain", "--dry-run").array ?? []
            let actions = try product.json("maintain").array ?? []
            #expect(planned.count == actions.count, "after \(step)")
            #expect(
                actions.contains { $0["server"] == "copy" && $0["outcome"] == "done" },
                "after \(step): \(JSONValue.array(actions).printed())")
            #expect(!actions.contains { $0["outcome"]?.string?.hasPrefix("failed") == true }, "after \(step)")
            #expect(try product.serverNames() == ["orders"], "after \(step)")
            #expect(try product.serverFolders().count == 1, "after \(step)")
            let deleted = try product.json("list", "--deleted").array?.count ?? 0
            let repositories = try DurableFiles.listIfPresent(product.home + "/repository")
            #expect(repositories.count == 1 + deleted, "after \(step)")
            #expect(try DurableFiles.listIfPresent(product.home + "/operations") == [], "after \(step)")
            if let data { #expect(ProductUnderTest.postmaster(of: data) == nil, "after \(step)") }
            let again = try product.json("maintain").array ?? []
            #expect(again == [], "after \(step): \(JSONValue.array(again).printed())")
        }

        @Test func `a recovering postmaster that outlives the tool is found and ended`() throws {
            try ProductUnderTest.use("orphan") { product in
                let source = try product.create("orders")
                try source.connect().execute(
                    "CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 300000) g")
                try source.superuser().execute("SELECT pg_switch_wal()")
                let tool = try product.start(["restore", "-n", "copy", "--source-server", "orders"])
                var data = ""
                // Without a process of its own: the recovery is over in less time than some of those take.
                #expect(
                    try ProductUnderTest.eventually {
                        let folders = try product.serverFolders().map { "\(product.home)/servers/\($0)" }
                        guard let folder = folders.first(where: { $0 != source.folder }) else { return false }
                        data = folder + "/data"
                        return ProductUnderTest.postmaster(of: data) != nil
                    })
                kill(tool, SIGKILL)
                #expect(ProductUnderTest.eventually { ChildProcess.hasEnded(tool) })
                #expect(ProductUnderTest.postmaster(of: data) != nil)
                #expect(try product.json("show", "-n", "copy")["state"] == "Provisioning")
                #expect(try product.run(["start", "-n", "copy"]).exitStatus == 1)
                #expect(try !Self.startsByItself(product, data))
                try Self.requireCleanUp(product, after: "a lone recovery")
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "300000")
            }
        }

        @Test func `power lost before the final sync leaves nothing that is taken for a server`() throws {
            try ProductUnderTest.use("power") { product in
                let source = try product.create("orders")
                try source.connect().execute(
                    "CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 9999) g")
                _ = try product.run(
                    ["restore", "-n", "copy", "--source-server", "orders"],
                    environment: ["PITR_KILL_AT": "settle"])
                let data = try #require(try product.copyFolder()) + "/data"
                ProductUnderTest.endPostmaster(data)
                // What was never synced may come back empty or as zeros.
                let lose =
                    "find base -name '[0-9]*' -size +8k | head -40 | xargs truncate -s 0; rm -f postmaster.pid"
                try SystemCommands().runChecked(Command("sh", ["-c", lose], workingDirectory: data))
                #expect(try product.run(["start", "-n", "copy"]).exitStatus == 1)
                #expect(
                    try product.run(["start", "--all"]).value().array?.contains { $0["server"] == "copy" }
                        == false)
                #expect(try !Self.startsByItself(product, data))
                try Self.requireCleanUp(product, after: "a power loss")
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "9999")
            }
        }
    }
}

extension ProductUnderTest {
    /// The folder of the one server that is not `orders`; nil where there is none yet.
    func copyFolder() throws -> String? {
        let source = try server("orders").folder
        return try serverFolders().map { home + "/servers/" + $0 }.first { $0 != source }
    }
}
