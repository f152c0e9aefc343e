import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// SIGKILL at every step of the commands that change what is rendered from the catalog: nobody is let in
    /// who is said to be kept out, and what differs is seen and put right.
    @Suite(.serialized)
    struct ConfigurationKillTests {
        /// Where a command is ended, and whether the door is open then and after it has been put right.
        private struct Kill {
            var point: String
            var isOpenAtOnce: Bool
            var isOpenInTheEnd: Bool
            /// Whether files or server differ from the catalog in between.
            var differs = true
        }

        private static let closing = [
            Kill(point: "close: write", isOpenAtOnce: true, isOpenInTheEnd: true, differs: false),
            Kill(point: "close: load", isOpenAtOnce: true, isOpenInTheEnd: true),
            Kill(point: "access: catalog", isOpenAtOnce: false, isOpenInTheEnd: true),
        ]
        private static let opening = [
            Kill(point: "access: catalog", isOpenAtOnce: false, isOpenInTheEnd: false, differs: false),
            Kill(point: "open: write", isOpenAtOnce: false, isOpenInTheEnd: true),
            Kill(point: "open: load", isOpenAtOnce: false, isOpenInTheEnd: true),
        ]
        private static let open = ["firewall-rule", "create", "-s", "orders", "-n", "a"]
        private static let close = ["firewall-rule", "delete", "-s", "orders", "-n", "a", "--yes"]

        @Test func `a door that is said to be closed is closed, whatever was killed`() throws {
            try ProductUnderTest.use("killrules") { product in
                let source = try product.create("orders", ["--public-access", "Enabled"])
                let here = ["--start-ip-address", "127.0.0.1"]
                for kill in Self.opening {
                    try Self.check(product, source, kill, Self.open + here)
                    _ = try product.run(Self.close)
                }
                // A rule that is replaced by a narrower one: closing and opening in one command.
                for kill in Self.closing {
                    _ = try product.run(Self.open + here).checked()
                    try Self.check(product, source, kill, Self.close)
                    try Self.check(
                        product, source, kill, Self.open + ["--start-ip-address", "127.0.0.2"])
                }
                for kill in Self.closing {
                    try Self.check(
                        product, source, kill, ["update", "-n", "orders", "--public-access", "Disabled"])
                }
                try product.json("update", "-n", "orders", "--public-access", "Disabled")
                for kill in Self.opening {
                    try Self.check(
                        product, source, kill, ["update", "-n", "orders", "--public-access", "Enabled"])
                    try product.json("update", "-n", "orders", "--public-access", "Disabled")
                }
            }
        }

        private static func check(
            _ product: ProductUnderTest, _ server: ManagedServer, _ kill: Kill, _ command: [String]
        ) throws {
            let name = "\(command.joined(separator: " ")) at \(kill.point)"
            let answer = try product.run(command, environment: ["PITR_KILL_AT": kill.point])
            #expect(answer.exitStatus == 137, "\(name): \(answer)")
            #expect(admits(server) == kill.isOpenAtOnce, "\(name), at once")
            let seen = try problems(product)
            #expect(seen.isEmpty != kill.differs, "\(name): \(seen)")
            #expect(admits(server) == kill.isOpenAtOnce, "\(name): doctor changes nothing")
            let actions = try product.json("maintain").array ?? []
            #expect(
                actions.contains { $0["action"] == "configure" && $0["outcome"] == "done" } == kill.differs,
                "\(name): \(JSONValue.array(actions).printed())")
            #expect(admits(server) == kill.isOpenInTheEnd, "\(name), after maintain")
            #expect(try problems(product).isEmpty, "\(name), after maintain")
        }

        @Test func `a difference is put right by the next command, by maintain and by a start`() throws {
            try ProductUnderTest.use("differs") { product in
                let source = try product.create("orders", ["--public-access", "Enabled"])
                let folder = source.folder + "/conf/"
                _ = try product.run(
                    Self.open + ["--start-ip-address", "127.0.0.1"],
                    environment: ["PITR_KILL_AT": "open: load"])
                try product.json("firewall-rule", "list", "-s", "orders")
                #expect(Self.admits(source))

                let change = ["parameter", "set", "-s", "orders", "-n", "work_mem", "-v", "8192"]
                for point in ["parameter: write", "parameter: load", "parameter: catalog"] {
                    let killed = try product.run(change, environment: ["PITR_KILL_AT": point])
                    #expect(killed.exitStatus == 137)
                    let shown = try product.json("parameter", "show", "-s", "orders", "-n", "work_mem")
                    #expect(shown["value"] == "4096", "\(point): it was never said to be set")
                    #expect(try Self.problems(product) == [], "\(point)")
                }
                #expect(try product.run(change).value()["value"] == "8192")

                for file in ["pg_hba.conf", "pg_ident.conf", "user.conf", "postgresql.conf", "server.crt"] {
                    let before = try DurableFiles.read(folder + file)
                    try DurableFiles.write(before + Array("\n# changed\n".utf8), to: folder + file)
                    try RunAs.handOver(folder + file)
                    let seen = try Self.problems(product)
                    #expect(seen.contains { $0.contains(file) }, "\(file): \(seen)")
                    let planned = try product.json("maintain", "--dry-run").array ?? []
                    #expect(planned.contains { $0["action"] == "configure" }, "\(file)")
                    try product.json("maintain")
                    #expect(try Self.problems(product).isEmpty, "\(file)")
                    if file != "server.crt" { #expect(try DurableFiles.read(folder + file) == before) }
                }
                #expect(Self.admits(source))
                for point in ["configure: certificate", "configure: write"] {
                    let killed = try product.run(
                        ["restart", "-n", "orders"], environment: ["PITR_KILL_AT": point])
                    #expect(killed.exitStatus == 137)
                    try product.json("maintain")
                    try product.json("start", "-n", "orders")
                    #expect(Self.admits(source), "\(point)")
                    #expect(try Self.problems(product).isEmpty, "\(point)")
                }
            }
        }

        /// Whether a login from 127.0.0.1 comes as far as to its password.
        private static func admits(_ server: ManagedServer) -> Bool {
            do {
                try server.connect().close()
                return true
            } catch {
                return !"\(error)".contains("no pg_hba.conf entry")
            }
        }

        private static func problems(_ product: ProductUnderTest) throws -> [String] {
            try JSONValue.parse(try product.run(["doctor"]).output).array?.filter {
                $0["level"] != "ok" && $0["subject"] == "server orders"
            }.compactMap { $0["message"]?.string } ?? []
        }
    }
}
