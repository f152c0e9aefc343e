import Foundation
#if canImport(Glibc)
    import Glibc
#endif
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing
import TestValues

extension EndToEnd {
    /// Takes transactions back: the source with the script applied equals a ledger replayed without them.
    @Suite(.serialized)
    struct UndoTests {
        /// 1 row of a table by its key, as text.
        typealias Rows = [String: [String: String?]]

        private static let tables = ["pairs", "parents", "children", "parts"]

        @Test(.timeLimit(.minutes(4)))
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

        @Test(.timeLimit(.minutes(4)))
        func `names, values and tables without a key come through, and what was killed is cleared away`()
            throws
        {
            try ProductUnderTest.use("undo-names") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                // With a combining sign behind it a quotation mark is one sign with it for Swift.
                let table = "\"t'\u{301};DROP TABLE kept; --\n; --'\\ \"\"\u{301} \u{202e}\""
                try connection.execute("CREATE TABLE kept (x int)")
                try connection.execute(
                    "CREATE TABLE \(table) (id int PRIMARY KEY, \"t\" text, \"a'b\\\" text, \"r\" text)")
                try connection.execute("CREATE TABLE bag (x int, y text)")
                try connection.execute("CREATE TABLE held (t int REFERENCES \(table) ON DELETE CASCADE)")
                let values = [
                    "'; ROLLBACK; DROP TABLE kept; --", "\\'; DROP TABLE kept; --", "\\q\n\\! true\n",
                    "\u{1}", "cafe\u{301}",
                ]
                for (place, value) in values.enumerated() {
                    _ = try connection.query(
                        "INSERT INTO \(table) VALUES ($1::int, $2, $2, $2)", [String(place), value])
                }
                try connection.execute("INSERT INTO bag SELECT g % 3, 'y' FROM generate_series(1, 30) g")
                let whole =
                    "SELECT encode(convert_to(string_agg(r::text, '|' ORDER BY r::text), 'UTF8'), 'hex') FROM"
                let before = [
                    try connection.value("\(whole) (SELECT * FROM \(table)) r"),
                    try connection.value("\(whole) (SELECT * FROM bag) r"),
                ]
                try connection.execute(
                    "BEGIN; UPDATE \(table) SET \"a'b\\\" = 'gone', t = NULL, r = normalize(r); "
                        + "INSERT INTO \(table) VALUES (77); DELETE FROM bag WHERE x = 1; "
                        + "UPDATE bag SET y = 'z' WHERE x = 2; INSERT INTO bag VALUES (0, 'y'), (7, 'n'); COMMIT"
                )
                let undo = ["undo", "-s", "shop", "--event", "update public.bag"]
                let shown = try product.run(undo + ["--preview"]).value()
                #expect(shown["proof"] == "none" && shown["writtenRows"] == 28, "\(shown)")
                let folder = product.home + "/out"
                try product.json("undo", "-s", "shop", "--event", "update bag", "--out", folder)
                // Whoever refers by now to what is to go would go with it.
                try connection.execute("INSERT INTO held VALUES (77)")
                let referred = try server.psql(folder + "/repair.sql", database: "postgres")
                #expect(
                    !referred.succeeded && referred.standardError.contains("stop: 1 rows of public.held"),
                    "\(referred.words)")
                #expect(try connection.value("SELECT count(*) FROM held") == "1")
                try connection.execute("DELETE FROM held")
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

