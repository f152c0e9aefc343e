import Glibc
import Notation
import Platform
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// The daemon, and users of this machine who want nothing good.
    @Suite(.serialized, .enabled(if: getuid() == 0, "another user's connections can only be made by root"))
    struct CrowdTests {
        private static let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]

        /// What `curl` says of a request of root's own, with the daemon's certificate verified.
        private static func ask(_ product: ProductUnderTest, _ port: Int, _ path: String) throws
            -> CommandResult
        {
            try SystemCommands().run(
                Command(
                    "curl",
                    [
                        "-sS", "--max-time", "20", "--cacert", product.home + "/ca/ca.crt", "-H",
                        "Metadata: true",
                        "-w", " %{http_code}", "https://127.0.0.1:\(port)\(path)",
                    ], workingDirectory: "/", timeoutSeconds: 30))
        }

        @Test func `two thousand connections of another user neither end the daemon nor keep its owner out`()
            throws
        {
            try ProductUnderTest.use("crowd") { product in
                let endpoint = product.home + "/api/endpoint.json"
                let daemon = try product.start(["serve", "--port", "0"], openFiles: 256)
                #expect(ProductUnderTest.eventually { DurableFiles.status(endpoint) != nil })
                let told = try JSONValue.parse(DurableFiles.read(endpoint))
                let port = Int(try #require(told["port"]?.integer))
                let ready = product.scratch.file("ready")
                let script = """
                    for i in $(seq 2000); do exec {link}<>/dev/tcp/127.0.0.1/\(port); done
                    echo; exec sleep 600
                    """
                let crowd = try SystemCommands().spawnDetached(
                    Command(
                        "prlimit",
                        ["--nofile=4096:4096", "setpriv"] + Self.nobody + ["bash", "-c", script],
                        workingDirectory: "/"), log: ready)
                defer {
                    kill(-crowd, SIGKILL)
                    kill(crowd, SIGKILL)
                    waitpid(crowd, nil, 0)
                }
                #expect(ProductUnderTest.eventually { (DurableFiles.status(ready)?.size ?? 0) > 0 })

                let during = try Self.ask(product, port, "/metadata/identity/oauth2/token?resource=x")
                #expect(during.standardOutput.hasSuffix(" 200"), "\(during)")
                let stranger = try SystemCommands().run(
                    Command(
                        "setpriv",
                        Self.nobody + ["curl", "-skS", "--max-time", "20", "https://127.0.0.1:\(port)/"],
                        workingDirectory: "/", timeoutSeconds: 30))
                #expect(!stranger.succeeded, "the user that has enough of them gets one more: \(stranger)")
                #expect(!ChildProcess.hasEnded(daemon))

                kill(daemon, SIGTERM)
                #expect(ProductUnderTest.eventually(seconds: 60) { ChildProcess.hasEnded(daemon) })
            }
        }
    }
}
