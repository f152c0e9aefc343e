import Foundation
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing
import TestValues

extension EndToEnd {
    /// A copy beside its source: every difference of every kind of value is found, and none where there is
    /// none.
    @Suite(.serialized)
    struct CompareTests {
        @Test(.timeLimit(.minutes(4)))
        func `a copy equals its source until a value of any type differs in one row`() throws {
            let asked = ProcessInfo.processInfo.environment["PITR_COMPARE_ROUNDS"].flatMap { Int($0) }
            var random = SeededRandom()
            try ProductUnderTest.use("compare") { product in
                let source = try product.create("shop")
                try product.endAutovacuum(on: source)
                let connection = try source.superuser()
                defer { connection.close() }
                try connection.execute(CompareWorkload.types)
                try connection.execute(CompareWorkload.tables.joined(separator: "\n"))
                try connection.execute(CompareWorkload.others)
                let copy = try product.restore("copy", from: "shop").server
                let altered = try copy.superuser()
                defer { altered.close() }
                try Self.checkEqual(product)
                for _ in 0..<(asked ?? 2) {
                    let place = Int.random(in: CompareWorkload.values.indices, using: &random)
                    try altered.execute(CompareWorkload.change(place))
                    let told = try Self.compared(product, ["--with", "shop", "--rows"], isEqual: false)
                    #expect(Self.unequal(told) == ["shop.v\(place)"], "\(CompareWorkload.values[place])")
                    try altered.execute(CompareWorkload.changeBack(place))
                }
                try Self.checkUnreadable(product, altered)
                try Self.checkDifferences(product, altered, source)
                try Self.checkRefusals(product)
                for server in [connection, altered] {
                    let runs = try server.query("SELECT count(*)::text FROM shop.trapped").scalar
                    #expect(runs == "0", "no function of the database was run")
                }
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `rows that WAL names are all that differ, also of what was open or prepared at the fork`()
            throws
        {
            var random = SeededRandom()
            try ProductUnderTest.use("compare-fork") { product in
                let source = try product.create("shop")
                try product.endAutovacuum(on: source)
                _ = try product.run(
                    ["parameter", "set", "-s", "shop", "-n", "max_prepared_transactions", "-v", "5"]
                ).checked()
                _ = try product.run(["restart", "-n", "shop"]).checked()
                let open = try CompareWorkload.openAtFork.map { _ in try source.superuser() }
                defer { open.forEach { $0.close() } }
                let later = try source.superuser()
                defer { later.close() }
                try later.execute(CompareWorkload.forked)
                // Else the next one names every page.
                try later.execute("VACUUM")
                for (connection, work) in zip(open, CompareWorkload.openAtFork) {
                    try connection.execute(work.before)
                }
                let copy = try product.restore("copy", from: "shop").server
                for (connection, work) in zip(open, CompareWorkload.openAtFork) {
                    try connection.execute(work.after)
                }
                let altered = try copy.superuser()
                defer { altered.close() }
                let works = (CompareWorkload.work(&random), CompareWorkload.work(&random))
                for statement in CompareWorkload.afterFork + works.0 { try later.execute(statement) }
                for statement in CompareWorkload.inCopy + works.1 { try altered.execute(statement) }
                let quick = try Self.compared(product, ["--rows"], isEqual: false, byWAL: true)
                let full = try Self.compared(product, ["--rows", "--full"], isEqual: false)
                #expect(Self.findings(quick) == Self.findings(full))
                #expect(Self.findings(full)["public.t"] == "different 3 3 254")
                #expect(Self.readWhole(quick) == CompareWorkload.readWhole)
                try Self.checkSource(product, full)
                try Self.checkCopies(product, later)
            }
        }

        /// The source itself beside its copy, from either side, and by its name.
        private static func checkSource(_ product: ProductUnderTest, _ full: JSONValue) throws {
            for words in [["-n", "copy", "--with-source"], ["-n", "shop", "--with", "copy"]] {
                let told = try product.run(["compare", "-d", "postgres", "--rows"] + words).printed()
                let database = try #require(told["databases"]?.array?.first)
                #expect(unequal(database) == unequal(full), "\(told)")
                // Where its WAL does not get to the disk in time, all rows are read, and it is said.
                if told["notes"]?.array?.isEmpty == true {
                    #expect(readWhole(database) == CompareWorkload.readWhole)
                }
            }
        }

        /// The tables that were read as a whole: how much of it random work names is another matter.
        private static func readWhole(_ database: JSONValue) -> [String] {
            (database["tables"]?.array ?? []).filter { $0["rowsHere"] != .null }
                .compactMap { $0["name"]?.string }
                .filter { $0 != "public.busy" && $0 != "public.loose" }
        }

        /// Two copies of one source, from either side of the other fork.
        private static func checkCopies(_ product: ProductUnderTest, _ source: Connection) throws {
            try source.execute("UPDATE same SET x = -1 WHERE id = 4000")
            let other = try product.restore("other", from: "shop").server
            let altered = try other.superuser()
            defer { altered.close() }
            for statement in CompareWorkload.inOther { try altered.execute(statement) }
            let quick = try compared(
                product, ["--rows", "--with", "other"], isEqual: false, byWAL: true)
            let full = try compared(product, ["--rows", "--with", "other", "--full"], isEqual: false)
            #expect(findings(quick) == findings(full))
            #expect(findings(full)["public.t"] == "different 3 3 275", "\(findings(full))")
            #expect(findings(full)["public.same"] == "different 0 0 1", "\(findings(full))")
            #expect(readWhole(quick) == CompareWorkload.readWhole)
            let turned = try product.run(
                ["compare", "-n", "other", "--with", "copy", "-d", "postgres", "--rows"]
            ).printed()
            let names = turned["databases"]?.array?.first.map(Self.unequal)
            #expect(names == unequal(quick), "\(turned)")
        }

        /// Of each table what came of it, and how many rows.
        private static func findings(_ database: JSONValue) -> [String: String] {
            var found: [String: String] = [:]
            for table in database["tables"]?.array ?? [] {
                found[table["name"]?.string ?? ""] = (table["outcome"]?.string ?? "") + " " + counts(table)
            }
            return found
        }

        private static func compared(
            _ product: ProductUnderTest, _ options: [String], isEqual: Bool = true,
            byWAL: Bool = false
        ) throws -> JSONValue {
            let answer = try product.run(["compare", "-n", "copy", "-d", "postgres"] + options)
            #expect(answer.exitStatus == (isEqual ? 0 : 1), "\(answer)")
            let told = try answer.printed()
            #expect(told["isEqual"] == .bool(isEqual), "\(told)")
            let notes = (told["notes"]?.array ?? []).compactMap(\.string)
            if byWAL { #expect(notes.filter { $0.hasPrefix("All rows were read") } == []) }
            return try #require(told["databases"]?.array?.first)
        }

        private static func unequal(_ database: JSONValue) -> [String] {
            (database["tables"]?.array ?? []).filter { $0["outcome"] != "equal" }
                .compactMap { $0["name"]?.string }
        }

        private static func outcomes(_ database: JSONValue) -> [[JSONValue?]] {
            (database["tables"]?.array ?? []).map { [$0["name"], $0["outcome"]] }
        }

        /// With a copy of now, with the source itself, and of both what a pattern names.
        private static func checkEqual(_ product: ProductUnderTest) throws {
            let told = try compared(product, [])
            #expect((told["tables"]?.array?.count ?? 0) > CompareWorkload.values.count + 8, "\(told)")
            #expect(told["definitions"] == [] && told["sequences"] == [], "\(told)")
            #expect(
                told["leftOut"]?.array?.compactMap { $0["subject"]?.string }
                    == ["shop.fleeting", "shop.blink"])
            #expect(try product.json("list", "--temporary") == [], "the copy of now went with the work")
            let live = try compared(product, ["--with-source", "--max-rate", "500", "--rows"])
            // By pages, rows are not counted.
            #expect(outcomes(live) == outcomes(told) && live["comparedSequences"] == 1, "\(live)")
            let some = try compared(product, ["--with", "shop", "--table", "shop.v1*", "--table", "many"])
            #expect((some["tables"]?.array ?? []).count == 12, "\(some)")
        }

        /// What only one side can read is not equal.
        private static func checkUnreadable(_ product: ProductUnderTest, _ altered: Connection) throws {
            try altered.execute("ALTER TABLE shop.fleeting SET LOGGED")
            let told = try compared(product, ["--with", "shop", "--table", "fleeting"], isEqual: false)
            let table = told["tables"]?.array?.first
            #expect(table?["outcome"] == "incomparable" && table?["unreadableHere"] == .null, "\(told)")
            #expect(table?["unreadableThere"]?.string?.contains("unlogged") == true, "\(told)")
            try altered.execute("ALTER TABLE shop.fleeting SET UNLOGGED")
            let unread = try compared(product, ["--with", "shop", "--table", "blink"], isEqual: false)
            #expect(unread["leftOut"]?.array?.first?["isShared"] == true, "\(unread)")
        }

        private static func checkDifferences(
            _ product: ProductUnderTest, _ altered: Connection, _ source: ManagedServer
        ) throws {
            for place in CompareWorkload.values.indices {
                try altered.execute(CompareWorkload.change(place))
            }
            for change in CompareWorkload.changes { try altered.execute(change.statement) }
            try altered.execute(
                "SELECT nextval('shop.counter'); CREATE INDEX added ON shop.many (x); "
                    + "ALTER TABLE shop.hidden ALTER x SET DEFAULT 3; ALTER TABLE shop.trapped ADD more int; "
                    + "CREATE TABLE shop.fresh (id int)")
            let folder = product.home + "/differences"
            let told = try compared(product, ["--with", "shop", "--out", folder], isEqual: false)
            var tables: [String: JSONValue] = [:]
            for table in told["tables"]?.array ?? [] { tables[table["name"]?.string ?? ""] = table }
            for (place, entry) in CompareWorkload.values.enumerated() {
                let words = CompareWorkload.hasKey(place) ? "0 0 1" : "1 1 0"
                #expect(counts(tables["shop.v\(place)"]) == words, "\(entry)")
            }
            for change in CompareWorkload.changes {
                #expect(counts(tables[change.table]) == change.told, "\(change)")
            }
            #expect(tables["shop.trapped"]?["outcome"] == "other columns")
            #expect(tables["shop.fresh"]?["outcome"] == "only here")
            #expect(tables["shop.many"]?["changedColumns"] == ["x": 3])
            #expect(told["sequences"]?.array?.first?["here"] == "34, called", "\(told["sequences"] ?? .null)")
            let objects = told["definitions"]?.array ?? []
            let kinds = Dictionary(grouping: objects) { $0["name"]?.string ?? "" }
            #expect(Set(kinds.keys) == ["added", "hidden", "trapped", "fresh"], "\(objects)")
            #expect(kinds["added"]?.first?["there"] == .null, "\(objects)")
            #expect(kinds["hidden"]?.first?["here"]?.string?.contains("DEFAULT 3") == true, "\(objects)")
            try checkFolder(folder, product, source)
        }

        private static func counts(_ table: JSONValue?) -> String {
            ["onlyHereRows", "onlyThereRows", "differentRows"].map { name in
                table?[name]?.integer.map { String($0) } ?? "none"
            }.joined(separator: " ")
        }

        /// PostgreSQL itself reads the rows that differ.
        private static func checkFolder(
            _ folder: String, _ product: ProductUnderTest, _ source: ManagedServer
        ) throws {
            let definitions = String(decoding: try DurableFiles.read(folder + "/schema.sql"), as: UTF8.self)
            #expect(definitions.split(separator: "\n").allSatisfy { $0.hasPrefix("--") }, "nothing runs")
            let report = String(decoding: try DurableFiles.read(folder + "/report.md"), as: UTF8.self)
            #expect(report.contains(/Large objects +different/), "\(report.prefix(500))")
            let script = folder + "/load.sql"
            let files = try DurableFiles.list(folder + "/rows").sorted()
            #expect(files.contains("postgres.shop._odd____name___.csv") && files.count > 60, "\(files)")
            let columns = "database, relation, difference, key, field, here, there"
            let copies = files.map {
                "\\copy found (\(columns)) FROM '\(folder)/rows/\($0)' (FORMAT csv, HEADER)"
            }.joined(separator: "\n")
            let text = """
                CREATE TEMP TABLE found (\(columns.replacingOccurrences(of: ",", with: " text,")) text);
                \(copies)
                SELECT 'odd ' || string_agg(concat_ws('|', key, here, coalesce(there, 'NULL')), ';'
                    ORDER BY key)
                    FROM found WHERE relation LIKE '%odd%';
                SELECT 'long ' || count(*) FROM found
                    WHERE relation = 'shop.long' AND field = 'x' AND here LIKE '%MD5%';
                """
            try DurableFiles.write(Array(text.utf8), to: script, durable: false)
            let loaded = try source.psql(script, database: "postgres")
            #expect(loaded.succeeded, "\(loaded.words)")
            #expect(
                loaded.standardOutput.contains("odd key, \"1\"=a,\"b\"\\n||x;key, \"1\"=z||NULL"), "\(loaded)"
            )
            #expect(loaded.standardOutput.contains("long 1"), "\(loaded)")
        }

        private static func checkRefusals(_ product: ProductUnderTest) throws {
            func refuses(_ options: [String], _ status: Int32, _ words: String) throws {
                let answer = try product.run(["compare"] + options)
                #expect(answer.exitStatus == status && answer.errors.contains(words), "\(answer)")
            }
            try refuses(["-n", "shop"], 2, "--with SERVER")
            try refuses(["-n", "copy", "--with", "nobody"], 3, "was not found")
            try refuses(["-n", "copy", "--with", "shop", "-d", "nothing"], 3, "no database 'nothing'")
            try refuses(
                ["-n", "copy", "--with", "shop", "--table", "many", "--table", "absent"], 3,
                "named like 'absent'")
            try refuses(["-n", "copy", "--with", "shop", "-d", "template1"], 2, "it is a template")
            try refuses(["-n", "copy", "--max-rate", "5"], 2, "--max-rate goes with")
        }
    }
}
