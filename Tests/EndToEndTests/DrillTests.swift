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
    /// A restore that is rehearsed: tried rung by rung, told, and gone.
    @Suite(.serialized)
    struct DrillTests {
        @Test(.timeLimit(.minutes(4)))
        func `a drill tries every rung as it should, tells what failed, and leaves no copy`() throws {
            try ProductUnderTest.use("drill") { product in
                let source = try product.create("shop")
                let connection = try source.superuser()
                try connection.execute(
                    """
                    CREATE TABLE t (x int PRIMARY KEY); CREATE TABLE child (x int REFERENCES t);
                    INSERT INTO t VALUES (1), (2); INSERT INTO child VALUES (1);
                    GRANT SELECT ON t, child TO \(SQLText.identifier(source.user))
                    """)
                let folder = product.scratch.file("own")
                try DurableFiles.makeDirectory(folder)
                try Self.checkPassing(product, folder)
                try connection.execute(
                    """
                    CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
                    CREATE INDEX liar ON t (f(x));
                    CREATE OR REPLACE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT -$1';
                    ALTER TABLE child DISABLE TRIGGER ALL; INSERT INTO child VALUES (99)
                    """)
                connection.close()
                try Self.checkFailing(product, folder)
                try Self.checkBundle(product, folder)
                try Self.checkSchedule(product)
            }
        }

        private static func rungs(_ record: JSONValue) -> [String: JSONValue] {
            let named = (record["rungs"]?.array ?? []).map { ($0["name"]?.string ?? "", $0) }
            return Dictionary(named, uniquingKeysWith: { first, _ in first })
        }

        private static func outcomes(_ record: JSONValue) -> [String] {
            (record["rungs"]?.array ?? []).map {
                "\($0["name"]?.string ?? ""): \($0["outcome"]?.string ?? "")"
            }
        }

        private static func text(_ value: JSONValue?) -> String {
            (value?["details"]?.array ?? []).compactMap(\.string).joined(separator: "\n")
        }

        private static func checkPassing(_ product: ProductUnderTest, _ folder: String) throws {
            try DurableFiles.write(
                Array("SELECT * FROM t WHERE x < 0; SELECT 1 WHERE current_user = 'azuresu'".utf8),
                to: folder + "/good.sql")
            let program = try ProductUnderTest.locate()
            let answer = try product.run([
                "drill", "run", "-s", "shop", "--checks", folder + "/good.sql", "--step",
                "who=id -u && env -u PGPASSWORD psql -w -c '' 2>&1 | grep -c password; "
                    + "psql -X -qAtc 'SELECT count(*) FROM t'",
                "--step", "shown=\(program) list --temporary -o tsv",
            ])
            #expect(answer.exitStatus == 0, "\(answer)")
            let record = try answer.printed()
            #expect(record["result"] == "passed")
            #expect(
                outcomes(record) == [
                    "complete and open: passed", "page checksums: passed", "pg_amcheck: passed",
                    "row counts: passed", "foreign keys: passed", "good.sql: passed",
                    "compared with the drill before: notRun", "who: passed", "shown: passed",
                    "clean-up: passed",
                ], "\(record)")
            let found = rungs(record)
            #expect(text(found["who"]) == "\(getuid())\n1\n2", "\(text(found["who"]))")
            #expect(text(found["shown"]).contains(record["copy"]?.string ?? "-"))
            let tables = record["databases"]?.array?.flatMap { $0["tables"]?.array ?? [] } ?? []
            #expect(tables == [["name": "public.child", "rows": 1], ["name": "public.t", "rows": 2]])
            let seconds = record["restore"]?["seconds"]
            #expect(
                seconds != nil && seconds != .null && record["restore"]?["steps"]?.array?.isEmpty == false)
            #expect(try product.serverNames() == ["shop"] && product.serverFolders().count == 1)
            #expect(try product.json("list", "--deleted") == [])
            let operation = record["restore"]?["operationId"]?.string ?? ""
            #expect(try product.json("evidence", "show", "-n", operation)["copyExists"] == false)
        }

        private static func checkFailing(_ product: ProductUnderTest, _ folder: String) throws {
            let files = [
                "bad.sql": "SELECT x AS wrong FROM t ORDER BY x", "silent.sql": "SET work_mem = '1MB'",
                "writes.sql": "SELECT x FROM t WHERE x = 0; CREATE TABLE made (x int)",
            ]
            for (name, sql) in files { try DurableFiles.write(Array(sql.utf8), to: "\(folder)/\(name)") }
            let answer = try product.run([
                "drill", "run", "-s", "shop", "--checks", folder, "--step", "breaks=echo no; exit 3",
                "--step",
                "hangs=sleep 60", "--time-limit", "3",
            ])
            #expect(answer.exitStatus == 1 && answer.errors.contains("(RecoveryFailed)"), "\(answer)")
            let record = try JSONValue.parse(Array(answer.output.utf8))
            #expect(record["result"] == "failed")
            let found = rungs(record)
            let failed = outcomes(record).filter { $0.hasSuffix(": failed") }
            #expect(
                failed == [
                    "pg_amcheck: failed", "foreign keys: failed", "bad.sql: failed", "writes.sql: failed",
                    "breaks: failed", "hangs: failed",
                ], "\(record)")
            #expect(text(found["bad.sql"]) == "wrong=1\nwrong=2")
            #expect(found["silent.sql"]?["outcome"] == "notRun" && found["good.sql"]?["outcome"] == "passed")
            #expect(text(found["pg_amcheck"]).contains("liar"))
            #expect(
                text(found["foreign keys"]).contains(
                    "child_x_fkey on public.child in postgres, rows that refer to nothing: 1"))
            #expect(text(found["breaks"]) == "no" && found["breaks"]?["summary"] == "exit status 3")
            #expect(text(found["compared with the drill before"]).contains("public.child had 1 rows, now 2"))
            #expect(try product.serverNames() == ["shop"])
            let listed = try product.json("drill", "list", "-s", "shop").array ?? []
            #expect(listed.map { $0["result"]?.string } == ["failed", "passed"])
            let shown = try product.run(["show", "-n", "shop"])
            #expect(shown.errors.contains("the last drill of 'shop' failed"), "\(shown)")
            let doctor = try product.run(["doctor"])
            #expect(doctor.output.contains("drill of shop") && doctor.exitStatus == 1, "\(doctor)")
            let junit = try product.run(["drill", "export", "-s", "shop", "--format", "junit", "-"]).output
            #expect(junit.contains("<failure type=\"failed\" message=\"2 rows\">"), "\(junit)")
            try product.refuses(["drill", "show", "-n", "nobody"], status: 3, saying: "there is no drill")
        }

        /// The guide's commands for a machine without the tool are run here.
        private static func checkBundle(_ product: ProductUnderTest, _ folder: String) throws {
            let drills = try product.json("drill", "list").array ?? []
            let id = try #require(drills.last?["id"]?.string)
            let file = folder + "/drill.tar"
            let bundled = try product.json("evidence", "bundle", "--drill", id, file)
            #expect(bundled["bytes"]?.integer == DurableFiles.status(file).map { Int64($0.size) })
            #expect(bundled["check"]?.string == "pitr evidence check \(Command.shellQuoted(file))")
            let told = try product.json("evidence", "check", file)
            #expect(told["authorityIsKnown"] == true && told["files"] == bundled["files"], "\(bundled)")
            let script = """
                set -e; cd '\(folder)'; tar xf drill.tar; cd pitr-evidence; sha256sum --quiet -c SHA256SUMS
                openssl x509 -in ca.crt -pubkey -noout > ca.pub
                openssl dgst -sha256 -verify ca.pub -signature SHA256SUMS.sig SHA256SUMS; ls
                """
            let checked = try SystemCommands().run(Command("/bin/sh", ["-c", script]))
            #expect(checked.succeeded && checked.standardError.isEmpty, "\(checked)")
            for name in [
                "drill.json", "drill.md", "evidence.json", "recovery.log", "activity.json", "story.md",
            ] {
                #expect(checked.standardOutput.contains(name), "\(name) is missing")
            }
            let activity = try JSONValue.parse(DurableFiles.read(folder + "/pitr-evidence/activity.json"))
            let titles = Set(activity.array?.compactMap { $0["operationTitle"]?.string } ?? [])
            #expect(titles == ["Rehearse Restore of PostgreSQL Server", "Restore PostgreSQL Server"])
            var bytes = try DurableFiles.read(file)
            let place = try #require(bytes.firstIndex(of: UInt8(ascii: "W")), "README.txt comes first")
            bytes[place] = UInt8(ascii: "w")
            try DurableFiles.write(bytes, to: folder + "/other.tar")
            try product.refuses(
                ["evidence", "check", folder + "/other.tar"], saying: "not as it was bundled")
            try DurableFiles.write(
                Array(Command.shellQuoted("no").utf8), to: folder + "/nothing.tar")
            try product.refuses(["evidence", "check", folder + "/nothing.tar"], saying: "is no archive")
        }

        private static func checkSchedule(_ product: ProductUnderTest) throws {
            let chosen = try product.json(
                "drill", "schedule", "-s", "shop", "--weekly", "sat", "03:00", "--step",
                "who=psql -Atc 'SELECT current_user, inet_server_port()' && id -u", "--step", "no=exit 7")
            #expect(chosen["dayOfWeek"] == 6 && chosen["time"] == "03:00")
            #expect(chosen["steps"]?.array?.last == ["command": "exit 7", "name": "no"], "\(chosen)")
            let now = try product.run(["maintain", "--dry-run"]).output
            #expect(!now.contains("every Saturday"), "it is not due before its time")
            let later = try product.run(["maintain", "--dry-run", "--as-of", "2099-01-12T00:00:00Z"]).output
            #expect(later.contains("every Saturday at 03:00 UTC"), "\(later)")
            let real = try product.run(["maintain", "--as-of", "2099-01-12T00:00:00Z"])
            #expect(real.exitStatus == 1 && real.output.contains("drill"), "\(real)")
            let last = try product.json("drill", "show", "-s", "shop")
            #expect(last["isScheduled"] == true && last["result"] == "failed")
            // As the account that owns the home, led to the copy.
            let steps = (last["rungs"]?.array ?? []).filter { $0["name"] == "who" || $0["name"] == "no" }
            #expect(steps.map { $0["outcome"]?.string } == ["passed", "failed"], "\(last)")
            #expect(steps.last?["summary"] == "exit status 7", "\(last)")
            let owner = try #require(DurableFiles.status(product.home)?.owner)
            #expect(steps.first?["details"]?.array?.last?.string == String(owner), "\(steps)")
            let off = try product.json("drill", "schedule", "-s", "shop", "--off")
            #expect(off["time"] == .null)
            _ = try product.json("update", "-n", "shop", "--maintenance-window", "Sun:1:30")
            try product.refuses(
                ["drill", "schedule", "-s", "shop", "--daily", "03:00"],
                saying: "outside the maintenance window")
        }

        @Test(.timeLimit(.minutes(4)))
        func `a drill that is killed or called off anywhere is told as abandoned, and its copy goes`() throws
        {
            try ProductUnderTest.use("killdrill") { product in
                try product.create("shop").superuser().execute("CREATE TABLE t AS SELECT 7 AS x")
                let run = ["drill", "run", "-s", "shop", "--step", "one=true"]
                for point in ["drill: begun", "recover", "drill: ladder", "drill: clean up"] {
                    let killed = try product.run(run, environment: ["PITR_KILL_AT": point])
                    #expect(killed.exitStatus == 137, "\(point): \(killed)")
                    _ = try product.run(["maintain"]).checked()
                    try Self.requireAbandoned(product, point)
                }
                let called = try product.run(run, environment: ["PITR_INTERRUPT_AT": "drill: steps"])
                #expect(called.exitStatus == 1 && called.errors.contains("OperationCanceled"), "\(called)")
                try Self.requireAbandoned(product, "called off")
                let known = try product.json("drill", "list")
                try DurableFiles.removeFile(product.home + "/catalog.sqlite")
                _ = try product.run(["doctor", "--rebuild-catalog"]).checked()
                #expect(try product.json("drill", "list") == known)
                let id = try #require(known.array?.first?["id"]?.string)
                _ = try product.run(["drill", "delete", "-n", id, "--yes"]).checked()
                #expect(try product.json("drill", "list").array?.count == 4)
                #expect(try DurableFiles.list(product.home + "/drills").count == 4)
            }
        }

        private static func requireAbandoned(_ product: ProductUnderTest, _ point: String) throws {
            #expect(try product.serverNames() == ["shop"] && product.serverFolders().count == 1, "\(point)")
            let last = try product.json("drill", "list").array?.first
            #expect(last?["result"] == "abandoned", "\(point): \(last ?? .null)")
            #expect(try product.json("list", "--temporary") == [], "\(point)")
        }
    }
}
