import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// SIGKILL in what keeps the servers' backups, brings deleted servers back and makes a catalog again.
    @Suite(.serialized)
    struct UpkeepKillTests {
        private static let changes = [3, 9, 16, 27, 40]

        /// Base backup, verification, expiry, indexes and the copy to the pair, each day all of them again.
        @Test(.timeLimit(.minutes(2)))
        func `maintenance can be killed anywhere, and loses no backup that is needed`() throws {
            try ProductUnderTest.use("killupkeep") { product in
                let source = try product.create("orders", ["--geo-redundant-backup", "Enabled"])
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x int)")
                for (day, change) in Self.changes.enumerated() {
                    try connection.execute("INSERT INTO t VALUES (\(day)); SELECT pg_switch_wal()")
                    let killed = try product.run(
                        ["maintain", "--accept-clock", "--as-of", "2099-01-\(day + 11)T00:00:00Z"],
                        environment: ["PITR_KILL_AT_CHANGE": String(change)])
                    #expect(killed.exitStatus == 137, "change \(change): \(killed)")
                    try Self.requireSound(product, "change \(change)")
                }
                connection.close()
                let copy = try product.restore("copy", from: "orders").server
                #expect(try copy.superuser().value("SELECT count(*) FROM t") == "\(Self.changes.count)")
                try product.delete("copy")
                _ = try product.run(
                    [
                        "geo-restore", "-n", "copy", "--source-server", "orders", "--location",
                        "local-pair",
                    ]
                ).checked()
                #expect(
                    try product.server("copy").superuser().value("SELECT count(*) FROM t")
                        == "\(Self.changes.count)")
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `reviving, deleting evidence and making a catalog again can be killed and repeated`() throws {
            try ProductUnderTest.use("killrevive") { product in
                let source = try product.create("orders")
                try source.superuser().execute("CREATE TABLE t AS SELECT 7 AS x")
                let former = try product.restore("former", from: "orders").server
                _ = try product.run(["delete", "-n", "former", "--purge", "--yes"]).checked()
                try Self.killEvidence(product, former.id)
                try Self.killRebuild(product)
                try product.delete("orders")
                let revive = ["revive-dropped", "-n", "back", "--source-server", "orders"]
                for step in ["plan", "recover", "complete"] {
                    let killed = try product.run(revive, environment: ["PITR_KILL_AT": step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    try Self.requireSound(product, step)
                    #expect(try product.serverNames() == [], "\(step)")
                }
                let last = try product.run(revive, environment: ["PITR_KILL_AT": "keep evidence"])
                #expect(last.exitStatus == 137, "\(last)")
                try Self.requireSound(product, "keep evidence")
                let back = try product.server("back")
                #expect(try back.superuser().value("SELECT x FROM t") == "7")
                #expect(try product.json("evidence", "show", "-n", "back")["copyExists"] == true)
                #expect(
                    try product.json("list", "--deleted").array?.count == 1, "orders can be revived again")
            }
        }

        private static func killEvidence(_ product: ProductUnderTest, _ id: String) throws {
            for change in 1...20 {
                let killed = try product.run(
                    ["evidence", "delete", "-n", id, "--yes"],
                    environment: ["PITR_KILL_AT_CHANGE": String(change)])
                guard killed.exitStatus == 137 else {
                    #expect(
                        killed.exitStatus == 0 || killed.errors.contains("(ResourceNotFound)"), "\(killed)")
                    #expect(change > 1)
                    #expect(try product.json("evidence", "list") == [])
                    return
                }
                try requireSound(product, "evidence delete at \(change)")
            }
            Issue.record("deleting evidence makes more than 20 changes")
        }

        private static func killRebuild(_ product: ProductUnderTest) throws {
            let before = try servers(product)
            let catalog = product.home + "/catalog.sqlite"
            for change in 1...60 {
                for suffix in ["", "-wal", "-shm"] { try DurableFiles.removeFile(catalog + suffix) }
                let killed = try product.run(
                    ["doctor", "--rebuild-catalog"], environment: ["PITR_KILL_AT_CHANGE": String(change)])
                guard killed.exitStatus == 137 else {
                    #expect(killed.exitStatus == 0 && change > 1, "\(killed)")
                    return
                }
                // Either nothing is there yet, and every command says so, or all of it is.
                let listed = try product.run(["list"])
                if listed.exitStatus != 0 {
                    #expect(listed.errors.contains("doctor --rebuild-catalog"), "\(change): \(listed)")
                    _ = try product.run(["doctor", "--rebuild-catalog"]).checked()
                }
                #expect(try servers(product) == before, "change \(change)")
            }
            Issue.record("making a catalog again makes more than 60 changes")
        }

        private static func servers(_ product: ProductUnderTest) throws -> [JSONValue?] {
            (try product.json("list").array ?? []).flatMap {
                [$0["name"], $0["state"], $0["local"]?["port"]]
            }
        }

        /// One maintenance leaves nothing unfinished, and nothing is wrong then.
        private static func requireSound(_ product: ProductUnderTest, _ words: String) throws {
            let actions = try product.json("maintain").array ?? []
            #expect(
                !actions.contains { $0["outcome"]?.string?.hasPrefix("failed") == true },
                "\(words): \(JSONValue.array(actions).printed())")
            let doctor = try product.run(["doctor"])
            #expect(doctor.exitStatus == 0, "\(words): \(doctor)")
            // The first backup of what was revived may still be under way.
            let isQuiet = try ProductUnderTest.eventually(seconds: 60) {
                try product.json("operation", "list") == []
            }
            #expect(isQuiet, "\(words)")
        }
    }
}
