import Testing

@testable import PostgresClient

struct SQLStatementsTests {
    @Test(arguments: [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]), (" ;; ", []),
        ("SELECT 'a;''b;', \"c;d\"; x", ["SELECT 'a;''b;', \"c;d\"", "x"]),
        ("SELECT E'\\';'; x", ["SELECT E'\\';'", "x"]), ("SELECT '\\'; x", ["SELECT '\\'", "x"]),
        ("SELECT $a$;$b$;$a$; SELECT $1; x", ["SELECT $a$;$b$;$a$", "SELECT $1", "x"]),
        ("SELECT 1 /* ; /* ; */ ; */; -- ;\nx", ["SELECT 1 /* ; /* ; */ ; */", "-- ;\nx"]),
        ("CREATE RULE r AS ON INSERT TO t DO (a; b); x", ["CREATE RULE r AS ON INSERT TO t DO (a; b)", "x"]),
        (
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END; BEGIN; x",
            ["CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END", "BEGIN", "x"]
        ),
    ])
    func `statements are told apart as psql does it`(_ script: String, _ statements: [String]) {
        #expect(SQLStatements.split(script).map(\.text) == statements)
    }

    @Test func `a statement knows its line`() {
        #expect(SQLStatements.split("\nSELECT\n1;\n\nx").map(\.line) == [2, 5])
    }
}
