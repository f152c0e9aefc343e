import Platform
import PostgresClient
import TestKit
import TestValues

/// Random work on tables of many shapes.
struct UndoWorkload {
    let seed: UInt64
    private var random: SeededRandom
    private var next = 1000

    static let keys = [
        "pairs": ["a", "b"], "parents": ["id"], "children": ["id"], "parts": ["region", "id"],
    ]

    static let schema = [
        "CREATE TYPE mood AS ENUM ('sad', 'fine', 'it''s \"q\"')",
        """
        CREATE TABLE pairs (a int, b text, "c ol" numeric(12,3), d int[], e mood, f jsonb,
            g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY (a, b))
        """,
        "CREATE TABLE parents (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, w text)",
        """
        CREATE TABLE children (id int PRIMARY KEY,
            parent bigint REFERENCES parents ON DELETE CASCADE, v text, w char(4))
        """,
        "CREATE TABLE parts (id int, region text, v text, PRIMARY KEY (region, id)) PARTITION BY LIST (region)",
        "CREATE TABLE parts_eu PARTITION OF parts FOR VALUES IN ('eu')",
        "CREATE TABLE parts_us (v text, region text NOT NULL, gone int, id int NOT NULL)",
        "ALTER TABLE parts_us DROP COLUMN gone",
        "ALTER TABLE parts ATTACH PARTITION parts_us FOR VALUES IN ('us')",
        "CREATE TABLE audit (at timestamptz, what text)",
        """
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO public.audit VALUES (clock_timestamp(), TG_TABLE_NAME); RETURN NEW; END $$
        """,
        "CREATE TRIGGER note AFTER UPDATE ON pairs FOR EACH ROW EXECUTE FUNCTION note()",
        "CREATE TRIGGER note AFTER UPDATE ON parts_eu FOR EACH ROW EXECUTE FUNCTION note()",
    ]

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
    }

    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    private mutating func text() -> String {
        let texts = [
            "'x'", "''", "NULL", "E'it''s \\\\ (a,\"b\")'", "E'line\\nbreak'", "'; DROP TABLE parents; --'",
            "repeat('long ', 2000)", "'\\x'", "'ü€'", "'stop: 1'",
        ]
        return below(2) == 0 ? "'v\(below(50))'" : texts[below(texts.count)]
    }

    /// Some of the tables have pages that no transaction touches.
    mutating func filling() -> [String] {
        [
            "INSERT INTO pairs SELECT g, 'far', 1, NULL, NULL, NULL FROM generate_series(5001, 5300) g",
            "INSERT INTO parts SELECT g, 'eu', 'far' FROM generate_series(5001, 5400) g",
            "INSERT INTO pairs SELECT g, 'k' || g % 3, g / 3.0, ARRAY[g, NULL], 'fine', '{\"x\": 1}' "
                + "FROM generate_series(1, 12) g",
            "INSERT INTO parents (v, w) SELECT 'p' || g, 'w' FROM generate_series(1, 12) g",
            "INSERT INTO children SELECT g, 1 + g % 12, 'c' || g, 'ab' FROM generate_series(1, 24) g",
            "INSERT INTO parts SELECT g, CASE WHEN g % 2 = 0 THEN 'eu' ELSE 'us' END, 'v' "
                + "FROM generate_series(1, 12) g",
        ]
    }

    /// One to four statements; those in brackets are rolled back to a savepoint.
    mutating func transaction() -> [String] {
        (0...below(4)).map { _ in
            let statement = statement()
            return below(8) == 0 ? "[\(statement)" : statement
        }
    }

    private mutating func statement() -> String {
        next += 1
        let low = 1 + below(12)
        let high = low + below(4)
        switch below(13) {
        case 0: return "UPDATE pairs SET \"c ol\" = \(below(100)).50 WHERE a BETWEEN \(low) AND \(high)"
        case 1: return "UPDATE pairs SET d = ARRAY[\(below(9))], e = 'sad' WHERE a BETWEEN \(low) AND \(high)"
        case 2: return "UPDATE pairs SET f = '{\"y\": \(below(5))}' WHERE a = \(low)"
        case 3: return "DELETE FROM pairs WHERE a BETWEEN \(low) AND \(high)"
        case 4:
            return
                "INSERT INTO pairs VALUES (\(low), 'n\(below(3))', NULL, NULL, NULL, NULL) ON CONFLICT DO NOTHING"
        case 5: return "UPDATE parents SET v = \(text()) WHERE id BETWEEN \(low) AND \(high)"
        case 6: return "UPDATE parents SET w = \(text()) WHERE id BETWEEN \(low) AND \(high)"
        case 7: return "DELETE FROM parents WHERE id = \(low)"
        case 8: return "INSERT INTO parents (v) VALUES (\(text())), (\(text()))"
        case 9: return "UPDATE children SET v = \(text()), w = 'z' WHERE id BETWEEN \(low) AND \(high + 4)"
        case 10:
            return "INSERT INTO children SELECT \(next), id, 'new' FROM parents ORDER BY id DESC LIMIT 1"
        case 11: return "UPDATE parts SET v = \(text()) WHERE id BETWEEN \(low) AND \(high)"
        default:
            return "UPDATE parts SET region = CASE region WHEN 'eu' THEN 'us' ELSE 'eu' END WHERE id = \(low)"
        }
    }

    /// Runs one statement inside the open transaction.
    func run(_ statement: String, _ connection: Connection) throws(Problem) {
        guard statement.hasPrefix("[") else { return try connection.execute(statement) }
        try connection.execute("SAVEPOINT s")
        try connection.execute(String(statement.dropFirst()))
        try connection.execute("ROLLBACK TO s")
    }

    /// One transaction or a few.
    mutating func victims(of count: Int) -> Set<Int> {
        Set((0..<[1, 2, 3, 4][below(4)]).map { _ in below(count) })
    }
}