        @Test(.timeLimit(.minutes(4)))
        func `several transactions are taken back as one, and what others wrote between them stays`() throws {
            try ProductUnderTest.use("undo-several") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                try connection.execute("CREATE TABLE t (id int PRIMARY KEY, a text, b text)")
                try connection.execute("INSERT INTO t SELECT g, 'old', 'old' FROM generate_series(1, 5) g")
                func rows() throws -> String? {
                    try connection.value("SELECT string_agg(id || a || b, ' ' ORDER BY id) FROM t")
                }
                func time(_ later: String = "0") throws -> String {
                    try connection.value("SELECT clock_timestamp() + interval '\(later)'") ?? ""
                }
                try connection.execute("CREATE TABLE late (x int)")
                let (start, first) = (try rows(), try time())
                for statement in [
                    "UPDATE t SET a = 'bad' WHERE id <= 4", "UPDATE t SET b = 'good' WHERE id IN (1, 3)",
                    "UPDATE t SET a = 'good' WHERE id = 2", "DELETE FROM t WHERE id = 5",
                    "UPDATE t SET a = 'worse', b = 'worse' WHERE id <= 4",
                    "INSERT INTO t VALUES (6, 'x', 'y')",
                    "UPDATE t SET b = 'kept' WHERE id = 3",
                ] { try connection.execute(statement) }
                let last = try time()
                try connection.execute("INSERT INTO late VALUES (1)")
                let folder = product.home + "/out"
                let undo = ["undo", "-s", "shop", "--conflicts", "skip"]
                let window = try product.run(
                    undo + ["--from", first, "--to", last, "--out", folder + "-all"]
                ).value()
                #expect(window["proof"] == "passed" && window["conflictRows"] == 0, "\(window)")
                #expect(window["transactions"]?.array?.count == 7, "\(window)")
                let open = try product.run(
                    undo + ["--from", first, "--to", try time("1 hour"), "--preview"]
                ).value()
                #expect(open["transactions"]?.array?.count == 8, "\(open)")
                let some = try product.run(
                    undo + ["--event", "update t", "--min-rows", "4", "--every", "--out", folder]
                ).value()
                #expect(some["proof"] == "passed" && some["conflictRows"] == 2, "\(some)")
                #expect(try server.psql(folder + "/repair.sql", database: "postgres").succeeded)
                // In row 2 somebody else wrote the same cell in between, in row 3 after both.
                #expect(try rows() == "1oldgood 2worseworse 3worsekept 4oldold 6xy")
                try connection.execute(
                    "UPDATE t SET a = 'worse', b = CASE id WHEN 3 THEN 'kept' ELSE 'worse' END WHERE id <= 4")
                let stopped = try server.psql(folder + "-all/repair.sql", database: "postgres")
                #expect(stopped.succeeded, "\(stopped.words)")
                #expect(try rows() == start)
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `what was dropped or emptied comes back as it was, with the rows of now`() throws {
            try ProductUnderTest.use("undo-drop") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                for statement in Self.droppable { try connection.execute(statement) }
                let dump = { try server.tool("pg_dump", ["--schema-only", "-d", "postgres"]) }
                let state = "SELECT string_agg(t::text, '|' ORDER BY t::text) FROM"
                let tables = ["parent", "child", "log", "parted", "spare"]
                func rows() throws -> [String?] {
                    try tables.map { try connection.value("\(state) (SELECT * FROM \($0)) t") }
                }
                let (before, definitions) = (try rows(), try dump())
                // A catalog that was written anew has a file like those of tables.
                try connection.execute("VACUUM FULL pg_depend")
                try connection.execute(
                    "BEGIN; DROP TABLE parent, spare CASCADE; TRUNCATE log, parted; COMMIT")
                try connection.execute("INSERT INTO log VALUES ('now')")
                try connection.execute("INSERT INTO parted VALUES (2, 'taken')")
                let part = try product.json(
                    "undo", "-s", "shop", "--event", "drop table parent", "--table", "spare", "--preview")
                #expect(part["madeAgain"] == [] && part["writtenRows"] == 0, "\(part)")
                let left = (part["leftOut"]?.array ?? []).compactMap { $0["subject"]?.string }
                #expect(left.contains("public.parent") && left.contains("definitions"), "\(part)")
                let folder = product.home + "/out"
                let result = try product.json(
                    "undo", "-s", "shop", "--event", "drop table parent", "--conflicts", "skip", "--out",
                    folder)
                #expect(result["proof"] == "passed" && result["conflictRows"] == 1, "\(result)")
                let script = try server.psql(folder + "/repair.sql", database: "postgres")
                #expect(script.succeeded, "\(script.words)")
                #expect(Self.plain(try dump()) == Self.plain(definitions))
                try connection.execute("DELETE FROM log WHERE line = 'now'")
                try connection.execute("UPDATE parted SET v = 'two' WHERE id = 2")
                #expect(try rows() == before)
                #expect(try connection.value("SELECT nextval('parent_id_seq') > 5") == "t")
                let again = try server.psql(folder + "/repair.sql", database: "postgres")
                #expect(!again.succeeded && again.standardError.contains("is there already"))
                try Self.checkReload(product, server)
                try Self.checkSeveral(product, server)
            }
        }

