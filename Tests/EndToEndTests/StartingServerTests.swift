import Platform
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Commands while a server runs and takes no sessions yet.
    @Suite(.serialized)
    struct StartingServerTests {
        @Test(.timeLimit(.minutes(1)))
        func `a backup, a parameter and doctor wait for a server that is starting, and say so`() throws {
            try ProductUnderTest.use("starting") { product in
                let source = try product.create("orders", ["--tier", "GeneralPurpose"])
                let commands = [
                    ["backup", "create", "-s", "orders", "-n", "early"],
                    ["parameter", "set", "-s", "orders", "-n", "work_mem", "-v", "8192"],
                    [
                        "firewall-rule", "create", "-s", "orders", "-n", "a", "--start-ip-address",
                        "127.0.0.2",
                    ],
                    ["doctor"],
                ]
                for command in commands {
                    try Self.note("starting", source)
                    try Self.note("ready   ", source, later: true)
                    let watch = Stopwatch()
                    let answer = try product.run(command + ["--verbose"])
                    #expect(answer.exitStatus == 0, "\(command): \(answer)")
                    #expect(watch.seconds > 1, "\(command) did not wait")
                    #expect(
                        answer.errors.contains("waiting for server orders, which is starting"),
                        "\(command): \(answer)")
                }
            }
        }

        /// Has the server's lock file say how far it is, where PostgreSQL itself writes it.
        private static func note(_ state: String, _ server: ManagedServer, later: Bool = false) throws {
            let path = server.dataDirectory + "/postmaster.pid"
            let lines = try DurableFiles.read(path).split(separator: 10, omittingEmptySubsequences: false)
            try #require(lines.count >= 8)
            let offset = lines[..<7].reduce(0) { $0 + $1.count + 1 }
            let write = "printf '%-8s' '\(state)' | dd of='\(path)' conv=notrunc bs=1 seek=\(offset)"
            if later {
                _ = try SystemCommands().spawnDetached(
                    Command("sh", ["-c", "sleep 1.2; " + write]), log: "/dev/null")
            } else {
                try SystemCommands().runChecked(Command("sh", ["-c", write]))
            }
        }
    }
}
