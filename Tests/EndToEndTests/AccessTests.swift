import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Who may come in: to a copy, with which password, from where.
    @Suite(.serialized)
    struct AccessTests {
        @Test func `the password of the target's moment opens the copy, a later one does not`() throws {
            try ProductUnderTest.use("password") { product in
                let source = try product.create("orders")
                let before = try source.connect().moment()
                try product.json("update", "-n", "orders", "-p", "An0ther!one")
                #expect(try source.connect(password: "An0ther!one").value("SELECT 1") == "1")
                let after = try source.connect(password: "An0ther!one").moment()
                for (name, time, right, wrong) in [
                    ("early", before, ProductUnderTest.adminPassword, "An0ther!one"),
                    ("late", after, "An0ther!one", ProductUnderTest.adminPassword),
                ] {
                    let copy = try product.restore(name, from: "orders", ["--restore-time", time]).server
                    // A rule waits ten seconds for a backup that runs.
                    try product.waitForFirstBackup(of: name)
                    try product.openFirewall(name)
                    #expect(try copy.connect(password: right).value("SELECT current_user") == "bob")
                    Self.expectRefusal("password authentication failed") { try copy.connect(password: wrong) }
                }
            }
        }

        @Test func `a copy lets nobody in until a rule says from where`() throws {
            try ProductUnderTest.use("firewall") { product in
                let source = try product.create("orders")
                #expect(try source.connect().value("SHOW ssl") == "on")
                let copy = try product.restore("copy", from: "orders").server
                #expect(try product.json("firewall-rule", "list", "-s", "copy").array == [])
                Self.expectRefusal("no pg_hba.conf entry") { try copy.connect() }
                try product.waitForFirstBackup(of: "copy")
                // A connection to a loopback address comes from 127.0.0.1.
                try product.json(
                    "firewall-rule", "create", "-s", "copy", "-n", "range", "--start-ip-address", "127.0.0.2",
                    "--end-ip-address", "127.0.0.9")
                Self.expectRefusal("no pg_hba.conf entry") { try copy.connect() }
                try product.json(
                    "firewall-rule", "update", "-s", "copy", "-n", "range", "--start-ip-address", "127.0.0.1")
                #expect(try copy.connect().value("SELECT inet_client_addr()") == "127.0.0.1")
                Self.expectRefusal("no pg_hba.conf entry") {
                    try Connection(
                        ConnectionParameters(
                            host: copy.host, port: copy.port, user: "bob",
                            password: ProductUnderTest.adminPassword, sslMode: "disable"))
                }
                // The tool's own superuser has no password that could be right.
                Self.expectRefusal("password authentication failed") {
                    try Connection(
                        ConnectionParameters(
                            host: copy.host, port: copy.port, user: "azuresu",
                            password: ProductUnderTest.adminPassword, sslMode: "require"))
                }
                _ = try product.run(["firewall-rule", "delete", "-s", "copy", "-n", "range", "--yes"])
                    .checked()
                Self.expectRefusal("no pg_hba.conf entry") { try copy.connect() }
                #expect(try source.connect().value("SELECT 1") == "1")
            }
        }

        @Test func `firewall rules change while the server is backed up`() throws {
            try ProductUnderTest.use("rulebackup") { product in
                let source = try product.create("orders")
                // What a running backup holds.
                let backup = try DirectoryLock.wait(product.home + "/locks/\(source.id).server", .shared)
                try RunAs.handOver(backup.path)
                _ = try product.run([
                    "firewall-rule", "delete", "-s", "orders", "-n",
                    try #require(
                        try product.json("firewall-rule", "list", "-s", "orders").array?.first?["name"]?
                            .string), "--yes",
                ]).checked()
                Self.expectRefusal("no pg_hba.conf entry") { try source.connect() }
                try product.openFirewall("orders")
                #expect(try source.connect().value("SELECT 1") == "1")
                try product.refuses(["restart", "-n", "orders"], saying: "ServerBusy")
                backup.release()
            }
        }

        @Test func `the printed connection string opens the server with its own certificate`() throws {
            try ProductUnderTest.use("string") { product in
                let source = try product.create("orders", ["-d", "shop"])
                let text = try #require(source.connectionString)
                let commands = SystemCommands()
                let answer = try commands.runChecked(
                    Command(
                        PostgresFixture.binDirectory + "/psql",
                        [
                            text, "-X", "-A", "-t", "-c",
                            "SELECT current_database(), current_user, ssl FROM pg_stat_ssl "
                                + "WHERE pid = pg_backend_pid()",
                        ],
                        timeoutSeconds: 30))
                #expect(answer.standardOutput == "shop|bob|t\n")
                let verified = try Connection(
                    ConnectionParameters(
                        host: source.host, port: source.port, user: "bob", database: "shop",
                        password: ProductUnderTest.adminPassword, sslMode: "verify-full",
                        sslRootCertificate: product.home + "/ca/ca.crt"))
                #expect(try verified.value("SELECT 1") == "1")
            }
        }

        private static func expectRefusal(
            _ words: String, sourceLocation: SourceLocation = #_sourceLocation,
            _ connect: () throws -> Connection
        ) {
            do {
                _ = try connect()
                Issue.record("somebody was let in", sourceLocation: sourceLocation)
            } catch {
                #expect("\(error)".contains(words), "\(error)", sourceLocation: sourceLocation)
            }
        }
    }
}
