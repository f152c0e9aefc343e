import Notation
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// A resource group that is not there is a slip of the hand, and no command takes it for another.
    @Suite(.serialized)
    struct GroupTests {
        @Test func `every command that takes a resource group refuses one that is not there`() throws {
            try ProductUnderTest.use("groups") { product in
                let source = try product.create("orders")
                let ofServer = [
                    ["wal", "verify"], ["wal", "show", "0/0..0/1"], ["wal", "stats"], ["wal", "index"],
                    ["wal", "get", "000000010000000000000001", "/dev/null"], ["timeline"],
                    ["backup", "list"],
                    ["firewall-rule", "list"], ["parameter", "list"], ["db", "list"],
                    ["restore-point", "create", "-n", "x"], ["plan"], ["explain"], ["restore", "-n", "copy"],
                ]
                var commands = ofServer.map { $0 + ["-s", "orders"] }
                commands += [["show"], ["stop"], ["wait", "--deleted"], ["delete", "--purge", "--yes"]].map {
                    $0 + ["-n", "orders"]
                }
                // Its own id names a server whatever its group, but not in a group that is not there.
                commands += [["timeline", "-s", source.id], ["wal", "verify", "-s", source.id]]
                commands += [
                    ["revive-dropped", "-n", "copy", "--source-server", "orders"], ["list"],
                    ["stop", "--all"],
                    ["start", "--all"], ["operation", "list"], ["activity-log", "list"],
                ]
                for command in commands {
                    let answer = try product.run(command + ["-g", "nosuchgroup"])
                    #expect(
                        answer.exitStatus == 3 && answer.errors.contains("ResourceGroupNotFound"), "\(answer)"
                    )
                }
                #expect(try product.json("show", "-n", "orders")["state"] == "Ready")
            }
        }

        @Test func `a name means the server of its group, and all of a group are no others`() throws {
            try ProductUnderTest.use("groupnames") { product in
                _ = try product.create("orders")
                try product.json("group", "create", "-n", "team", "-l", "local")
                let login = ["-u", "bob", "-p", ProductUnderTest.adminPassword]
                _ = try product.run(["create", "-n", "stock", "-g", "team"] + login).checked()
                #expect(try product.run(["wal", "verify", "-s", "stock"]).exitStatus == 3)
                #expect(try product.json("wal", "verify", "-s", "stock", "-g", "team")["isWhole"] == true)
                let stopped = try product.json("stop", "--all", "-g", "team").array ?? []
                #expect(stopped.map { $0["server"] } == ["stock"])
                #expect(try product.json("show", "-n", "orders")["state"] == "Ready")
                _ = try product.run(["delete", "-n", "stock", "-g", "team", "--yes"]).checked()
                // What is kept of a deleted one can still be read.
                #expect(try product.json("wal", "verify", "-s", "stock", "-g", "team")["isWhole"] == true)
            }
        }
    }
}
