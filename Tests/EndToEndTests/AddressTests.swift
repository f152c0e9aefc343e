import Glibc
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

extension EndToEnd {
    /// Somebody else listens where a server was to, by the time it is started.
    @Suite struct AddressTests {
        /// Runs a command up to the place before it starts its server, has another PostgreSQL listen at that
        /// server's address, and lets the command go on to its end.
        ///
        /// - Returns: the server as it was meant, and the command's exit status.
        private static func takenMeanwhile(
            _ product: ProductUnderTest, _ name: String, _ arguments: [String], before step: String
        ) throws -> (meant: ManagedServer, status: Int32) {
            let process = try product.start(arguments, environment: ["PITR_STOP_AT": step])
            var status: Int32 = 0
            let isHeld = ProductUnderTest.eventually {
                waitpid(process, &status, WNOHANG | WUNTRACED) == process
            }
            // The low byte tells a process that was stopped.
            try #require(isHeld && status & 0xff == 0x7f, "\(status)")
            let meant = try product.server(name)
            let other = try PostgresFixture(
                settings: ["port": String(meant.port)], listenAddress: meant.host)
            #expect(kill(process, SIGCONT) == 0)
            let hasEnded = ProductUnderTest.eventually { waitpid(process, &status, WNOHANG) == process }
            try #require(hasEnded && status & 0x7f == 0, "\(status)")
            try other.stop()
            return (meant, status >> 8)
        }

        @Test(.timeLimit(.minutes(4)))
        func `a server whose address somebody took meanwhile gets another, unless it was asked for`() throws {
            try ProductUnderTest.use("addresstaken") { product in
                _ = try product.create("orders")
                let secret = "Other-Secret-7"
                let file = product.scratch.file("secret")
                try DurableFiles.write(Array((secret + "\n").utf8), to: file)
                let (meant, status) = try Self.takenMeanwhile(
                    product, "copy",
                    [
                        "restore", "-n", "copy", "-s", "orders", "--allow", "127.0.0.1",
                        "--admin-password-file", file,
                    ], before: "open")
                #expect(status == 0)
                let copy = try product.server("copy")
                #expect(copy.id == meant.id && copy.host != meant.host)
                // The certificate names the new address, the password is the new one, and all are let in who
                // were to be.
                try Connection(
                    ConnectionParameters(
                        host: copy.host, port: copy.port, user: "bob", password: secret,
                        sslMode: "verify-full", sslRootCertificate: product.home + "/ca/ca.crt")
                ).close()
                let findings = try product.run(["doctor"]).printed().array ?? []
                #expect(!findings.contains { $0["level"] == "problem" }, "\(findings)")

                let asked = try Self.takenMeanwhile(
                    product, "second",
                    ["create", "-n", "second", "--listen", copy.host, "--port", "7654"],
                    before: "create: start")
                #expect(asked.status != 0 && asked.meant.host == copy.host)
                #expect(try product.serverNames() == ["copy", "orders"])
            }
        }
    }
}
