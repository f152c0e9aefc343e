import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What a copy gets at its restore, so that a script needs nothing else before it connects.
    @Suite(.serialized)
    struct CopyTests {
        @Test func `a copy lets in whom the restore names, and what is malformed makes nothing`() throws {
            try ProductUnderTest.use("copyaccess") { product in
                _ = try product.create("orders")
                for address in ["127.0.0", "127.0.0.9-127.0.0.1", "127.0.0.1-127.0.0.2-127.0.0.3", "-"] {
                    let refused = try product.run(
                        ["restore", "-n", "copy", "-s", "orders", "--allow=" + address])
                    #expect(
                        refused.exitStatus == 2 && refused.errors.contains("(InvalidParameterValue)"),
                        "\(refused)")
                }
                #expect(try product.serverNames() == ["orders"])
                #expect(try product.serverFolders().count == 1)

                let options = ["--allow", "127.0.0.1", "--allow", "127.0.0.0-127.0.0.255"]
                let plan = try product.run(["plan", "-s", "orders"] + options).value()
                let addresses: JSONValue = ["127.0.0.1", "127.0.0.0-127.0.0.255"]
                #expect(plan["allowedAddresses"] == addresses)
                let copy = try product.restore("copy", from: "orders", options)
                #expect(copy.evidence["allowedAddresses"] == addresses)
                try copy.server.connect().close()
                let rules = try product.json("firewall-rule", "list", "-s", "copy").array ?? []
                #expect(
                    rules.map { $0["name"]?.string } == [
                        "allow_127-0-0-0_127-0-0-255", "allow_127-0-0-1",
                    ])
                #expect(copy.printed["local"]?["followUp"]?.array?.isEmpty == true, "\(copy.printed)")
            }
        }

        @Test func `a password comes from a file, standard input or the environment, and is not kept`() throws
        {
            try ProductUnderTest.use("copypassword") { product in
                _ = try product.create("orders")
                let secret = "Other-Secret-7"
                let file = product.scratch.file("secret")
                try DurableFiles.write(Array((secret + "\n").utf8), to: file)
                for (text, code) in [
                    ("short\n", "PasswordTooShort"), ("two\nlines\n", "Usage"), ("", "Usage"),
                ] {
                    let bad = product.scratch.file("bad")
                    try DurableFiles.write(Array(text.utf8), to: bad)
                    let refused = try product.run(
                        ["restore", "-n", "copy", "-s", "orders", "--admin-password-file", bad])
                    #expect(refused.exitStatus != 0 && refused.errors.contains("(\(code))"), "\(refused)")
                }
                #expect(try product.serverNames() == ["orders"])

                let copy = try product.restore(
                    "copy", from: "orders", ["--allow", "127.0.0.1", "--admin-password-file", file])
                try copy.server.connect(password: secret).close()
                #expect(throws: Problem.self) { try copy.server.connect() }
                let environment = try product.run(
                    ["update", "-n", "copy", "--admin-password-env", "SECRET"],
                    environment: ["SECRET": "Third-Secret-7"])
                _ = try environment.checked()
                try copy.server.connect(password: "Third-Secret-7").close()
                let line = "exec \"$0\" update -n copy --admin-password-file - < \"$1\""
                _ = try SystemCommands().runChecked(
                    Command(
                        "bash", ["-c", line, BuiltProduct.path("pitr"), file],
                        environment: ["PITR_HOME": product.home, "PATH": "/usr/bin:/bin:/usr/sbin"]))
                try copy.server.connect(password: secret).close()
                let state = try SystemCommands().run(
                    Command("grep", ["-r", "-l", "-F", secret, product.home]))
                #expect(state.standardOutput.isEmpty, "\(state)")
            }
        }

        @Test func `copies are found by tag and source, and scripts may run twice`() throws {
            try ProductUnderTest.use("copylist") { product in
                let create = ["create", "-n", "orders", "-u", "bob", "--if-not-exists"]
                _ = try product.run(create).checked()
                let before = try product.json("show", "-n", "orders")
                let again = try product.run(create).value()
                #expect(again["name"] == "orders" && again["local"]?["id"] == before["local"]?["id"])
                for other in [["-u", "eve"], ["-u", "bob", "--version", "14"]] {
                    let refused = try product.run(
                        ["create", "-n", "orders", "--if-not-exists"] + other)
                    #expect(
                        refused.exitStatus == 1 && refused.errors.contains("(ServerNameAlreadyExists)"),
                        "\(refused)")
                }
                #expect(try product.run(["create", "--if-not-exists"]).exitStatus == 2)

                _ = try product.restore("copy", from: "orders", ["--tags", "incident=INC-20", "who=ops"])
                func listed(_ options: String...) throws -> [String] {
                    let answer = try product.run(["list"] + options).value().array ?? []
                    return answer.compactMap { $0["name"]?.string }
                }
                #expect(try listed() == ["copy", "orders"])
                #expect(try listed("--tag", "incident=INC-20") == ["copy"])
                #expect(try listed("--tag", "Incident", "--tag", "who=ops", "--source", "orders") == ["copy"])
                #expect(try listed("--tag", "incident=INC-2") == [])
                #expect(try listed("--source", "copy") == [])

                _ = try product.run(["delete", "-n", "copy", "--yes", "--if-exists"]).checked()
                _ = try product.run(["delete", "-n", "copy", "--yes", "--if-exists"]).checked()
                #expect(try product.run(["delete", "-n", "copy", "--yes"]).exitStatus == 3)
                #expect(try listed("--deleted", "--tag", "incident=INC-20") == ["copy"])
            }
        }
    }
}