        /// A table that one transaction emptied and filled again with the same keys has its rows updated.
        private static func checkReload(_ product: ProductUnderTest, _ server: ManagedServer) throws {
            let connection = try server.superuser()
            defer { connection.close() }
            try connection.execute("CREATE TABLE loaded (id int PRIMARY KEY, v text)")
            try connection.execute("INSERT INTO loaded SELECT g, 'old' FROM generate_series(1, 3) g")
            try connection.execute("BEGIN; TRUNCATE loaded")
            let xid = try connection.value("SELECT txid_current()") ?? ""
            try connection.execute(
                "INSERT INTO loaded SELECT g, 'new' FROM generate_series(1, 3) g; COMMIT")
            let folder = product.home + "/out-loaded"
            let result = try product.json(
                "undo", "-s", "shop", "--xid", xid, "--conflicts", "skip", "--out", folder)
            #expect(result["proof"] == "passed" && result["writtenRows"] == 3, "\(result)")
            #expect(result["tables"]?.array?.first?["verdicts"]?["restorable"] == 3, "\(result)")
            let script = try server.psql(folder + "/repair.sql", database: "postgres")
            #expect(script.succeeded, "\(script.words)")
            let rows = try connection.value("SELECT string_agg(id || v, ' ' ORDER BY id) FROM loaded")
            #expect(rows == "1old 2old 3old")
        }

        private static let droppable = [
            "CREATE TABLE parent (id serial PRIMARY KEY, v text CHECK (v <> ''), w int[] DEFAULT '{1}')",
            "CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent)",
            "CREATE INDEX by_v ON parent (lower(v)) WHERE v > 'a'",
            "CREATE VIEW seen AS SELECT id, v FROM parent",
            "COMMENT ON COLUMN parent.v IS 'it''s \"v\"'",
            "ALTER TABLE parent ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY own ON parent USING (v = current_user)",
            "GRANT SELECT ON parent TO PUBLIC",
            "CREATE TABLE log (line text)",
            "CREATE TABLE spare (x int)",
            "INSERT INTO spare VALUES (1)",
            "CREATE TABLE parted (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
            "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
            "INSERT INTO parent (v) SELECT 'v' || g FROM generate_series(1, 5) g",
            "INSERT INTO child SELECT g, g FROM generate_series(1, 5) g",
            "INSERT INTO log VALUES ('a'), ('a'), ('b'), (NULL)",
            "INSERT INTO parted VALUES (1, 'one'), (2, 'two')",
        ]

        private static func plain(_ dump: String) -> [Substring] {
            dump.split(separator: "\n").filter { !$0.hasPrefix("\\") }.sorted()
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
            // Held still, so that they are there while they are looked at.
            Glibc.kill(process, SIGSTOP)
            let told = try product.json("list", "--temporary").array ?? []
            let first = told.first { $0["role"] == "now" }
            #expect(first?["kind"] == "undo" && first?["sourceServer"] == "shop", "\(told)")
            #expect((first?["bytes"]?.integer ?? 0) > 1 << 20, "\(told)")
            Glibc.kill(process, SIGKILL)
            #expect(ProductUnderTest.eventually { ChildProcess.hasEnded(process) })
            #expect(try product.json("list", "--temporary") == [], "nobody works with them any more")
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
            // Then its tables are in the backup, and most of their pages are left out of copies.
            if round % 2 == 0 {
                try product.json("backup", "create", "-s", "shop", "-n", name, "--fast")
            }
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
            let victims = work.victims(of: 8)
            let told = "seed \(work.seed), transactions \(victims.sorted()): \(done)"
            let folder = product.home + "/out-\(round)"
            let result = try product.run(
                ["undo", "-s", "shop", "--conflicts", "skip", "--out", folder]
                    + victims.sorted().flatMap { ["--xid", xids[$0]] }
            ).value()
            let expected = UndoLedger(states: states, victims: victims)
            // What triggers wrote is taken back as well, also where nothing else is.
            let mayBeNone = expected.isNothing && result["proof"] == "none"
            #expect(mayBeNone || result["proof"] == "passed", "\(told)\n\(result)")
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
    /// Runs one of PostgreSQL's own programs on the server, and returns what it prints.
    func tool(_ name: String, _ arguments: [String]) throws -> String {
        try SystemCommands().runChecked(
            Command(
                PostgresFixture.binDirectory + "/" + name,
                ["-h", socketDirectory, "-p", String(port), "-U", "azuresu"] + arguments, timeoutSeconds: 60)
        ).standardOutput
    }

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
