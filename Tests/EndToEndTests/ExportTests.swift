import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Rows that go out of a copy, what is kept of that, and what all of it takes.
    @Suite(.serialized)
    struct ExportTests {
        private static let hostile = [
            "'); DROP TABLE kept; --", "\\'; ROLLBACK; --", "\\N", "a\tb\\nc\r\n\"d\",e", "\u{1}\\.", "",
            "é🐘",
        ]

        @Test(.timeLimit(.minutes(2)))
        func `an export is what PostgreSQL itself writes, and its manifest is in the evidence`() throws {
            try ProductUnderTest.use("export") { product in
                let source = try product.create("shop")
                try Self.fill(source)
                let copy = try product.restore("copy", from: "shop", ["--allow", "127.0.0.1"]).server
                // A directory of the person's own, in which the servers' account may do nothing.
                let folder = product.scratch.file("own")
                try DurableFiles.makeDirectory(folder)
                try Self.checkFormats(product, copy, folder)
                try Self.checkRights(product, copy, folder)
                try Self.checkRefusals(product, copy, folder)
                try Self.checkUsage(product)
            }
        }

        private static func fill(_ server: ManagedServer) throws {
            let connection = try server.superuser()
            defer { connection.close() }
            try connection.execute("CREATE TABLE kept (x int); CREATE SCHEMA s; CREATE SEQUENCE counter")
            try connection.execute(
                """
                CREATE TABLE s."Odd rows" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a'b\\" text,
                    twice int GENERATED ALWAYS AS (length("a'b\\") * 2) STORED, raw bytea, many text[])
                """)
            for value in hostile {
                _ = try connection.query(
                    "INSERT INTO s.\"Odd rows\" (\"a'b\\\", raw, many) "
                        + "VALUES ($1::text, decode(md5($1::text), 'hex'), ARRAY[$1::text, NULL])", [value])
            }
            try connection.execute(
                "INSERT INTO s.\"Odd rows\" (raw) SELECT NULL FROM generate_series(1, 250)")
        }

        private static func checkFormats(
            _ product: ProductUnderTest, _ copy: ManagedServer, _ folder: String
        ) throws {
            func export(_ file: String, _ options: [String]) throws -> JSONValue {
                let words =
                    ["export", "-n", "copy", "--table", "s.Odd rows"] + options + ["\(folder)/\(file)"]
                let told = try product.run(words).value()
                let manifest = try DurableFiles.read("\(folder)/\(file).manifest.json")
                #expect(try JSONValue.parse(manifest) == told)
                let sum = try SystemCommands().run(Command("sha256sum", ["\(folder)/\(file)"]))
                #expect(
                    sum.standardOutput.split(separator: " ").first.map(String.init) == told["sha256"]?.string)
                let size = DurableFiles.status("\(folder)/\(file)")?.size
                #expect(told["bytes"]?.integer == size.map { Int64($0) })
                return told
            }
            func text(_ file: String) throws -> String {
                String(decoding: try DurableFiles.read("\(folder)/\(file)"), as: UTF8.self)
            }
            let columns = "id, \"a'b\\\", twice, raw, many"
            let csv = try export("all.csv", [])
            #expect(csv["rows"] == 257 && csv["format"] == "csv" && csv["login"] == "azuresu", "\(csv)")
            #expect(
                try text("all.csv")
                    == copy.copied("SELECT \(columns) FROM s.\"Odd rows\"", "FORMAT csv, HEADER"))
            let some = try export(
                "some.txt",
                ["--format", "copy", "--columns", "raw,id", "--where", "id > 3 AND raw IS NOT NULL -- odd"])
            #expect(some["rows"] == 4 && some["columns"] == ["raw", "id"], "\(some)")
            let query = "SELECT raw, id FROM s.\"Odd rows\" WHERE id > 3 AND raw IS NOT NULL"
            #expect(try text("some.txt") == copy.copied(query, "FORMAT text"))
            // The script is the rows, and nothing in it is a command.
            let whole = "SELECT md5(string_agg(r::text, '|' ORDER BY r.id)) FROM s.\"Odd rows\" r"
            let connection = try copy.superuser()
            defer { connection.close() }
            let before = try connection.query(whole).scalar
            let script = try export("rows.sql", ["--format", "sql"])
            #expect(script["columns"]?.array?.count == 4, "\(script)")
            try connection.execute("DELETE FROM s.\"Odd rows\"")
            let run = try copy.psql("\(folder)/rows.sql", database: "postgres")
            #expect(run.succeeded && run.standardError.isEmpty, "\(run.words)")
            #expect(try connection.query(whole).scalar == before)
            let streamed = try product.run(
                ["export", "-n", "copy", "--table", "kept", "--where", "x = 1", "-"]
            ).checked()
            #expect(streamed.output == "x\n" && streamed.errors.contains("0 rows"), "\(streamed)")
            let kept = try product.json("evidence", "show", "-n", "copy")
            #expect(kept["exports"]?.array?.prefix(3).map { $0 } == [csv, some, script], "\(kept)")
            #expect(kept["exports"]?.array?.count == 4)
        }

        /// A login has its own rights, and row security is refused rather than obeyed in silence.
        private static func checkRights(
            _ product: ProductUnderTest, _ copy: ManagedServer, _ folder: String
        ) throws {
            let connection = try copy.superuser()
            defer { connection.close() }
            let words = ["export", "-n", "copy", "-u", "bob", "--table", "kept", folder + "/bob.csv"]
            let environment = ["PGPASSWORD": ProductUnderTest.adminPassword]
            let refused = try product.run(words, environment: environment)
            #expect(refused.exitStatus == 1 && refused.errors.contains("permission denied"), "\(refused)")
            try connection.execute("GRANT SELECT ON kept TO bob; INSERT INTO kept VALUES (1), (2)")
            let told = try product.run(words, environment: environment).value()
            #expect(told["rows"] == 2 && told["login"] == "bob", "\(told)")
            try connection.execute("ALTER TABLE kept ENABLE ROW LEVEL SECURITY")
            let hidden = try product.run(words.dropLast() + [folder + "/x.csv"], environment: environment)
            #expect(hidden.errors.contains("row-level security"), "\(hidden)")
        }

        private static func checkRefusals(
            _ product: ProductUnderTest, _ copy: ManagedServer, _ folder: String
        ) throws {
            let before = try DurableFiles.list(folder)
            func refuses(_ options: [String], _ status: Int32, _ words: String) throws {
                let answer = try product.run(["export", "-n", "copy"] + options + [folder + "/refused"])
                #expect(answer.exitStatus == status && answer.errors.contains(words), "\(answer)")
            }
            let trap = folder + "/trap"
            for condition in [
                "true) TO PROGRAM 'touch \(trap)' --", "true; DROP TABLE kept", "true /*", ") OR (true",
                "y = 1",
            ] {
                try refuses(["--table", "kept", "--where", condition], 2, "does not take the condition")
            }
            try refuses(
                ["--table", "kept", "--where", "nextval('public.counter') > 0"], 1, "read-only transaction")
            try refuses(["--table", "nothing"], 3, "there is no table 'nothing'")
            try refuses(["--table", "kept", "--columns", "x,z"], 3, "no column 'z'")
            try refuses(["--table", "Odd rows", "--format", "sql", "--columns", "twice"], 2, "is generated")
            try refuses(["--table", "pg_catalog.pg_tables"], 1, "is no table of its own")
            #expect(try DurableFiles.list(folder) == before, "nothing is left of what was refused")
            let again = try product.run(["export", "-n", "copy", "--table", "kept", folder + "/bob.csv"])
            #expect(again.exitStatus == 2 && again.errors.contains("nothing is overwritten"), "\(again)")
        }

        /// What it tells to be removable is removed by the command that it tells.
        private static func checkUsage(_ product: ProductUnderTest) throws {
            func kinds() throws -> [String] {
                let usage = try product.json("usage")
                return usage["removable"]?.array?.compactMap { $0["kind"]?.string } ?? []
            }
            #expect(try product.json("list", "--temporary") == [])
            _ = try product.run(["update", "-n", "copy", "--expires", "1s"]).checked()
            let isOver = try ProductUnderTest.eventually(seconds: 30) { try kinds().first == "expiredCopy" }
            #expect(isOver)
            let usage = try product.json("usage")
            let servers = usage["servers"]?.array ?? []
            #expect(servers.map { $0["name"]?.string } == ["copy", "shop"], "\(usage)")
            for server in servers {
                let id = try #require(server["id"]?.string)
                let data = TreeSize.bytes(below: "\(product.home)/servers/\(id)/data")
                let told = UInt64(server["dataBytes"]?.integer ?? 0)
                #expect(told > data / 2 && told < data * 2, "\(server)")
                #expect((server["memoryBytes"]?.integer ?? 0) > 1 << 20, "\(server)")
                #expect(server["vCoreHours"] != .null && server["runningSinceUtc"] != .null, "\(server)")
            }
            #expect((servers.first?["evidenceBytes"]?.integer ?? 0) > 0)
            for expected in [["expiredCopy"], ["deletedServer", "evidence"], ["evidence"]] {
                let things = try product.json("usage")["removable"]?.array ?? []
                #expect(things.map { $0["kind"]?.string } == expected, "\(things)")
                let command = things.first?["command"]?.string ?? ""
                let words = command.split(separator: " ").dropFirst().map(String.init)
                _ = try product.run(words + ["--yes"]).checked()
            }
            #expect(try kinds().isEmpty)
        }
    }
}

extension ManagedServer {
    /// What `COPY` itself writes.
    fileprivate func copied(_ query: String, _ options: String) throws -> String {
        try SystemCommands().run(
            Command(
                "/usr/bin/psql",
                [
                    "-X", "-h", socketDirectory, "-p", String(port), "-U", "azuresu", "-d", "postgres", "-c",
                    "COPY (\(query)) TO STDOUT (\(options))",
                ], timeoutSeconds: 60)
        ).standardOutput
    }
}
