import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What a source can be in the middle of when its state is taken.
    @Suite(.serialized)
    struct StateHazardTests {
        @Test func `unlogged tables are empty in the copy, and the plan names those of the target`() throws {
            try ProductUnderTest.use("unlogged") { product in
                let source = try product.create("orders")
                try product.json("db", "create", "-s", "orders", "-n", "shop")
                let shop = try source.connect(database: "shop")
                try shop.execute(
                    """
                    CREATE UNLOGGED TABLE cache AS SELECT generate_series(1, 100) AS i;
                    CREATE UNLOGGED TABLE gone AS SELECT 1 AS i;
                    CREATE UNLOGGED TABLE safe AS SELECT 1 AS i;
                    CREATE TABLE kept AS SELECT generate_series(1, 100) AS i;
                    """)
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                let early = try shop.moment()
                try shop.execute("DROP TABLE gone")
                try shop.execute("ALTER TABLE safe SET LOGGED")
                try shop.execute("CREATE UNLOGGED TABLE \"Cache 2\" AS SELECT 1 AS i")
                try shop.execute("CREATE UNLOGGED TABLE brief AS SELECT 1 AS i")
                try shop.execute("DROP TABLE brief")
                try shop.execute("BEGIN; CREATE UNLOGGED TABLE never (i int); ROLLBACK")
                func named(_ target: String...) throws -> [String]? {
                    let plan = try product.run(["plan", "-s", "orders"] + target).value()
                    let names = plan["unloggedRelations"]?.array?.compactMap(\.string)
                    let hazard = plan["hazards"]?.array?.first { $0["code"] == "unlogged-tables" }
                    let words = hazard?["message"]?.string
                    let told = (names ?? []).map { $0.dropFirst("shop.".count) + " in database shop" }
                    #expect(words?.hasSuffix(": " + told.joined(separator: ", ")) == true)
                    return names
                }
                #expect(
                    try named("--restore-time", early) == [
                        "shop.public.cache", "shop.public.gone", "shop.public.safe",
                    ])
                let latest = ["shop.public.\"Cache 2\"", "shop.public.cache"]
                // Read from the WAL that is not archived yet, then from indexes.
                #expect(try named() == latest)
                try source.superuser().execute("SELECT pg_switch_wal()")
                try source.superuser().execute("CREATE TABLE later ()")
                #expect(try named() == latest)
                let copy = try product.restore("copy", from: "orders")
                let found = copy.evidence["unloggedRelations"]?.array?.compactMap(\.string)
                #expect(Set(found ?? []) == Set(latest))
                let inside = try copy.server.superuser(database: "shop")
                #expect(try inside.value("SELECT count(*) FROM cache") == "0")
                #expect(try inside.value("SELECT count(*) FROM \"Cache 2\"") == "0")
                #expect(try inside.value("SELECT count(*) FROM kept") == "100")
                #expect(try inside.value("SELECT count(*) FROM safe") == "1")
                try inside.execute("INSERT INTO cache VALUES (1)")
            }
        }

        @Test func `an unlogged sequence made after the backup starts anew in the copy`() throws {
            try ProductUnderTest.use("unlogged-sequence") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute(
                    """
                    CREATE UNLOGGED SEQUENCE s START 7;
                    SELECT nextval('s');
                    CREATE UNLOGGED TABLE u (a int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, b text);
                    INSERT INTO u (b) VALUES ('lost');
                    CREATE SEQUENCE w;
                    ALTER SEQUENCE w SET UNLOGGED;
                    """)
                // The init forks arrive in one segment, the target lies in another.
                try connection.execute("SELECT pg_switch_wal(); CREATE TABLE later ()")
                let copy = try product.restore("copy", from: "orders")
                #expect(
                    Set(copy.evidence["unloggedRelations"]?.array?.compactMap(\.string) ?? [])
                        == [
                            "postgres.public.s", "postgres.public.u", "postgres.public.u_a_seq",
                            "postgres.public.w",
                        ])
                let checks = copy.evidence["checks"]?.array?.compactMap(\.string) ?? []
                #expect(!checks.contains { $0.contains("cannot be read") }, "\(checks)")
                let inside = try copy.server.superuser()
                #expect(try inside.value("SELECT nextval('s')") == "7")
                #expect(try inside.value("SELECT nextval('w')") == "1")
                #expect(try inside.value("INSERT INTO u (b) VALUES ('new') RETURNING a") == "1")
                #expect(try inside.value("SELECT count(*) FROM u") == "1")
            }
        }

        @Test func `text that another version of ICU has ordered is named`() throws {
            try ProductUnderTest.use("collation") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                for locale in ["en", "sv"] {
                    try connection.execute(
                        "CREATE DATABASE in_\(locale) TEMPLATE template0 LOCALE_PROVIDER icu "
                            + "ICU_LOCALE '\(locale)'")
                }
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                func collations() throws -> [String: JSONValue] {
                    var found: [String: JSONValue] = [:]
                    for collation in try product.json("plan", "-s", "orders")["collations"]?.array ?? [] {
                        for database in collation["databases"]?.array ?? [] {
                            found[database.string ?? ""] = collation
                        }
                    }
                    return found
                }
                let known = try collations()
                for locale in ["en", "sv"] {
                    let actual = try connection.value(
                        "SELECT pg_database_collation_actual_version(oid) FROM pg_database "
                            + "WHERE datname = 'in_\(locale)'")
                    #expect(actual != nil && known["in_\(locale)"]?["versionHere"]?.string == actual)
                    #expect(known["in_\(locale)"]?["recordedVersion"]?.string == actual)
                }
                // As a database that was made with an older library.
                try connection.execute(
                    "UPDATE pg_database SET datcollversion = '1.5' WHERE datname = 'in_sv'")
                try product.json("backup", "create", "-s", "orders", "-n", "third")
                #expect(try collations()["in_sv"]?["recordedVersion"] == "1.5")
                let hazards = try product.json("plan", "-s", "orders")["hazards"]?.array ?? []
                let words = hazards.first { $0["code"] == "collation-version" }?["message"]?.string
                #expect(words?.hasPrefix("text in in_sv was ordered by icu 1.5, this machine has ") == true)
                #expect(hazards.filter { $0["code"] == "collation-version" }.count == 1)
            }
        }

        @Test func `tablespaces inside the data directory stay there`() throws {
            try ProductUnderTest.use("inplace") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                func make(_ name: String) throws {
                    try connection.execute("SET allow_in_place_tablespaces = on")
                    try connection.execute("CREATE TABLESPACE \(name) LOCATION ''")
                    try connection.execute(
                        "CREATE TABLE t_\(name) TABLESPACE \(name) AS SELECT generate_series(1, 1000) AS i")
                }
                try make("before")
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                try make("after")
                let copy = try product.restore("copy", from: "orders")
                #expect(copy.evidence["baseBackup"] == "second")
                #expect(try DurableFiles.list(copy.server.dataDirectory + "/pg_tblspc").count == 2)
                try product.waitForFirstBackup(of: "copy")
                try product.json("restart", "-n", "copy")
                let inside = try copy.server.superuser()
                for name in ["before", "after"] {
                    #expect(try inside.value("SELECT count(*) FROM t_\(name)") == "1000")
                    try inside.execute("VACUUM FULL t_\(name)")
                    try inside.execute("TRUNCATE t_\(name)")
                    #expect(try connection.value("SELECT count(*) FROM t_\(name)") == "1000")
                }
            }
        }

        @Test func `a moment while a backup ran is reached from the one before`() throws {
            try ProductUnderTest.use("during") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x int, at timestamptz DEFAULT clock_timestamp())")
                let pid = try product.start(["backup", "create", "-s", "orders", "-n", "second"])
                var rows = 0
                while !ChildProcess.hasEnded(pid) {
                    rows += 1
                    try connection.execute("INSERT INTO t VALUES (\(rows))")
                }
                let (start, stop) = try BackupTimes(server: source, name: "second").read()
                // The middle one of the rows written between its start and its end. By number: in the middle
                // of the text there may be one of the last, written when the backup's WAL had ended.
                let middle = try #require(
                    try connection.query(
                        """
                        SELECT x::text AS x, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
                        FROM t
                        WHERE at > $1::timestamptz AND at < $2::timestamptz ORDER BY t.x
                        """, [start, stop]
                    ).middle)
                let copy = try product.restore("copy", from: "orders", ["--restore-time", middle.time])
                #expect(copy.evidence["baseBackup"]?.string != "second")
                let found = try #require(
                    try copy.server.superuser().value("SELECT max(x) FROM t").flatMap { Int($0) })
                // The row's own commit comes with the time that it noted, or a moment later; the next row's
                // always later.
                #expect(found == middle.number || found == middle.number - 1, "\(found), \(middle)")
                #expect(try copy.server.superuser().value("SELECT count(*) FROM t") == "\(found)")
            }
        }
    }
}

/// When a backup began and ended, as its own description tells.
private struct BackupTimes {
    let server: ManagedServer
    let name: String

    func read() throws -> (String, String) {
        let bytes = try DurableFiles.read("\(server.repository)/backups/\(name)/backup.json")
        let json = try JSONValue.parse(bytes)
        return (
            try #require(json["startTime"]?.string), try #require(json["stopTime"]?.string)
        )
    }
}

extension Rows {
    /// The number and the time of the row in the middle.
    fileprivate var middle: (number: Int, time: String)? {
        guard !isEmpty, let number = self[count / 2, "x"].flatMap({ Int($0) }),
            let time = self[count / 2, "at"]
        else { return nil }
        return (number, time)
    }
}
