import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Indexes beside the archived WAL come, are shown for what they are, and are made anew on request only.
    @Suite(.serialized)
    struct IndexTests {
        @Test func `pitr wal index tells what is there and makes anew what is not`() throws {
            try ProductUnderTest.use("walindex") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t AS SELECT g AS x FROM generate_series(1, 500) g")
                var names: [String] = []
                for _ in 0..<4 {
                    try connection.execute("INSERT INTO t SELECT g FROM generate_series(1, 300) g")
                    names.append(
                        try #require(
                            try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")))
                    try connection.execute("SELECT pg_switch_wal()")
                }
                let repository = source.repository
                let folder = repository + "/wal/00000001"
                func path(_ place: Int) -> String { folder + "/" + names[place] + ".index" }
                let isThere = ProductUnderTest.eventually { DurableFiles.status(path(3)) != nil }
                try #require(isThere)
                #expect(try Self.states(product).values.allSatisfy { $0 == "present" })

                try DurableFiles.removeFile(path(0))
                var bytes = try DurableFiles.read(path(1))
                bytes[bytes.count / 2] ^= 1
                try Self.overwrite(path(1), bytes)
                try Self.overwrite(path(2), DurableFiles.read(path(3)))
                let before = try Fingerprint(of: repository)
                let states = try Self.states(product)
                #expect(states[names[0]] == "missing")
                #expect(states[names[1]] == "damaged")
                #expect(states[names[2]] == "stale")
                #expect(states[names[3]] == "present")
                // Neither a plan nor a restore repairs them.
                try product.json("plan", "--source-server", "orders")
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "1700")
                #expect(try Fingerprint(of: repository).differences(from: before) == [])

                // Nor does maintenance, while they may still be on their way.
                #expect(try product.json("maintain").array?.contains { $0["action"] == "index-wal" } == false)
                for name in names.prefix(3) {
                    try RunAs().runChecked(
                        Command("touch", ["-d", "2 hours ago", folder + "/" + name + ".zst"]))
                }
                let actions = try product.json("maintain").array ?? []
                #expect(
                    actions.contains { $0["action"] == "index-wal" && $0["outcome"] == "done" },
                    "\(JSONValue.array(actions).printed())")
                #expect(try Self.states(product).values.allSatisfy { $0 == "present" })
                try DurableFiles.removeFile(path(2))
                let rebuilt = try product.json("wal", "index", "-s", "orders", "--rebuild")
                #expect(rebuilt.array?.allSatisfy { $0["state"] == "present" } == true, "\(rebuilt)")
                let again = try product.json("wal", "index", "-s", "orders", "--rebuild", "--all")
                #expect(again.array?.count == rebuilt.array?.count)
                #expect(try product.json("wal", "index", "-s", "orders", "--rebuild", "--all") == again)
                #expect(try product.run(["wal", "index", "-s", "nobody"]).exitStatus == 3)
                #expect(try product.run(["wal", "index", "-s", "orders", "--all"]).exitStatus == 2)
            }
        }

        /// The file keeps its owner, whoever runs the test.
        private static func overwrite(_ path: String, _ bytes: [UInt8]) throws {
            let file = try OpenFile(updating: path)
            try file.write(bytes, at: 0)
            try file.truncate(to: UInt64(bytes.count))
        }

        private static func states(_ product: ProductUnderTest) throws -> [String: String] {
            let answer = try product.json("wal", "index", "-s", "orders")
            var states: [String: String] = [:]
            for entry in answer.array ?? [] {
                if let name = entry["segment"]?.string { states[name] = entry["state"]?.string }
            }
            return states
        }
    }
}
