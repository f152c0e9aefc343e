import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What of a transaction is taken back, and how: columns, rows, triggers, tables that have changed since.
    @Suite(.serialized)
    struct UndoChoiceTests {
        @Test(.timeLimit(.minutes(4)))
        func `rows and columns are chosen, new columns are kept, and triggers may be switched off`() throws {
            try ProductUnderTest.use("undo-choice") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                try Self.damage(connection)
                let undo = ["undo", "-s", "shop", "--event", "delete from t"]

                let firing = try product.run(undo + ["--preview"]).value()
                #expect(firing["conflictRows"] == 3 && firing["writtenRows"] == 1, "\(firing)")
                let conflict = firing["conflicts"]?.array?.first
                #expect(firing["conflicts"]?.array?.count == 3, "\(firing)")
                #expect(conflict?["table"] == "public.t" && conflict?["key"] == "id=1", "\(firing)")
                #expect(conflict?["cells"]?.array?.first?["before"] == "old", "\(firing)")
                #expect(conflict?["writtenSince"]?.array?.count == 1, "\(firing)")
                let off = undo + ["--triggers", "off"]
                try Self.checkChoices(off, product)
                let folder = product.home + "/out"
                let whole = try product.run(off + ["--out", folder]).value()
                #expect(whole["proof"] == "passed" && whole["writtenRows"] == 4, "\(whole)")
                for _ in 0..<2 {
                    let script = try server.psql(folder + "/repair.sql", database: "postgres")
                    #expect(script.succeeded, "\(script.words)")
                    let rows = try connection.value(
                        "SELECT string_agg(id || a || b || c, ' ' ORDER BY id) FROM t")
                    #expect(rows == "1oldold8 2oldold7 3oldold7 4oldold7 5oldold7")
                    let trigger = try connection.value(
                        "SELECT tgenabled FROM pg_trigger WHERE tgname = 'z''z'")
                    #expect(trigger == "A")
                }
                try connection.execute("ALTER TABLE t DISABLE TRIGGER \"z'z\"")
                let stopped = try server.psql(folder + "/repair.sql", database: "postgres")
                #expect(!stopped.succeeded, "\(stopped.words)")
                #expect(stopped.standardError.contains("other triggers"), "\(stopped.words)")
                try Self.checkBatches(product, server, connection)
                try Self.checkDecisions(product, server, connection)
            }
        }

        /// Rows in conflict that somebody decides about in the file that told of them.
        private static func checkDecisions(
            _ product: ProductUnderTest, _ server: ManagedServer, _ connection: Connection
        ) throws {
            try connection.execute("CREATE TABLE d (id int PRIMARY KEY, a text, b text)")
            try connection.execute(
                "INSERT INTO d SELECT g, 'o,\"' || chr(39) || g || E'\n\\\\! true', '' "
                    + "FROM generate_series(1, 5) g")
            try connection.execute("UPDATE d SET a = 'bad', b = 'bad'")
            try connection.execute("UPDATE d SET a = 'later' WHERE id <= 4")
            let undo = ["undo", "-s", "shop", "--event", "update d", "--nth", "1"]
            let first = product.home + "/first"
            let stopped = try product.run(undo + ["--out", first]).value()
            #expect(stopped["proof"] == "stopped" && stopped["conflictRows"] == 4, "\(stopped)")

            let text = String(decoding: try DurableFiles.read(first + "/conflicts.csv"), as: UTF8.self)
            // Every value has a line end in it; a record ends with two empty fields.
            let records = text.split(separator: ",,\n", omittingEmptySubsequences: false)
            #expect(records.count == 5, "\(text)")
            func decide(_ words: [String], _ name: String) throws -> String {
                let lines = zip(records, words).map { record, word in record + ",,\(word)\n" }
                let path = product.home + "/" + name
                try DurableFiles.write(Array(lines.joined().utf8), to: path, durable: false)
                return path
            }
            let some = try decide(["before", "now", "skip", ""], "some.csv")
            let half = try product.run(undo + ["--decisions", some, "--preview"]).value()
            #expect(half["decidedRows"] == 3 && half["proof"] == "stopped", "\(half)")
            let second = product.home + "/second"
            let told = try product.run(
                undo + ["--decisions", some, "--conflicts", "skip", "--out", second]
            ).value()
            #expect(told["proof"] == "passed" && told["writtenRows"] == 3, "\(told)")
            for _ in 0..<2 {
                let script = try server.psql(second + "/repair.sql", database: "postgres")
                #expect(script.succeeded, "\(script.words)")
                let rows = try connection.value(
                    "SELECT string_agg(concat(id, left(a, 1), coalesce(nullif(b, ''), '-')), ' ' "
                        + "ORDER BY id) FROM d")
                #expect(rows == "1o- 2l- 3lbad 4lbad 5o-")
            }
            // Whoever decided saw other values.
            let stale = try product.run(undo + ["--decisions", some, "--preview"])
            #expect(stale.exitStatus == 2 && stale.errors.contains("line 2: public.d id=1"), "\(stale)")
            let wrong = try decide(["before", "maybe"], "wrong.csv")
            let unknown = try product.run(undo + ["--decisions", wrong, "--preview"])
            #expect(unknown.errors.contains("decides 'maybe'"), "\(unknown)")
        }

        /// Keys that go round in a circle, and rows of all kinds, some at a time: stopped before anything was
        /// written, interrupted, and gone on with.
        private static func checkBatches(
            _ product: ProductUnderTest, _ server: ManagedServer, _ connection: Connection
        ) throws {
            try connection.execute(
                """
                CREATE TABLE ring (id int PRIMARY KEY, v text);
                INSERT INTO ring SELECT g, 'old ' || g FROM generate_series(1, 12) g;
                CREATE TABLE pair (a int, k varchar(40), v text, PRIMARY KEY (a, k));
                INSERT INTO pair VALUES (1, 'x', 'first'), (1, 'y', 'second'), (2, 'x', 'third');
                CREATE TABLE bag (v int);
                INSERT INTO bag SELECT g % 3 FROM generate_series(1, 9) g;
                """)
            let state = """
                SELECT concat_ws(' ', (SELECT string_agg(r::text, '' ORDER BY id) FROM ring r),
                    (SELECT string_agg(p::text, '' ORDER BY p) FROM pair p),
                    (SELECT string_agg(b::text, '' ORDER BY v) FROM bag b))
                """
            let before = try connection.value(state)
            try connection.execute(
                """
                BEGIN; UPDATE ring SET id = id + 100 WHERE id <= 3;
                UPDATE ring SET id = CASE id WHEN 101 THEN 2 WHEN 102 THEN 3 ELSE 1 END WHERE id > 100;
                UPDATE ring SET v = 'bad' WHERE id BETWEEN 4 AND 8; DELETE FROM ring WHERE id IN (9, 10);
                INSERT INTO ring VALUES (20, 'bad'), (21, 'bad'), (22, 'bad');
                UPDATE pair SET k = 'z' WHERE v = 'first'; UPDATE pair SET k = 'x' WHERE v = 'second';
                UPDATE pair SET k = 'y' WHERE v = 'first'; UPDATE bag SET v = 8 WHERE v = 1; COMMIT
                """)
            let damaged = try connection.value(state)
            let folder = product.home + "/batches"
            let undo = ["undo", "-s", "shop", "--event", "update ring", "--batch", "2", "--out", folder]
            let told = try product.run(undo).value()
            #expect(told["proof"] == "passed" && told["writtenRows"] == 18, "\(told)")
            let script = folder + "/repair.sql"
            try connection.execute("UPDATE ring SET v = 'mine' WHERE id = 8")
            let stopped = try server.psql(script, database: "postgres")
            #expect(stopped.standardError.contains("stop: 1 of 1 rows of public.ring"), "\(stopped.words)")
            try connection.execute("UPDATE ring SET v = 'bad' WHERE id = 8")
            #expect(try connection.value(state) == damaged, "nothing is written unless all is as planned")
            let text = String(decoding: try DurableFiles.read(script), as: UTF8.self)
            let parts = text.split(separator: "COMMIT;\n", omittingEmptySubsequences: false)
            #expect(parts.count == 11, "what is looked at first, nine batches, and the end")
            for done in [3, 7, 10, 10] {
                let part = product.home + "/part.sql"
                let cut = parts[..<done].joined(separator: "COMMIT;\n") + "COMMIT;\n"
                try DurableFiles.write(Array(cut.utf8), to: part, durable: false)
                let run = try server.psql(part, database: "postgres")
                #expect(run.succeeded, "\(run.words)")
                #expect(try (connection.value(state) == before) == (done == 10))
            }
        }

        /// A transaction's work on a table that gets a column, a constraint and a trigger since.
        private static func damage(_ connection: Connection) throws {
            try connection.execute("CREATE TABLE t (id int PRIMARY KEY, a text, b text)")
            try connection.execute("INSERT INTO t SELECT g, 'old', 'old' FROM generate_series(1, 5) g")
            try connection.execute(
                "BEGIN; UPDATE t SET a = 'bad', b = 'bad' WHERE id <= 3; DELETE FROM t WHERE id = 4; "
                    + "DO $$ BEGIN PERFORM lo_create(0); END $$; COMMIT")
            try connection.execute("ALTER TABLE t ADD COLUMN c int DEFAULT 7")
            // No superuser may run it in a copy.
            try connection.execute(
                "CREATE FUNCTION plain(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
                    + "IF current_setting('is_superuser') = 'on' THEN "
                    + "RETURN current_setting('data_directory') NOT LIKE '%/copies/%'; END IF; "
                    + "RETURN true; END $$")
            try connection.execute("ALTER TABLE t ADD CHECK (plain(a))")
            try connection.execute("UPDATE t SET c = 8 WHERE id = 1")
            try connection.execute(
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
                    + "$$ BEGIN NEW.b := 'trigger'; RETURN NEW; END $$")
            try connection.execute(
                "CREATE TRIGGER \"z'z\" BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()")
            try connection.execute("ALTER TABLE t ENABLE ALWAYS TRIGGER \"z'z\"")
        }

        private static func checkChoices(_ off: [String], _ product: ProductUnderTest) throws {
            let some = try product.run(
                off + ["--preview", "--where", "a = 'old' AND id <> 3 -- and", "--columns", "a"]
            ).value()
            #expect(some["writtenRows"] == 2 && some["conflictRows"] == 0, "\(some)")
            let left = try product.run(
                off + ["--preview", "--where-after", "a = 'bad' AND id <> 3"]
            ).value()
            // The deleted row was not there any more.
            #expect(left["writtenRows"] == 2 && left["conflictRows"] == 0, "\(left)")
            let other = try product.run(off + ["--preview", "--columns", "id"]).value()
            #expect(
                other["leftOut"]?.array?.first?["reason"] == "4 rows were not asked for", "\(other)")
            #expect(other["leftOut"]?.array?.last?["subject"] == "large objects", "\(other)")
            let mistyped = try product.run(
                off + ["--preview", "--table", "t", "--table", "nope"])
            #expect(mistyped.errors.contains("did not touch table 'nope'"), "\(mistyped)")
            let unknown = try product.run(off + ["--preview", "--where", "nope = 1"])
            #expect(unknown.errors.contains("column \"nope\" does not exist"), "\(unknown)")
        }
    }
}
