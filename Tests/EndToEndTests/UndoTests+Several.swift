import Notation
import Platform
import PostgresClient
import TestKit
import Testing

extension EndToEnd.UndoTests {
    /// Several transactions that nobody came between are taken back as one would be, also what they dropped
    /// and emptied; somebody who wrote one of their tables in between, or a definition, keeps that from them.
    static func checkSeveral(_ product: ProductUnderTest, _ server: ManagedServer) throws {
        let connection = try server.superuser()
        defer { connection.close() }
        try connection.execute("CREATE TABLE emptied (v text); CREATE TABLE apart (v text)")
        func makeAgain() throws {
            try connection.execute(
                """
                TRUNCATE emptied; INSERT INTO emptied VALUES ('a'), ('a'), ('b');
                CREATE TABLE lost (id int PRIMARY KEY, v text CHECK (v <> ''));
                CREATE VIEW lost_too AS SELECT v FROM lost;
                INSERT INTO lost SELECT g, 'v' || g FROM generate_series(1, 4) g
                """)
        }
        func run(_ between: String, into folder: String) throws -> JSONValue {
            try makeAgain()
            var xids: [String] = []
            for statement in [
                "UPDATE lost SET v = 'bad' WHERE id < 3", "TRUNCATE emptied",
                "INSERT INTO emptied VALUES ('new')", "DROP TABLE lost CASCADE",
            ] {
                try connection.execute("BEGIN; \(statement)")
                xids += ["--xid", try connection.value("SELECT txid_current()") ?? ""]
                try connection.execute("COMMIT")
                try connection.execute(between)
            }
            let undo = ["undo", "-s", "shop", "--conflicts", "skip", "--out", folder]
            return try product.run(undo + xids).value()
        }
        let kept = try run("INSERT INTO emptied VALUES ('mine')", into: product.home + "/out-kept")
        #expect(kept["madeAgain"] == [] && kept["writtenRows"] == 0, "\(kept)")
        // A catalog that was written anew has a file like those of tables.
        try connection.execute("VACUUM FULL pg_class")
        let altered = try run(
            "ALTER TABLE apart SET (fillfactor = 90)", into: product.home + "/out-altered")
        #expect(altered["madeAgain"] == [] && altered["writtenRows"] == 0, "\(altered)")
        let folder = product.home + "/out-several"
        let result = try run("INSERT INTO apart VALUES ('mine')", into: folder)
        #expect(result["proof"] == "passed" && result["writtenRows"] == 8, "\(result)")
        let script = try server.psql(folder + "/repair.sql", database: "postgres")
        #expect(script.succeeded, "\(script.words)")
        let rows = try connection.value(
            "SELECT (SELECT string_agg(t::text, '' ORDER BY id) FROM lost t) || ' ' "
                + "|| (SELECT string_agg(v, '' ORDER BY v) FROM emptied)")
        #expect(rows == "(1,v1)(2,v2)(3,v3)(4,v4) aab")
        #expect(try connection.value("SELECT count(*) FROM lost_too") == "4")
        #expect(try connection.value("SELECT count(*) FROM apart") == "4")
    }
}
