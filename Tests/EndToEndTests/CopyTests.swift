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
    }
}
