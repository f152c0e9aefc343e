import Glibc
import Notation
import Platform
import TestKit
import Testing

extension EndToEnd.AttachedSourceTests {
    /// A source that is reached over TLS alone, with certificates of authorities of the test's own.
    private struct Guarded {
        let source: AttachedSource
        private let folder: String

        init(_ product: ProductUnderTest) throws {
            source = try AttachedSource(product, listenAddress: "127.0.0.1")
            folder = source.postgres.scratch.path
            for authority in ["one", "two"] {
                try shell(
                    """
                    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                        -subj /CN=\(authority) -keyout \(authority).key -out \(authority).crt
                    """)
            }
            try certify(by: "one")
            try source.postgres.psql("ALTER ROLE pitr_backup PASSWORD 'first'")
            for setting in [
                "ssl_cert_file = '\(folder)/server.crt'", "ssl_key_file = '\(folder)/server.key'",
                "ssl = on",
            ] {
                try source.postgres.psql("ALTER SYSTEM SET \(setting)")
            }
            try open(true)
        }

        /// A new key and certificate, in force for new connections.
        func certify(by authority: String) throws {
            try shell(
                """
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
                    -keyout server.key -out server.csr
                printf 'subjectAltName=DNS:localhost' > server.ext
                openssl x509 -req -in server.csr -CA \(authority).crt -CAkey \(authority).key \
                    -CAcreateserial -days 2 -extfile server.ext -out server.crt
                chmod 600 server.key
                """)
            try source.postgres.psql("SELECT pg_reload_conf()")
        }

        /// Whether its pg_hba.conf lets the role in.
        func open(_ isOpen: Bool) throws {
            let line = isOpen ? "hostssl replication pitr_backup 127.0.0.1/32 scram-sha-256\n" : ""
            try RunAs().runChecked(
                Command(
                    "tee", [source.postgres.dataDirectory + "/pg_hba.conf"],
                    standardInput: "local all all trust\n" + line))
            try source.postgres.psql("SELECT pg_reload_conf()")
        }

        func file(_ name: String) -> String { folder + "/" + name }

        func password(_ text: String) throws -> String {
            try RunAs().runChecked(Command("tee", [file("password")], standardInput: text + "\n"))
            return file("password")
        }

        func attach(_ options: [String]) throws -> ProductAnswer {
            try source.product.run(
                [
                    "attach", "-n", "prod", "--host", "localhost", "--port", String(source.postgres.port),
                    "--fast", "--password-file", try password("first"),
                ] + options)
        }

        /// The connection ends, and what is told then holds these words.
        func isToldAfterCut(_ words: String) throws {
            try source.postgres.psql("SELECT pg_switch_wal()")
            try source.cutStream()
            let isTold = try ProductUnderTest.eventually(seconds: 20) {
                let told = try source.attached()
                return told?["state"] == "Waiting" && told?["problem"]?.string?.contains(words) == true
            }
            let told = try source.attached()?.printed() ?? ""
            #expect(isTold, "\(words): \(told)")
        }

        private func shell(_ script: String) throws {
            try RunAs().runChecked(
                Command(
                    "bash", ["-ec", "cd \(folder)\n" + script], workingDirectory: "/", timeoutSeconds: 30)
            )
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `who answers is verified, and a key, a password or an access line that changes is told`() throws {
        try ProductUnderTest.use("attachtls") { product in
            let guarded = try Guarded(product)
            let source = guarded.source
            let plain = try guarded.attach(["--ssl-mode", "disable"])
            #expect(plain.errors.contains("no pg_hba.conf entry"), "\(plain)")
            for options in [[], ["--ssl-root-certificate", guarded.file("two.crt")]] {
                let refused = try guarded.attach(options)
                #expect(refused.errors.contains("certificate"), "\(refused)")
            }
            let weaker = try guarded.attach(["--ssl-mode", "require", "--check"]).value()
            #expect(weaker.printed().contains("nobody knows who answers there"))
            _ = try guarded.attach(["--ssl-root-certificate", guarded.file("one.crt")]).checked()
            let receiver = try source.receive()
            #expect(try source.attached()?["sslMode"] == "verify-full")

            try guarded.certify(by: "one")
            try source.cutStream()
            try source.postgres.psql("SELECT pg_switch_wal()")
            try source.settle()
            try guarded.certify(by: "two")
            try guarded.isToldAfterCut("certificate verify failed")
            try guarded.certify(by: "one")
            try source.isSeen("Streaming")

            try source.postgres.psql("ALTER ROLE pitr_backup PASSWORD 'second'")
            try guarded.isToldAfterCut("password authentication failed")
            let wrong = try product.run(
                ["reattach", "-n", "prod", "--password-file", try guarded.password("third")])
            #expect(wrong.errors.contains("(OperationNotSupported)"), "\(wrong)")
            let answer = try product.run(
                ["reattach", "-n", "prod", "--password-file", try guarded.password("second")]
            ).checked()
            #expect(!answer.output.contains("second"))
            try source.isSeen("Streaming")

            try guarded.open(false)
            try guarded.isToldAfterCut("no pg_hba.conf entry")
            try guarded.open(true)
            try source.isSeen("Streaming")
            try source.settle()
            AttachedSource.end(receiver, SIGTERM)
        }
    }
}
