import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What another user of this machine can do, and what happens to what must not get lost.
    @Suite(.serialized, .enabled(if: getuid() == 0, "only root can run commands as another user"))
    struct OtherUserTests {
        private static func asNobody(
            _ product: ProductUnderTest, _ words: [String], environment: [String: String] = [:]
        ) throws -> CommandResult {
            var variables = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C"]
            variables.merge(environment) { $1 }
            return try SystemCommands().run(
                Command(
                    "setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups"] + words,
                    environment: variables, workingDirectory: "/", timeoutSeconds: 30))
        }

        @Test func `another user can verify a server and reads nothing else`() throws {
            try ProductUnderTest.use("others") { product in
                #expect(chmod(product.scratch.path, 0o755) == 0)
                let made = try product.run([
                    "create", "-n", "orders", "-u", "bob", "-p", ProductUnderTest.adminPassword,
                    "--public-access", "127.0.0.1",
                ]).value()
                let text = try #require(made["connectionString"]?.string)
                #expect(text.contains("sslmode=verify-full&sslrootcert=\(product.home)/ca/ca.crt"))
                let login = try Self.asNobody(
                    product, [PostgresFixture.binDirectory + "/psql", text, "-XAtc", "SELECT 1"])
                #expect(login.standardOutput == "1\n", "\(login)")

                let open = try SystemCommands().run(
                    Command(
                        "find", [product.home, "-perm", "/066", "!", "-type", "l"], workingDirectory: "/",
                        timeoutSeconds: 30))
                let paths = open.standardOutput.split(separator: "\n").filter {
                    !$0.contains("/ca/") && !$0.contains("/servers/") && !$0.contains("/repository/")
                }
                #expect(paths.isEmpty, "closed to others: \(paths)")
                for folder in ["servers", "repository", "catalog.sqlite", "ca/ca.key"] {
                    let read = try Self.asNobody(product, ["cat", "\(product.home)/\(folder)"])
                    #expect(read.standardError.contains("Permission denied"), "\(folder): \(read)")
                }
            }
        }

        @Test func `a server without its socket is found, restored from its files, and healed by a restart`()
            throws
        {
            try ProductUnderTest.use("lost-socket") { product in
                let source = try product.create("orders")
                let session = try source.superuser()
                try session.execute("CREATE TABLE kept AS SELECT generate_series(1, 100) AS id")
                let sockets = try #require(
                    try product.json("show", "-n", "orders")["local"]?["socketDirectory"]?.string)
                try DurableFiles.removeTree(sockets)
                try session.execute("INSERT INTO kept SELECT generate_series(101, 150)")
                try product.json("restore", "-n", "copy", "--source-server", "orders")
                let copy = try product.server("copy").superuser()
                #expect(try copy.query("SELECT count(*) FROM kept").scalar == "150")
                session.close()
                let refused = try product.run(["backup", "create", "-s", "orders", "-n", "more"])
                #expect(refused.errors.contains("private socket is gone"), "\(refused)")
                let told = try product.run(["doctor"]).output
                #expect(told.contains("pitr restart -n orders"), "\(told)")
                try product.json("restart", "-n", "orders")
                try product.json("backup", "create", "-s", "orders", "-n", "more")
            }
        }
    }
}
