import Foundation
#if canImport(Glibc)
    import Glibc
#endif
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Takes transactions back: the source with the script applied equals a ledger replayed without them.
    @Suite(.serialized)
    struct UndoTests {
        /// 1 row of a table by its key, as text.
        typealias Rows = [String: [String: String?]]

        private static let tables = ["pairs", "parents", "children", "parts"]

        @Test(.timeLimit(.minutes(1)))
        func `the script leaves what a ledger has without the transaction, cell by cell`() throws {
            let rounds = ProcessInfo.processInfo.environment["PITR_UNDO_ROUNDS"].flatMap { Int($0) } ?? 3
            let seed = SeededRandom().seed
            try ProductUnderTest.use("undo") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                for round in 0..<rounds {
                    var work = UndoWorkload(seed: seed &+ UInt64(round))
                    try Self.check(&work, round: round, product, server)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `names, values and tables without a key come through, and what was killed is cleared away`()
            throws
        {
            try ProductUnderTest.use("undo-names") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                let table = "\"t\n; DROP TABLE kept; --'\\ \"\" \u{202e}\""
                try connection.execute("CREATE TABLE kept (x int)")
                try connection.execute(
                    "CREATE TABLE \(table) (id int PRIMARY KEY, \"t\" text, \"a'b\\\" text, \"r\" text)")
                try connection.execute("CREATE TABLE bag (x int, y text)")
                let values = [
                    "'; ROLLBACK; DROP TABLE kept; --", "\\'; DROP TABLE kept; --", "\\q\n\\! true\n",
                    "\u{1}",
                ]
                for (place, value) in values.enumerated() {
                    _ = try connection.query(
                        "INSERT INTO \(table) VALUES ($1::int, $2, $2, $2)", [String(place), value])
                }
                try connection.execute("INSERT INTO bag SELECT g % 3, 'y' FROM generate_series(1, 30) g")
                let whole = "SELECT string_agg(r::text, '|' ORDER BY r::text) FROM"
                let before = [
                    try connection.value("\(whole) (SELECT * FROM \(table)) r"),
                    try connection.value("\(whole) (SELECT * FROM bag) r"),
                ]
                try connection.execute(
                    "BEGIN; UPDATE \(table) SET \"a'b\\\" = 'gone', t = NULL; DELETE FROM bag WHERE x = 1; "
                        + "UPDATE bag SET y = 'z' WHERE x = 2; INSERT INTO bag VALUES (0, 'y'), (7, 'n'); COMMIT"
                )
                let undo = ["undo", "-s", "shop", "--event", "update public.bag"]
                let shown = try product.run(undo + ["--preview"]).value()
                #expect(shown["proof"] == "none" && shown["writtenRows"] == 26, "\(shown)")
                let folder = product.home + "/out"
                try product.json("undo", "-s", "shop", "--event", "update bag", "--out", folder)
                for _ in 0..<2 {
                    let script = try server.psql(folder + "/repair.sql", database: "postgres")
                    #expect(script.succeeded, "\(script.words)")
                    #expect(try connection.value("\(whole) (SELECT * FROM \(table)) r") == before[0])
                    #expect(try connection.value("\(whole) (SELECT * FROM bag) r") == before[1])
                }
                try connection.execute("INSERT INTO bag VALUES (1, 'y')")
                let stopped = try server.psql(folder + "/repair.sql", database: "postgres")
                #expect(!stopped.succeeded && stopped.standardError.contains("stop: rows of public.bag"))
                #expect(try connection.value("SELECT to_regclass('kept') IS NOT NULL") == "t")
                try Self.kill(undo + ["--nth", "1", "--preview"], product)
            }
        }

        /// Killed while its copies run, it leaves nothing that one maintenance does not clear away.
        private static func kill(_ arguments: [String], _ product: ProductUnderTest) throws {
            let operations = product.home + "/operations"
            let process = try product.start(arguments)
            func copies() -> [String] {
                ((try? DurableFiles.list("/proc")) ?? []).filter { name in
                    Int32(name) != nil
                        && ((try? LinkTarget.of("/proc/\(name)/cwd")) ?? "").hasPrefix(operations)
                }
            }
            #expect(ProductUnderTest.eventually(seconds: 30) { copies().count > 3 })
            Glibc.kill(process, SIGKILL)
            let done = try product.json("maintain")
            #expect(copies().isEmpty, "\(done)")
            #expect(try DurableFiles.listIfPresent(operations).isEmpty, "\(done)")
        }

        private static func check(
            _ work: inout UndoWorkload, round: Int, _ product: ProductUnderTest, _ server: ManagedServer
        ) throws {
            let name = "w\(round)"
            try product.json("db", "create", "-s", "shop", "-n", name)
            let connection = try server.superuser(database: name)
            defer { connection.close() }
            for statement in UndoWorkload.schema { try connection.execute(statement) }
            for statement in work.filling() { try connection.execute(statement) }
            var states = [try ledger(connection)]
            var xids: [String] = []
            var done: [[String]] = []
            for _ in 0..<8 {
                let statements = work.transaction()
                try connection.execute("BEGIN")
                xids.append(try connection.query("SELECT txid_current()::text").scalar ?? "")
                for statement in statements { try work.run(statement, connection) }
                try connection.execute("COMMIT")
                states.append(try ledger(connection))
                done.append(statements)
            }
            let victim = work.victim(of: 8)
            let told = "seed \(work.seed), transaction \(victim): \(done)"
            let folder = product.home + "/out-\(round)"
            let result = try product.json(
                "undo", "-s", "shop", "--xid", xids[victim], "--conflicts", "skip", "--out", folder)
            let expected = UndoLedger(states: states, victim: victim)
            #expect(result["proof"] == (expected.isNothing ? "none" : "passed"), "\(told)\n\(result)")
            let script = try server.psql(folder + "/repair.sql", database: name)
            #expect(script.succeeded, "\(script.words)\n\(told)")
            let now = try ledger(connection)
            for table in Self.tables {
                #expect(now[table] == expected.rows[table], "\(table), \(told)")
            }
            let conflicts = Set(
                try String(contentsOfFile: folder + "/conflicts.csv", encoding: .utf8).split(separator: "\n")
                    .filter { $0.hasPrefix("public.") }
                    .map { $0.split(separator: ",").prefix(2).joined(separator: ",") })
            #expect(conflicts == expected.conflicts, "\(told)")
            let second = try server.psql(folder + "/repair.sql", database: name)
            #expect(second.succeeded, "\(second.words)\n\(told)")
            #expect(try ledger(connection) == now, "\(told)")
        }

        /// Every row of every table, each cell as PostgreSQL prints it.
        static func ledger(_ connection: Connection) throws -> [String: Rows] {
            var state: [String: Rows] = [:]
            for table in Self.tables {
                let answer = try connection.query("SELECT * FROM public.\(table)")
                var rows: Rows = [:]
                for row in answer.rows {
                    let cells = Dictionary(uniqueKeysWithValues: zip(answer.columns, row))
                    let key = UndoWorkload.keys[table, default: []].map {
                        "\($0)=\(cells[$0].flatMap { $0 } ?? "")"
                    }
                    rows[key.joined(separator: " ")] = cells
                }
                state[table] = rows
            }
            return state
        }
    }
}

extension ManagedServer {
    /// Runs a script as its reader would, over the private socket.
    func psql(_ path: String, database: String) throws -> CommandResult {
        try SystemCommands().run(
            Command(
                "/usr/bin/psql",
                [
                    "-X", "-h", socketDirectory, "-p", String(port), "-U", "azuresu", "-d", database, "-f",
                    path,
                ], timeoutSeconds: 60))
    }
}
