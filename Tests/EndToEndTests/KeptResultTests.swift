import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Undos and comparisons that the daemon carries out: operations like others, whose results are kept.
    @Suite(.serialized)
    struct KeptResultTests {
        private static let attack = "<b>'; DROP TABLE t; --"

        private static func serve(_ product: ProductUnderTest, killAt: String? = nil) throws -> Int32 {
            let endpoint = product.home + "/api/endpoint.json"
            try DurableFiles.removeFile(endpoint)
            let pid = try product.start(
                ["serve", "--port", "0"], environment: killAt.map { ["PITR_KILL_AT": $0] } ?? [:])
            #expect(ProductUnderTest.eventually { DurableFiles.status(endpoint) != nil })
            return pid
        }

        private static func end(_ pid: Int32) {
            kill(pid, SIGTERM)
            #expect(ProductUnderTest.eventually(seconds: 60) { ChildProcess.hasEnded(pid) })
        }

        /// Hands a command over, and waits until its operation is over.
        private static func run(_ product: ProductUnderTest, _ words: String...) throws -> JSONValue {
            let before = try product.json("operation", "list", "--all").array?.count ?? 0
            let accepted = try product.run(words + ["--no-wait"])
            #expect(accepted.exitStatus == 0, "\(accepted)")
            func newest() throws -> JSONValue? {
                let all = try product.json("operation", "list", "--all").array ?? []
                return all.count > before ? all.first { $0["kind"]?.string == words.first } : nil
            }
            let isOver = try ProductUnderTest.eventually(seconds: 100) {
                try ["Succeeded", "Failed", "Canceled"].contains(newest()?["status"]?.string ?? "")
            }
            #expect(isOver)
            return try #require(try newest())
        }

        private static func done(_ product: ProductUnderTest, _ words: String...) throws {
            let answer = try product.run(words)
            #expect(answer.exitStatus == 0, "\(answer)")
        }

        private static func file(_ product: ProductUnderTest, _ id: String, _ name: String) throws -> String {
            let answer = try product.run(["result", "export", "-n", id, "--only", name, "-"])
            #expect(answer.exitStatus == 0, "\(answer)")
            return answer.output
        }

        @Test(.timeLimit(.minutes(5)))
        func `an undo and a comparison are carried out by the daemon, and what came of them is kept`() throws
        {
            try ProductUnderTest.use("kept") { product in
                let server = try product.create("orders")
                let orders = try server.superuser()
                defer { orders.close() }
                try orders.execute("CREATE TABLE t (id int PRIMARY KEY, note text)")
                try orders.execute("INSERT INTO t SELECT g, 'old ' || g FROM generate_series(1, 40) g")
                try Self.done(product, "restore", "-n", "copy", "--source-server", "orders")
                try orders.execute("UPDATE t SET note = '\(Self.attack.replacing("'", with: "''"))'")

                try Self.killed(product)
                let daemon = try Self.serve(product)
                defer { Self.end(daemon) }
                try Self.canceled(product)
                try Self.verified(product, server)
                let undo = try Self.run(product, "undo", "-s", "orders", "--event", "update t")
                #expect(undo["status"] == "Succeeded", "\(undo)")
                let id = try #require(undo["id"]?.string)
                let shown = try product.json("result", "show", "-n", id)
                #expect(
                    shown["result"]?["proof"] == "passed" && shown["result"]?["writtenRows"] == 40, "\(shown)"
                )
                #expect(shown["tables"]?.array?.first?["counts"]?.array?.first?["words"] == "restorable")
                let names = shown["files"]?.array?.compactMap { $0["name"]?.string }
                #expect(
                    names == ["conflicts.csv", "repair.sql", "report.json", "report.md", "rows/public.t.csv"])
                #expect(DurableFiles.status(product.home + "/results/" + id)?.permissions == 0o700)

                // What comes out is what the command would have left: psql takes it, and it does what it
                // says.
                let script = product.scratch.path + "/repair.sql"
                try Self.done(product, "result", "export", "-n", id, "--only", "repair.sql", script)
                let repair = try server.psql(script, database: "postgres")
                #expect(repair.succeeded, "\(repair.words)")
                #expect(try orders.value("SELECT count(*) FROM t WHERE note = 'old ' || id") == "40")
                let rows = try Self.file(product, id, "rows/public.t.csv")
                #expect(
                    rows.contains("\"\(Self.attack)\"") || rows.contains(Self.attack), "\(rows.prefix(300))")
                let absent = try product.run(["result", "export", "-n", id, "--only", "../result.json", "-"])
                #expect(absent.exitStatus != 0 && absent.errors.contains("has no file"), "\(absent)")

                let bundle = product.scratch.path + "/undo.tar"
                let bundled = try product.json("evidence", "bundle", "--undo", id, bundle)
                let items = bundled["files"]?.array?.compactMap { $0["name"]?.string } ?? []
                #expect(items.contains("undo/repair.sql") && items.contains("activity.json"), "\(items)")
                let nothing = try product.run(["evidence", "bundle", "--undo", "nothing", bundle + "2"])
                #expect(nothing.errors.contains("neither a folder nor a result"), "\(nothing)")

                try Self.compared(product)
                let usage = try product.json("usage")
                #expect((usage["resultBytes"]?.integer ?? 0) > 0, "\(usage)")
                try Self.done(product, "result", "delete", "-n", id, "-y")
                #expect(try product.json("result", "list").array?.count == 1)
                // With the server that it is about, for good.
                try Self.done(product, "delete", "-n", "copy", "--purge", "-y")
                #expect(try DurableFiles.list(product.home + "/results") == [])
            }
        }

        /// One that is called off while it is at work leaves nothing: no copy, no file.
        private static func canceled(_ product: ProductUnderTest) throws {
            let slow = ["--where", "pg_sleep(0.1) IS NOT NULL"]
            _ = try product.run(["undo", "-s", "orders", "--event", "update t", "--no-wait"] + slow).checked()
            let hasCopies = try ProductUnderTest.eventually(seconds: 60) {
                try product.json("list", "--temporary").array?.isEmpty == false
            }
            #expect(hasCopies)
            let open = try product.json("operation", "list").array ?? []
            let id = try #require(open.first { $0["kind"] == "undo" }?["id"]?.string)
            #expect(DurableFiles.status(product.home + "/results/" + id) != nil)
            _ = try product.run(["operation", "cancel", "--id", id]).checked()
            let watched = try product.run(["operation", "show", "--watch", "--id", id])
            #expect(watched.exitStatus == 1 && watched.output.contains("Canceled"), "\(watched)")
            #expect(try product.json("list", "--temporary") == [])
            #expect(try product.json("result", "list") == [])
            for folder in ["results", "operations"] {
                #expect(try !DurableFiles.list(product.home + "/" + folder).contains(id))
            }
        }

        /// The archive, whole and with a segment missing: what was found is kept.
        private static func verified(_ product: ProductUnderTest, _ server: ManagedServer) throws {
            let session = try server.superuser()
            for _ in 0..<3 {
                try session.execute("SELECT pg_logical_emit_message(true, '', ''); SELECT pg_switch_wal()")
            }
            session.close()
            try ProductUnderTest.waitForArchiver(of: server)
            let never = try product.run(["wal", "verify", "-s", "orders", "--last"])
            #expect(never.exitStatus == 3 && never.errors.contains("was never checked"), "\(never)")
            func verify() throws -> JSONValue {
                _ = try product.run(["wal", "verify", "-s", "orders", "--no-wait"]).checked()
                var newest: JSONValue?
                let isOver = try ProductUnderTest.eventually(seconds: 20) {
                    newest = try product.json("operation", "list", "--all").array?.first
                    return ["Succeeded", "Failed"].contains(newest?["status"]?.string ?? "")
                }
                #expect(isOver && newest?["kind"] == "verify-wal", "\(String(describing: newest))")
                return try #require(newest)
            }
            func last() throws -> JSONValue {
                try JSONValue.parse(
                    Array(product.run(["wal", "verify", "-s", "orders", "--last", "-o", "json"]).output.utf8))
            }
            #expect(try verify()["status"] == "Succeeded")
            #expect(try last()["isWhole"] == true && last()["segments"]?.integer ?? 0 > 1)
            let folder = product.home + "/repository/\(server.id)/wal/00000001/"
            let all = try DurableFiles.list(folder).filter { $0.hasSuffix(".zst") && $0.count == 28 }.sorted()
            let (file, away) = (folder + all[1], product.home + "/" + all[1])
            #expect(rename(file, away) == 0)
            defer { #expect(rename(away, file) == 0) }
            let failed = try verify()
            #expect(failed["status"] == "Failed" && failed["error"]?["code"] == "WALDamaged", "\(failed)")
            let told = try last()
            #expect(told["isWhole"] == false && told["findingCount"] == 1, "\(told)")
            let finding = told["findings"]?.array?.first?.string
            #expect(finding?.contains("\(all[1].prefix(24)) is missing") == true, "\(told)")
        }

        private static func compared(_ product: ProductUnderTest) throws {
            let compare = try run(product, "compare", "-n", "copy")
            #expect(compare["status"] == "Succeeded", "\(compare)")
            let listed = try product.json("result", "list", "-s", "copy")
            // Row versions came and went, and every value is what it was.
            #expect(listed.array?.first?["isEqual"] == true, "\(listed)")
        }

        /// A worker that is killed when its files are written leaves nothing, and its operation fails.
        private static func killed(_ product: ProductUnderTest) throws {
            let daemon = try serve(product, killAt: "result: files")
            defer { end(daemon) }
            let undo = try run(product, "undo", "-s", "orders", "--event", "update t")
            #expect(undo["status"] == "Failed", "\(undo)")
            #expect(try DurableFiles.list(product.home + "/results") == [])
            #expect(try product.json("result", "list") == [])
        }
    }
}
