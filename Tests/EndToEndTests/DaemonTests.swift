import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// The daemon as a process: what it promises outlives it.
    @Suite(.serialized)
    struct DaemonTests {
        /// Starts a daemon on any port, and waits until it listens.
        private static func serve(_ product: ProductUnderTest) throws -> Int32 {
            let endpoint = product.home + "/api/endpoint.json"
            try DurableFiles.removeFile(endpoint)
            let pid = try product.start(["serve", "--port", "0"])
            #expect(ProductUnderTest.eventually { DurableFiles.status(endpoint) != nil })
            return pid
        }

        /// Sends the signal, and waits until the process is gone.
        private static func end(_ pid: Int32, _ signal: Int32, seconds: Double) -> Bool {
            kill(pid, signal)
            return ProductUnderTest.eventually(seconds: seconds) { ChildProcess.hasEnded(pid) }
        }

        private static func states(_ product: ProductUnderTest) throws -> [String: String] {
            let servers = try product.json("list").array ?? []
            return Dictionary(
                uniqueKeysWithValues: servers.map {
                    ($0["name"]?.string ?? "", $0["state"]?.string ?? "")
                })
        }

        /// A drill that is handed over is an operation like others, and leaves its record.
        private static func checkDrill(_ product: ProductUnderTest) throws {
            let stepping = try product.run(
                ["drill", "run", "--source-server", "orders", "--no-wait", "--step", "a=true"])
            #expect(stepping.exitStatus == 2 && stepping.errors.contains("--step"), "\(stepping)")
            let accepted = try product.run(["drill", "run", "--source-server", "orders", "--no-wait"])
            #expect(accepted.exitStatus == 0, "\(accepted)")
            func drill() throws -> JSONValue? {
                try product.json("operation", "list", "--all").array?.first { $0["kind"] == "drill" }
            }
            let isOver = try ProductUnderTest.eventually(seconds: 100) {
                try ["Succeeded", "Failed"].contains(drill()?["status"]?.string ?? "")
            }
            let (operation, drills) = (try drill(), try product.json("drill", "list"))
            #expect(isOver && operation?["status"] == "Succeeded", "\(operation ?? .null)")
            #expect(drills.array?.first?["result"] == "passed", "\(drills)")
        }

        @Test func `restores that were accepted survive the daemon, and the next one begins what waits`()
            throws
        {
            try ProductUnderTest.use("daemon") { product in
                let orders = try product.create("orders").superuser()
                let moment = try orders.value(
                    "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || ' UTC'")
                let typed = try #require(moment)
                orders.close()
                let copies = (1...6).map { "copy\($0)" }
                let first = try Self.serve(product)
                for name in copies {
                    let answer = try product.run(
                        ["restore", "-n", name, "--source-server", "orders", "--no-wait"]
                            + (name == "copy1" ? ["--restore-time", typed] : []))
                    #expect(answer.exitStatus == 0, "\(answer)")
                }
                #expect(Self.end(first, SIGKILL, seconds: 60))
                #expect(Set(try product.serverNames()) == Set(copies + ["orders"]))
                #expect(try Self.states(product).values.contains("Provisioning"))

                let second = try Self.serve(product)
                let other = try product.run(["serve", "--port", "0"])
                #expect(other.exitStatus == 1 && other.errors.contains("(ServerBusy)"), "\(other)")
                let isDone = try ProductUnderTest.eventually(seconds: 400) {
                    try Self.states(product).values.allSatisfy { $0 == "Ready" }
                }
                let states = try Self.states(product)
                #expect(isDone, "\(states)")
                #expect(Set(try product.serverNames()) == Set(copies + ["orders"]))
                // The words of whoever asked, and none where nobody typed a time.
                for (name, words) in [("copy1", typed), ("copy2", nil)] {
                    let evidence = try product.json("show", "-n", name)["local"]?["evidence"]
                    #expect(evidence?["newServer"]?.string?.hasSuffix("/" + name) == true)
                    #expect(evidence?["requestedTime"]?.string == words)
                }
                try Self.checkDrill(product)
                #expect(Self.end(second, SIGTERM, seconds: 60))
                let refused = try product.run([
                    "restore", "-n", "late", "--source-server", "orders", "--no-wait",
                ])
                #expect(refused.exitStatus != 0, "\(refused)")
            }
        }
    }
}
