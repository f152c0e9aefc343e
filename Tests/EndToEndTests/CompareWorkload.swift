import TestValues

/// A database with a table for each kind of value, and what changes one row of it to the next best.
enum CompareWorkload {
    /// A type, a value of it, and another one that is easily taken for the same.
    static let values: [(type: String, value: String, other: String)] = [
        ("json", "'{\"a\":1}'", "'{\"a\": 1}'"), ("jsonb", "'1.0'", "'1.00'"), ("float8", "'0'", "'-0'"),
        ("float4", "'NaN'", "'Infinity'"), ("float8", "0.1", "0.1 + 1.4e-17"), ("numeric", "1.0", "1.00"),
        ("numeric", "'NaN'", "NULL"), ("interval", "'1 month'", "'30 days'"),
        ("interval", "'24:00'", "'1 day'"), ("int[]", "'{1}'", "'[0:0]={1}'"), ("int[]", "'{}'", "'{NULL}'"),
        ("text[]", "'{NULL}'", "'{\"NULL\"}'"), ("numrange", "'[1.0,2]'", "'[1.00,2]'"),
        ("int4multirange", "'{}'", "'{[1,2)}'"), ("shop.pair", "'(1,1.0)'", "'(1,1.00)'"),
        ("shop.pair", "NULL", "'(,)'"), ("shop.pair[]", "'{\"(1,1)\"}'", "'{\"(1,)\"}'"),
        ("bit(3)", "B'101'", "B'100'"), ("varbit", "B'1'", "B'10'"), ("xml", "'<a/>'", "'<a></a>'"),
        ("xml", "'<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>'", "'<a/>'"),
        ("shop.markup", "'<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>'", "'<a/>'"),
        ("shop.mood", "'good'", "'bad'"), ("shop.positive", "1", "2"),
        ("text COLLATE shop.blind", "'a'", "'A'"), ("text", "E'e\\u0301'", "E'\\u00e9'"),
        ("text", "''", "NULL"), ("text", "'a'", "'a '"), ("char(5)", "'a'", "'b'"), ("name", "'a'", "'b'"),
        ("\"char\"", "'a'", "'b'"), ("bytea", "'\\x00'", "'\\x0000'"), ("bool", "true", "NULL"),
        ("smallint", "1", "2"), ("bigint", "9007199254740992", "9007199254740993"), ("oid", "1", "2"),
        ("date", "'infinity'", "'-infinity'"), ("time", "'24:00'", "'00:00'"),
        ("timetz", "'12:00+00'", "'13:00+01'"), ("timestamp", "'2026-01-01'", "'2026-01-01 00:00:00.000001'"),
        ("timestamptz", "'2026-01-01 00:00+00'", "'2026-01-01 00:00+01'"), ("money", "1.00", "1.01"),
        ("uuid", "'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'"),
        ("inet", "'10.0.0.1'", "'10.0.0.1/24'"), ("cidr", "'10.0.0.0/8'", "'10.0.0.0/9'"),
        ("macaddr", "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
        ("macaddr8", "'08:00:2b:01:02:03:04:05'", "'08:00:2b:01:02:03:04:06'"),
        ("point", "'(0,0)'", "'(-0,0)'"), ("path", "'[(0,0),(1,1)]'", "'((0,0),(1,1))'"),
        ("box", "'(1,1),(0,0)'", "'(1,2),(0,0)'"), ("circle", "'<(0,0),1>'", "'<(0,0),2>'"),
        ("line", "'{1,-1,0}'", "'{2,-2,0}'"), ("lseg", "'[(0,0),(1,1)]'", "'[(1,1),(0,0)]'"),
        ("polygon", "'((0,0),(1,1))'", "'((1,1),(0,0))'"), ("tsvector", "'a:1'", "'a:1A'"),
        ("tsquery", "'a & b'", "'b & a'"), ("pg_lsn", "'0/1'", "'0/2'"), ("xid8", "'1'", "'2'"),
        ("jsonpath", "'$.a'", "'strict $.a'"), ("regclass", "'pg_class'", "'pg_type'"),
        ("regproc", "'pg_catalog.now'", "'pg_catalog.random'"),
        ("aclitem[]", "'{=r/azuresu}'", "'{=w/azuresu}'"),
        ("int4range", "'[1,2)'", "'empty'"), ("pg_snapshot", "'1:1:'", "'1:2:'"),
    ]

    static let types = """
        CREATE SCHEMA shop;
        CREATE TYPE shop.pair AS (a int, b numeric);
        CREATE TYPE shop.mood AS ENUM ('good', 'bad');
        CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0);
        CREATE DOMAIN shop.markup AS xml;
        CREATE COLLATION shop.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE shop.trapped (what text);
        CREATE FUNCTION shop.trap(anyelement) RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO shop.trapped VALUES ('run'); RETURN 'same'; END $$;
        CREATE FUNCTION shop.trap_pair(shop.pair) RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO shop.trapped VALUES ('run'); RETURN 'same'; END $$;
        CREATE CAST (shop.pair AS text) WITH FUNCTION shop.trap_pair(shop.pair) AS IMPLICIT;
        """

    /// One table for each value, `shop.v7`; every second one without a key, its row there three times.
    static var tables: [String] {
        values.enumerated().map { place, entry in
            let hasKey = hasKey(place)
            return """
                CREATE TABLE shop.v\(place) (id int\(hasKey ? " PRIMARY KEY" : ""), "r" int, x \(entry.type));
                INSERT INTO shop.v\(place) SELECT \(hasKey ? "g" : "1"), 0, \(entry.value)
                    FROM generate_series(1, 3) AS g;
                """
        }
    }

    static func hasKey(_ place: Int) -> Bool { place % 2 == 0 }

    /// Changes one row.
    static func change(_ place: Int) -> String {
        "UPDATE shop.v\(place) SET x = \(values[place].other) "
            + "WHERE ctid = (SELECT max(ctid) FROM shop.v\(place))"
    }

    /// Puts it back, or what has the same text.
    static func changeBack(_ place: Int) -> String {
        "UPDATE shop.v\(place) SET x = \(values[place].value)"
    }

    /// What else has rows.
    static let others = #"""
        CREATE TABLE shop.parted (id int, x text, PRIMARY KEY (id, x)) PARTITION BY LIST (x);
        CREATE TABLE shop.parted_a PARTITION OF shop.parted FOR VALUES IN ('a');
        CREATE TABLE shop.parted_b PARTITION OF shop.parted FOR VALUES IN ('b');
        INSERT INTO shop.parted SELECT g, CASE g % 2 WHEN 0 THEN 'a' ELSE 'b' END
            FROM generate_series(1, 99) g;
        CREATE TABLE shop."odd, ""name""" ("key, ""1""" text PRIMARY KEY, "i" text, "k" text, "h" text);
        INSERT INTO shop."odd, ""name""" VALUES (E'a,"b"\\n', 'x', '\N', ''), ('z', NULL, E'\t', 'h');
        CREATE TABLE shop.long (id int PRIMARY KEY, x text, y text);
        INSERT INTO shop.long SELECT g, t.x, 'y' FROM generate_series(1, 2) g,
            (SELECT string_agg(md5(n::text), '') AS x FROM generate_series(1, 70000) n) t;
        CREATE TABLE shop.many (id bigint PRIMARY KEY, x int);
        INSERT INTO shop.many SELECT g, g % 7 FROM generate_series(1, 60000) g;
        CREATE TABLE shop.nothing ();
        INSERT INTO shop.nothing DEFAULT VALUES;
        CREATE MATERIALIZED VIEW shop.counts AS SELECT sum(id) AS n FROM shop.parted;
        CREATE UNLOGGED TABLE shop.fleeting (id int);
        CREATE TABLE shop.hidden (id int PRIMARY KEY, x int);
        INSERT INTO shop.hidden VALUES (1, 1);
        ALTER TABLE shop.hidden ENABLE ROW LEVEL SECURITY;
        CREATE POLICY none ON shop.hidden USING (shop.trap(x) = 'same');
        ALTER TABLE shop.hidden FORCE ROW LEVEL SECURITY;
        CREATE SEQUENCE shop.counter;
        CREATE UNLOGGED SEQUENCE shop.blink;
        SELECT nextval('shop.counter');
        SELECT lo_from_bytea(77001, '\x0102'), lo_from_bytea(77002, '');
        """#

    /// Changes that are each seen by themselves: what is to be told of which table.
    static let changes: [(table: String, statement: String, told: String)] = [
        ("shop.parted_a", "INSERT INTO shop.parted VALUES (1000, 'a')", "1 0 0"),
        ("shop.parted_b", "DELETE FROM shop.parted WHERE id = 1", "0 1 0"),
        ("shop.\"odd, \"\"name\"\"\"", "UPDATE shop.\"odd, \"\"name\"\"\" SET i = ''", "0 0 2"),
        ("shop.long", "UPDATE shop.long SET x = overlay(x placing '!' from 999999) WHERE id = 2", "0 0 1"),
        ("shop.many", "UPDATE shop.many SET x = -1 WHERE id IN (1, 30000, 60000)", "0 0 3"),
        ("shop.nothing", "INSERT INTO shop.nothing DEFAULT VALUES", "1 0 0"),
        ("shop.counts", "REFRESH MATERIALIZED VIEW shop.counts", "1 1 0"),
        ("shop.hidden", "UPDATE shop.hidden SET x = 2", "0 0 1"),
        ("pg_catalog.pg_largeobject", "SELECT lo_put(77001, 1, '\\x03')", "0 0 1"),
        (
            "pg_catalog.pg_largeobject_metadata",
            "SELECT lo_unlink(77002); GRANT SELECT ON LARGE OBJECT 77001 TO PUBLIC", "0 1 1"
        ),
    ]

    // MARK: A fork in the midst of transactions

    static let forked = """
        CREATE TABLE t (id int PRIMARY KEY, x int, y text);
        INSERT INTO t SELECT g, 0, repeat('y', 200) FROM generate_series(1, 5000) g;
        CREATE TABLE same (id int PRIMARY KEY, x int);
        INSERT INTO same SELECT g, g FROM generate_series(1, 5000) g;
        CREATE TABLE bag AS SELECT * FROM t;
        CREATE TABLE emptied AS SELECT * FROM same;
        CREATE TABLE rewritten AS SELECT * FROM same;
        CREATE TABLE widened AS SELECT * FROM same;
        CREATE TABLE busy (id int PRIMARY KEY, x int, y text);
        INSERT INTO busy SELECT g, 0, repeat('y', g % 90) FROM generate_series(1, 5000) g;
        CREATE TABLE loose AS SELECT id FROM busy;
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE TABLE felt (id int, x mood);
        INSERT INTO felt VALUES (1, 'good');
        """

    /// What each of four sessions does up to the fork, and after it.
    static let openAtFork: [(before: String, after: String)] = [
        ("BEGIN; UPDATE t SET x = 1 WHERE id <= 100", "COMMIT"),
        (
            "BEGIN; SAVEPOINT a; UPDATE t SET x = 2 WHERE id BETWEEN 201 AND 300; RELEASE a; SAVEPOINT b; "
                + "UPDATE t SET x = 2 WHERE id BETWEEN 401 AND 450; DELETE FROM bag WHERE id = 1",
            "ROLLBACK TO b; COMMIT"
        ),
        (
            "BEGIN; SAVEPOINT a; UPDATE t SET x = 3 WHERE id BETWEEN 501 AND 551; "
                + "INSERT INTO t VALUES (9001); PREPARE TRANSACTION 'p'", "COMMIT PREPARED 'p'"
        ),
        ("BEGIN; UPDATE t SET x = 4 WHERE id BETWEEN 601 AND 650; DELETE FROM bag WHERE id = 2", "ROLLBACK"),
        (
            "BEGIN; UPDATE t SET x = 7 WHERE id BETWEEN 2801 AND 2820; PREPARE TRANSACTION 'q'",
            "BEGIN; DELETE FROM same WHERE id = 17"
        ),
    ]

    static let afterFork = [
        "UPDATE t SET x = 5 WHERE id = 4000; DELETE FROM t WHERE id = 4001; INSERT INTO t VALUES (9002)",
        "DELETE FROM bag WHERE id = 3000; TRUNCATE emptied; INSERT INTO emptied VALUES (1, 1)",
        "VACUUM FULL rewritten", "ALTER TABLE widened ADD z int DEFAULT 1",
        "ALTER TYPE mood RENAME VALUE 'good' TO 'fine'", "VACUUM t",
    ]

    static let inCopy = [
        "UPDATE t SET x = 6 WHERE id IN (4000, 4500, 4501); DELETE FROM t WHERE id = 4502",
        "INSERT INTO t VALUES (9003), (9004); UPDATE bag SET x = 1 WHERE id = 4999",
        "ALTER TABLE widened ADD z int DEFAULT 2",
    ]

    /// Work of all kinds on few rows and on many: line pointers are used again, versions follow on each other
    /// on one page, what is rolled back and what is only locked changes nothing.
    static func work(_ random: inout SeededRandom) -> [String] {
        (0..<24).map { _ in
            let first = Int.random(in: 1...5000, using: &random)
            let most = Bool.random(using: &random) ? 3 : 400
            let count = Int.random(in: 1...most, using: &random)
            let rows = "WHERE id BETWEEN \(first) AND \(first + count)"
            switch Int.random(in: 0..<11, using: &random) {
            case 0: return "UPDATE busy SET x = x + 1 WHERE id % 50 = \(first % 50)"
            case 1: return "UPDATE busy SET x = x + 1, y = y || 'z' \(rows)"
            case 2: return "DELETE FROM busy \(rows)"
            case 3:
                return "INSERT INTO busy SELECT g, \(first), 'new' "
                    + "FROM generate_series(\(first), \(first + count)) g "
                    + "ON CONFLICT (id) DO UPDATE SET x = excluded.x"
            case 4: return "VACUUM busy, loose"
            case 5: return "BEGIN; UPDATE busy SET x = -1 \(rows); DELETE FROM loose \(rows); ROLLBACK"
            case 6: return "BEGIN; SELECT FROM busy \(rows) FOR NO KEY UPDATE; COMMIT"
            case 7: return "COPY loose FROM PROGRAM 'seq \(first) \(first + count)'"
            case 8: return "DELETE FROM loose \(rows)"
            case 9: return "CHECKPOINT"
            default:
                return "BEGIN; UPDATE busy SET x = 1 \(rows); SAVEPOINT a; DELETE FROM busy \(rows); "
                    + "ROLLBACK TO a; UPDATE busy SET x = 2 \(rows); COMMIT"
            }
        }
    }

    /// In another copy, which left the source later.
    static let inOther = [
        "COMMIT PREPARED 'q'", "UPDATE t SET x = 8 WHERE id IN (3000, 4500)",
        "DELETE FROM bag WHERE id = 4000; INSERT INTO emptied VALUES (2, 2)",
    ]

    /// What WAL says too little of.
    static let readWhole = [
        "pg_catalog.pg_largeobject_metadata", "public.emptied", "public.felt", "public.rewritten",
        "public.widened",
    ]
}
