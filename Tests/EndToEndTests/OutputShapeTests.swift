#if canImport(Glibc)
    import Glibc
#endif
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// The JSON of every command has the shape that `fixtures/shapes` holds: whoever reads it in a program
    /// can go on doing so. With `PITR_RECORD_SHAPES=1` what is new is added to the files, and what is not
    /// there any more goes with a file that was removed before; a change that is meant is seen in them.
    @Suite(.serialized)
    struct OutputShapeTests {
        private static let root = DurableFiles.parent(
            of: DurableFiles.parent(of: DurableFiles.parent(of: #filePath)))

        /// Commands that print no JSON of their own, or nothing that could be walked through here.
        private static let others: Set = [
            "serve", "portal", "demo", "completion", "connect", "env", "azure env", "operation cancel",
            "geo-restore",
            // There is one only where a daemon was: `DaemonTests` looks.
            "result show", "result export", "result delete",
            // Of a server that is not ours, and of two versions: their own tests look.
            "attach", "reattach", "detach", "receive", "upgrade", "open",
        ]

        @Test(.timeLimit(.minutes(4))) func `every command prints the paths, types and words it always did`()
            throws
        {
            try ProductUnderTest.use("shapes") { product in
                var walk = Walk(product: product)
                try walk.server()
                try walk.parts()
                try walk.backupsAndWAL()
                try walk.copies()
                try walk.records()
                try walk.end()
                let missing = try Self.commands().subtracting(walk.seen).subtracting(Self.others).sorted()
                #expect(missing.isEmpty, "no shape is looked at of \(missing)")
            }
        }

        @Test func `a difference in a path, a type, a word or the order is seen`() throws {
            let known = OutputShape(of: ["name": "a", "state": "Ready", "list": [["n": 1], ["n": nil]]])
            func differences(_ value: JSONValue) -> [String] {
                OutputShape(known.text).differences(of: OutputShape(of: value))
            }
            #expect(differences(["name": "b", "state": "Ready", "list": []]) == [])
            #expect(differences(["name": "b", "state": "Ready", "list": [["n": nil]]]) == [])
            #expect(differences(["name": "b", "state": "Ready"]) == [".list is gone"])
            #expect(differences(["name": 1, "state": "Ready", "list": []]).count == 1)
            #expect(differences(["name": "b", "state": "Reddy", "list": []]) == [".state says [\"Reddy\"]"])
            #expect(differences(["state": "Ready", "name": "b", "list": []]).count == 1)
            let added = differences(["name": "b", "state": "Ready", "list": [["n": 1, "m": true]]])
            #expect(added == [".list[].m is new"])
        }

        /// The commands that the reference has a chapter of.
        private static func commands() throws -> Set<String> {
            let text = String(decoding: try DurableFiles.read(root + "/docs/reference.md"), as: UTF8.self)
            let titles = text.split(separator: "\n").filter { $0.hasPrefix("## ") || $0.hasPrefix("### ") }
                .map { String($0.drop { $0 == "#" }.dropFirst()) }
            let groups = Set(titles.compactMap { $0.contains(" ") ? $0.split(separator: " ").first : nil })
            return Set(titles.filter { !groups.contains(Substring($0)) && $0 != "Options of every command" })
        }

        /// The commands, one after the other, on one server.
        private struct Walk {
            let product: ProductUnderTest
            private(set) var seen: Set<String> = []

            /// Runs a command and compares what it prints.
            ///
            /// - Parameter variant: of the command, for one that prints different things.
            @discardableResult
            mutating func look(_ command: String, _ options: String..., variant: String? = nil) throws
                -> JSONValue
            {
                seen.insert(command)
                let words = command.split(separator: " ").map(String.init) + options
                let answer = try product.run(words)
                #expect(answer.exitStatus == 0, "\(answer)")
                let value = try answer.printed()
                let name = (command + (variant.map { " \($0)" } ?? "")).replacing(" ", with: "-")
                let path = OutputShapeTests.root + "/fixtures/shapes/\(name).txt"
                let shape = OutputShape(of: value)
                let text = try DurableFiles.readIfPresent(path).map { String(decoding: $0, as: UTF8.self) }
                var known = OutputShape(text ?? "")
                if getenv("PITR_RECORD_SHAPES") != nil {
                    known.learn(shape)
                    try DurableFiles.write(Array(known.text.utf8), to: path)
                }
                let found = known.differences(of: shape)
                #expect(
                    found.isEmpty, "pitr \(words.joined(separator: " ")): \(found.joined(separator: "; "))")
                return value
            }

            mutating func server() throws {
                try look("create", "-n", "orders", "-u", "bob", "-p", "Passw0rd!x", "--tags", "team=shop")
                try look("show", "-n", "orders")
                try look("list")
                try look("update", "-n", "orders", "--tags", "team=store")
                try look("wait", "-n", "orders", "--created")
                try look("list-skus", "-l", "westeurope")
                try look("show-connection-string", "-s", "orders")
                try look("execute", "-n", "orders", "-p", "Passw0rd!x", "-q", "SELECT 1")
                let connection = try product.server("orders").superuser()
                try connection.execute("CREATE TABLE t (x int PRIMARY KEY, y text)")
                try connection.execute("INSERT INTO t VALUES (1, 'a')")
                try connection.execute("UPDATE t SET y = 'b'")
                try look("undo", "-s", "orders", "--event", "update t", "--preview")
                try look("restart", "-n", "orders")
            }

            mutating func parts() throws {
                try look("parameter set", "-s", "orders", "-n", "work_mem", "-v", "8192")
                try look("parameter show", "-s", "orders", "-n", "work_mem")
                try look("parameter list", "-s", "orders")
                try look("db create", "-s", "orders", "-n", "shop")
                try look("db show", "-s", "orders", "-n", "shop")
                try look("db list", "-s", "orders")
                try look("db delete", "-s", "orders", "-n", "shop", "--yes")
                let address = "--start-ip-address"
                try look("firewall-rule create", "-s", "orders", "-n", "a", address, "127.0.0.9")
                try look("firewall-rule update", "-s", "orders", "-n", "a", address, "127.0.0.8")
                try look("firewall-rule show", "-s", "orders", "-n", "a")
                try look("firewall-rule list", "-s", "orders")
                try look("firewall-rule delete", "-s", "orders", "-n", "a", "--yes")
                try look("group create", "-n", "shop")
                try look("group show", "-n", "shop")
                try look("group list")
                try look("group delete", "-n", "shop", "--yes")
                try look("identity create", "-n", "ada", "--role", "Reader")
                try look("identity role", "-n", "ada", "--role", "Owner")
                try look("identity list")
                try look("identity delete", "-n", "ada", "--yes")
            }

            mutating func backupsAndWAL() throws {
                try look("backup create", "-s", "orders", "-n", "second")
                try look("backup show", "-s", "orders", "-n", "second")
                try look("backup list", "-s", "orders")
                try look("backup verify", "-s", "orders")
                try look("restore-point create", "-s", "orders", "-n", "mark")
                try look("timeline", "-s", "orders")
                try look("wal stats", "-s", "orders")
                try look("wal verify", "-s", "orders")
                let indexed = try look("wal index", "-s", "orders")
                let name = try #require(Self.segment(in: indexed))
                try look("wal show", name, "-s", "orders", "--limit", "20")
                try look("wal get", name, product.scratch.path + "/segment", "-s", "orders")
            }

            private static func segment(in indexed: JSONValue) -> String? {
                let entries = indexed.array ?? indexed.object?.members.compactMap(\.value.array).first ?? []
                return entries.lazy.compactMap { $0["segment"]?.string ?? $0["name"]?.string }.first
            }

            mutating func copies() throws {
                try look("plan", "-s", "orders", "--restore-point", "mark")
                try look("plan", "-s", "orders", variant: "latest")
                try look("restore", "-n", "copy", "--source-server", "orders", "--expires", "8h")
                try look("show", "-n", "copy", variant: "copy")
                try look("explain", "-n", "copy")
                try look("export", "-n", "copy", "--table", "t", product.scratch.path + "/rows.csv")
                try look("compare", "-n", "copy", "-d", "postgres")
                try look("usage")
                try look("list", "--temporary", variant: "temporary")
                let drill = try look("drill run", "-s", "orders")
                let id = try #require(drill["id"]?.string)
                try look("result list")
                try look("drill list")
                try look("drill show", "-n", id)
                try look("drill export", "-n", id, "--format", "json", "-")
                try look("drill schedule", "-s", "orders", "--daily", "03:00")
                let bundle = product.scratch.path + "/bundle.tar"
                try look("evidence bundle", "--drill", id, bundle)
                try look("evidence check", bundle)
                try look("drill delete", "-n", id, "--yes")
                try look("evidence list")
                try look("evidence show", "-n", "copy")
                try look("evidence export", "copy", "-")
                try look("delete", "-n", "copy", "--yes", "--purge")
                try look("evidence delete", "-n", "copy", "--yes")
            }

            mutating func records() throws {
                try look("activity-log list")
                let operations = try look("operation list", "--all")
                let id = try #require(operations.array?.first?["id"]?.string)
                try look("operation show", "--id", id)
                try look("maintain")
                try look("doctor")
            }

            mutating func end() throws {
                try look("backup delete", "-s", "orders", "-n", "second", "--yes")
                try look("stop", "-n", "orders")
                try look("start", "--all")
                try look("delete", "-n", "orders", "--yes", variant: "kept")
                try look("list", "--deleted", variant: "deleted")
                try look("revive-dropped", "-n", "again", "--source-server", "orders")
            }
        }
    }
}
