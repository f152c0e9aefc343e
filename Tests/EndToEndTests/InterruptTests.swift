import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Ctrl-C at every step: nothing half made is left, not even for `maintain`, and the same command
    /// succeeds afterwards.
    @Suite(.serialized)
    struct InterruptTests {
        /// Interrupts the command at a step; it has to say so and to leave no trace on the disk.
        private static func interrupt(_ product: ProductUnderTest, _ command: [String], at step: String)
            throws
        {
            let servers = try product.serverFolders()
            let repositories = try DurableFiles.listIfPresent(product.home + "/repository")
            let answer = try product.run(command, environment: ["PITR_INTERRUPT_AT": step])
            #expect(answer.exitStatus == 1, "\(step): \(answer)")
            #expect(
                answer.errors.contains("(OperationCanceled) cancelled; nothing half-made is left"),
                "\(step): \(answer)")
            #expect(answer.output.isEmpty, "\(step): \(answer)")
            #expect(try product.serverFolders() == servers, "after \(step)")
            #expect(
                try DurableFiles.listIfPresent(product.home + "/repository") == repositories, "after \(step)")
            #expect(try DurableFiles.listIfPresent(product.home + "/operations") == [], "after \(step)")
            let left = try product.json("maintain").array ?? []
            #expect(left == [], "after \(step): \(JSONValue.array(left).printed())")
        }

        @Test func `a creation that is interrupted leaves nothing`() throws {
            try ProductUnderTest.use("intcreate") { product in
                let command = ["create", "-n", "orders", "-u", "bob", "-p", ProductUnderTest.adminPassword]
                let steps = [
                    "claim", "initialize", "repository", "configure", "start", "admin", "complete", "backup",
                ].map { "create: " + $0 }
                for step in steps + ["backup: begin", "backup: base backup"] {
                    try Self.interrupt(product, command, at: step)
                    #expect(try product.serverNames() == [], "after \(step)")
                    #expect(try product.json("list", "--deleted") == [], "after \(step)")
                }
                let server = try product.create("orders")
                #expect(try server.connect().value("SELECT current_user") == "bob")
            }
        }

        @Test func `a backup that is interrupted leaves nothing`() throws {
            try ProductUnderTest.use("intbackup") { product in
                let source = try product.create("orders")
                try source.connect().execute(
                    "CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 9999) g")
                try product.json("maintain")
                let folder = source.repository + "/backups"
                let first = try DurableFiles.list(folder)
                let command = ["backup", "create", "-s", "orders", "-n", "extra"]
                for step in ["begin", "checkpoint", "base backup", "archiving the backup's WAL"] {
                    try Self.interrupt(product, command, at: "backup: " + step)
                    #expect(try DurableFiles.list(folder) == first, "after \(step)")
                    // The server's process ends a moment after the session.
                    let isOver = try ProductUnderTest.eventually {
                        try source.superuser().value(
                            "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pg_backup_st(art|op)' "
                                + "AND pid <> pg_backend_pid()") == "0"
                    }
                    #expect(isOver, "after \(step)")
                }
                _ = try product.run(command).checked()
                #expect(try DurableFiles.list(folder).sorted() == (first + ["extra"]).sorted())
                let copy = try product.restore("copy", from: "orders", ["--backup", "extra"]).server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "9999")
            }
        }

        @Test func `a restore that is interrupted leaves nothing, and its source as it was`() throws {
            try ProductUnderTest.use("intrestore") { product in
                let source = try product.create("orders")
                try source.connect().execute(
                    "CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 9999) g")
                // WAL from before the first backup is of no use: maintenance says so once.
                try product.json("maintain")
                try ProductUnderTest.waitForArchiver(of: source)
                let archive = try Fingerprint(of: source.repository)
                let command = ["restore", "-n", "copy", "--source-server", "orders"]
                for step in [
                    "plan", "claim", "lay out", "stage WAL", "arm", "recover", "prove", "settle", "open",
                    "complete",
                ] {
                    try Self.interrupt(product, command, at: step)
                    #expect(try product.serverNames() == ["orders"], "after \(step)")
                    #expect(try product.json("list", "--deleted") == [], "after \(step)")
                    #expect(try source.connect().value("SELECT count(*) FROM t") == "9999", "after \(step)")
                }
                #expect(try Fingerprint(of: source.repository).differences(from: archive) == [])
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "9999")
            }
        }

        /// Starts a restore, which waits in line behind the test, hands its process to `body`, and lets the
        /// line go on when it has ended; the answer is what it said.
        private static func withRestoreInLine(
            _ product: ProductUnderTest, _ name: String, _ body: (Int32) throws -> Void
        ) throws -> String {
            let source = try product.server("orders")
            let line = try DirectoryLock.wait(product.home + "/locks/\(source.id).restore")
            try RunAs.handOver(line.path)
            let log = product.scratch.file("background.log")
            func text() throws -> String {
                String(decoding: try DurableFiles.readIfPresent(log) ?? [], as: UTF8.self)
            }
            let before = try text().count
            func words() throws -> String { String(try text().dropFirst(before)) }
            let tool = try product.start(["restore", "-n", name, "--source-server", "orders", "--verbose"])
            // From this line on the signals' handlers are there, and the restore cannot get past the line.
            #expect(try ProductUnderTest.eventually { try words().contains("state: ") })
            try body(tool)
            #expect(ProductUnderTest.eventually { ChildProcess.hasEnded(tool) })
            line.release()
            return try words()
        }

        /// Signals that arrive at one and the same time.
        private static func send(_ signals: [String], to process: Int32) throws {
            for signal in ["STOP"] + signals + ["CONT"] {
                try SystemCommands().runChecked(Command("kill", ["-" + signal, String(process)]))
            }
        }

        @Test func `a restore that waits in line can be called off from outside`() throws {
            try ProductUnderTest.use("intqueue") { product in
                let source = try product.create("orders")
                try source.connect().execute("CREATE TABLE t (x int); INSERT INTO t VALUES (7)")
                // A terminal that closes is never the second signal: shell and kernel both tell.
                for (number, signals) in [["INT"], ["HUP"], ["TERM", "HUP"], ["HUP", "INT"]].enumerated() {
                    let words = try Self.withRestoreInLine(product, "copy\(number)") { tool in
                        try Self.send(signals, to: tool)
                    }
                    #expect(
                        words.contains("(OperationCanceled) cancelled; nothing half-made is left"),
                        "\(signals): \(words)")
                }
                #expect(try product.serverNames() == ["orders"])
                #expect(try product.serverFolders().count == 1)
                let words = try Self.withRestoreInLine(product, "copy") { tool in
                    try Self.send(["INT", "TERM"], to: tool)
                }
                #expect(words.contains("(OperationCanceled) ended at once"), "\(words)")
                #expect(words.contains("hint: 'pitr maintain' ends and removes what it may have left"))
                try product.json("maintain")
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT x FROM t") == "7")
            }
        }

        @Test func `a terminal that closes does not end a command under nohup`() throws {
            try ProductUnderTest.use("intnohup") { product in
                // The lowest bit of ignored signals is SIGHUP's; `serve` is there to be looked at.
                let line = "trap '' HUP; exec $0 serve --port 0 --home $1"
                let daemon = try SystemCommands().spawnDetached(
                    Command("bash", ["-c", line, BuiltProduct.path("pitr"), product.home]),
                    log: product.scratch.file("daemon.log"))
                defer {
                    _ = try? SystemCommands().run(Command("kill", ["-TERM", String(daemon)]))
                    ProductUnderTest.eventually { ChildProcess.hasEnded(daemon) }
                }
                let isReady = try ProductUnderTest.eventually {
                    let said = try DurableFiles.readIfPresent(product.scratch.file("daemon.log")) ?? []
                    return String(decoding: said, as: UTF8.self).contains("pitr serves")
                }
                #expect(isReady)
                let status = String(decoding: try DurableFiles.read("/proc/\(daemon)/status"), as: UTF8.self)
                let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
                let mask = ignored.flatMap { UInt64($0.dropFirst(7).drop { $0.isWhitespace }, radix: 16) }
                #expect(mask.map { $0 & 1 } == 1)
            }
        }

        @Test func `an interrupt that comes too late changes nothing`() throws {
            try ProductUnderTest.use("intlate") { product in
                _ = try product.create("orders")
                let answer = try product.run(
                    ["backup", "create", "-s", "orders", "-n", "extra"],
                    environment: ["PITR_INTERRUPT_AT": "backup: complete"])
                #expect(try answer.value()["name"] == "extra")
                #expect(try product.json("backup", "list", "-s", "orders").array?.count == 2)
            }
        }
    }
}
