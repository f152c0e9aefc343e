#if canImport(Glibc)
    import Glibc
#endif
import Platform
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Commands while a server runs and takes no sessions yet.
    @Suite(.serialized)
    struct StartingServerTests {
        @Test(.timeLimit(.minutes(2)))
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
                let log = product.scratch.file("background.log")
                func said() throws -> String {
                    String(decoding: try DurableFiles.readIfPresent(log) ?? [], as: UTF8.self)
                }
                for command in commands {
                    try Self.note("starting", source)
                    let before = try said().count
                    func words() throws -> String { String(try said().dropFirst(before)) }
                    let tool = try product.start(command + ["--verbose"])
                    var status: Int32 = -1
                    func hasEnded() -> Bool { waitpid(tool, &status, WNOHANG) == tool }
                    // What it waits for it says when that is over, with the time that it took.
                    let isAtWork = try ProductUnderTest.eventually(seconds: 30) {
                        try words().contains("account: ")
                    }
                    let waits = !ProductUnderTest.eventually(seconds: 4, hasEnded)
                    try Self.note("ready   ", source)
                    let ends = ProductUnderTest.eventually(seconds: 60, hasEnded)
                    let told = try words()
                    #expect(isAtWork && waits, "\(command) did not wait: \(told)")
                    #expect(told.contains("waiting for server orders, which is starting"), "\(told)")
                    #expect(ends && status == 0, "\(command): \(told)")
                }
            }
        }

        /// Has the server's lock file say how far it is, where PostgreSQL itself writes it.
        private static func note(_ state: String, _ server: ManagedServer) throws {
            let path = server.dataDirectory + "/postmaster.pid"
            let lines = try DurableFiles.read(path).split(separator: 10, omittingEmptySubsequences: false)
            try #require(lines.count >= 8)
            let offset = lines[..<7].reduce(0) { $0 + $1.count + 1 }
            let write = "printf '%-8s' '\(state)' | dd of='\(path)' conv=notrunc bs=1 seek=\(offset)"
            try SystemCommands().runChecked(Command("sh", ["-c", write]))
        }
    }
}
