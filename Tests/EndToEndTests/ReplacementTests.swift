import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// A restore that takes the place of an earlier copy.
    @Suite(.serialized)
    struct ReplacementTests {
        private static let replace = ["restore", "-n", "copy", "-s", "orders", "--replace"]

        @Test func `a newer copy takes name, address and port, and the old one can be revived`() throws {
            try ProductUnderTest.use("replace") { product in
                let source = try product.create("orders")
                try source.connect().execute("CREATE TABLE t AS SELECT 1 AS x")
                // Nobody has the name yet: a script may run twice.
                let first = try product.restore("copy", from: "orders", ["--replace"]).server
                try product.openFirewall("copy")
                try first.superuser().execute("CREATE TABLE mine AS SELECT 7 AS x")
                _ = try product.run(["update", "-n", "copy", "--tags", "team=web"]).checked()
                try product.json("parameter", "set", "-s", "copy", "-n", "work_mem", "-v", "8192")
                try source.connect().execute("INSERT INTO t VALUES (2)")

                let plan = try product.run(Self.replace + ["--dry-run"]).checked()
                #expect(
                    plan.errors.contains("takes the place of the server 'copy'")
                        || plan.output.contains("takes the place"))
                let second = try product.restore(
                    "copy", from: "orders", ["--replace", "--allow", "127.0.0.1"])
                let server = second.server
                #expect(server.id != first.id && server.host == first.host && server.port == first.port)
                let left = second.printed["local"]?["followUp"]?.array?.compactMap(\.string) ?? []
                #expect(left.contains("pitr parameter set -s copy -n work_mem -v 8192"), "\(left)")
                #expect(left.contains("pitr update -n copy --tags team=web"), "\(left)")
                let names = second.evidence["newServer"]?.string
                #expect(names?.hasSuffix("/copy") == true, "\(second.evidence)")
                #expect(second.evidence["newServerId"]?.string == server.id)
                // The certificate is for the address that it has now.
                #expect(try server.connect().value("SELECT count(*) FROM t") == "2")
                #expect(try server.superuser().value("SHOW cluster_name") == "copy")
                #expect(try product.serverNames() == ["copy", "orders"])
                #expect(try product.serverFolders().count == 2)
                let deleted = try product.json("list", "--deleted").array ?? []
                #expect(deleted.map { $0["local"]?["id"]?.string } == [first.id])
                let kept = try product.json("evidence", "show", "-n", first.id)
                #expect(kept["copyDeletedBecause"]?.string?.contains(server.id) == true, "\(kept)")
                #expect(kept["connections"]?["isLogged"] == true, "\(kept)")
                #expect(kept["rules"]?.array?.isEmpty == false, "\(kept)")
                #expect(try product.run(["doctor"]).exitStatus == 0)
                #expect(
                    try product.json("maintain").array?.contains { $0["action"] == "remove-leftover" }
                        == false)
                _ = try product.run(
                    ["revive-dropped", "-n", "back", "--source-server", "copy", "--location", "local"]
                ).checked()
                #expect(try product.server("back").superuser().value("SELECT x FROM mine") == "7")
                // Evidence that cannot be read keeps nobody from deleting the copy.
                let operation = try #require(second.evidence["operationId"]?.string)
                try DurableFiles.write([1, 2, 3], to: "\(product.home)/evidence/\(operation).json")
                try product.delete("copy")
            }
        }

        @Test func `only a copy of the same source is replaced, and none that is held or a source itself`()
            throws
        {
            try ProductUnderTest.use("replacenot") { product in
                _ = try product.create("orders")
                _ = try product.restore("copy", from: "orders")
                #expect(try ProductUnderTest.eventually { try product.earliest("copy") != nil })
                _ = try product.restore("other", from: "copy")
                func refuses(_ arguments: [String], _ words: String, _ status: Int32 = 1) throws {
                    try product.refuses(arguments, status: status, saying: words)
                }
                try refuses(Self.replace, "it is the source of 'other'")
                try refuses(
                    ["restore", "-n", "orders", "-s", "copy", "--replace"], "it was not restored from")
                try refuses(
                    ["restore", "-n", "other", "-s", "orders", "--replace"], "it was restored from 'copy'")
                try refuses(["restore", "-n", "other", "-s", "copy"], "(ServerNameAlreadyExists)")
                _ = try product.run(["update", "-n", "other", "--hold"]).checked()
                try refuses(["restore", "-n", "other", "-s", "copy", "--replace"], "it is held since")
                try refuses(Self.replace + ["--port", "5999"], "keeps the address", 2)
                #expect(try product.serverNames() == ["copy", "orders", "other"])
                #expect(try product.serverFolders().count == 3)
            }
        }

        private static let before = ["complete", "replace: stop", "replace: configure", "replace: catalog"]
        private static let after = ["replace: start", "replace: files", "keep evidence"]

        @Test func `killed at any step, exactly one server answers to the name`() throws {
            try ProductUnderTest.use("replacekill") { product in
                let source = try product.create("orders")
                var current = try product.restore("copy", from: "orders").server
                for step in Self.before + Self.after {
                    let killed = try product.run(Self.replace, environment: ["PITR_KILL_AT": step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    let actions = try product.json("maintain").array ?? []
                    #expect(
                        !actions.contains { $0["outcome"]?.string?.hasPrefix("failed") == true },
                        "\(step): \(JSONValue.array(actions).printed())")
                    #expect(try product.serverNames() == ["copy", "orders"], "\(step)")
                    #expect(try product.serverFolders().count == 2, "\(step)")
                    let now = try product.server("copy")
                    #expect((now.id == current.id) == Self.before.contains(step), "\(step)")
                    #expect(now.host == current.host && now.port == current.port, "\(step)")
                    #expect(try now.superuser().value("SHOW cluster_name") == "copy", "\(step)")
                    let doctor = try product.run(["doctor"])
                    #expect(doctor.exitStatus == 0, "\(step): \(doctor)")
                    #expect(try product.json("operation", "list") == [], "\(step)")
                    current = now
                }
                #expect(try product.json("list", "--deleted").array?.count == Self.after.count)
                #expect(try source.superuser().value("SELECT 1") == "1")
            }
        }
    }
}
