import Platform
import PostgresClient
import TestKit

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

    mutating func filling() -> [String] {
        [
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

    mutating func victim(of count: Int) -> Int { below(count) }
}

/// What the tables have when one transaction had never been, as far as no later one wrote what it wrote.
struct UndoLedger {
    private(set) var rows: [String: EndToEnd.UndoTests.Rows]
    /// `public.table,key` of the rows that are left as they are.
    private(set) var conflicts: Set<String> = []
    /// Whether there is nothing to write.
    private(set) var isNothing = true

    init(states: [[String: EndToEnd.UndoTests.Rows]], victim: Int) {
        rows = states[states.count - 1]
        let (before, after) = (states[victim], states[victim + 1])
        let later = states[(victim + 1)...]
        var removed: [String: Set<String>] = [:]
        var restored: [String: Set<String>] = [:]
        for table in states[0].keys {
            for key in Set(before[table, default: [:]].keys).union(after[table, default: [:]].keys) {
                let (old, new) = (before[table]?[key], after[table]?[key])
                guard old != new else { continue }
                let versions = later.map { $0[table]?[key] }
                let now = versions.last ?? nil
                switch (old, new) {
                case (nil, .some):
                    if now == nil { continue }
                    if versions.allSatisfy({ $0 == new }) {
                        removed[table, default: []].insert(key)
                    } else {
                        conflicts.insert("public.\(table),\(key)")
                    }
                case (let old?, nil):
                    if now == nil { restored[table, default: []].insert(key) }
                    if let now, now != old { conflicts.insert("public.\(table),\(key)") }
                case (let old?, let new?): update(table, key, old, new, versions)
                case (nil, nil): continue
                }
            }
        }
        tie(&restored, &removed, before, after)
        settle(restored, removed, before)
    }

    /// A row that was taken to another partition goes back whole or not at all.
    private mutating func tie(
        _ restored: inout [String: Set<String>], _ removed: inout [String: Set<String>],
        _ before: [String: EndToEnd.UndoTests.Rows], _ after: [String: EndToEnd.UndoTests.Rows]
    ) {
        for id in 1...12 {
            let keys = ["eu", "us"].map { "region=\($0) id=\(id)" }
            let changes = keys.map { (before["parts"]?[$0] != nil, after["parts"]?[$0] != nil) }
            guard changes.contains(where: { $0 && !$1 }), changes.contains(where: { !$0 && $1 }),
                keys.contains(where: { conflicts.contains("public.parts,\($0)") })
            else { continue }
            for key in keys {
                conflicts.insert("public.parts,\(key)")
                restored["parts"]?.remove(key)
                removed["parts"]?.remove(key)
            }
        }
    }

    private mutating func update(
        _ table: String, _ key: String, _ old: [String: String?], _ new: [String: String?],
        _ versions: [[String: String?]?]
    ) {
        guard let now = versions.last ?? nil else {
            conflicts.insert("public.\(table),\(key)")
            return
        }
        var row = now
        for (column, value) in old where new[column] != value && column != "g" {
            if now[column] == value { continue }
            guard versions.allSatisfy({ $0?[column] == new[column] }) else {
                conflicts.insert("public.\(table),\(key)")
                return
            }
            row[column] = value
        }
        if row != now { isNothing = false }
        rows[table]?[key] = row
    }

    /// A parent stays where a child that stays refers to it; a child comes back only to its parent.
    private mutating func settle(
        _ restored: [String: Set<String>], _ removed: [String: Set<String>],
        _ before: [String: EndToEnd.UndoTests.Rows]
    ) {
        for table in ["pairs", "parents", "parts"] {
            for key in restored[table] ?? [] {
                rows[table]?[key] = before[table]?[key]
                isNothing = false
            }
        }
        for table in ["pairs", "children", "parts"] {
            for key in removed[table] ?? [] {
                rows[table]?[key] = nil
                isNothing = false
            }
        }
        for key in removed["parents"] ?? [] {
            let id = key.split(separator: "=").last.map(String.init)
            if rows["children"]?.values.contains(where: { $0["parent"] == id }) ?? false {
                conflicts.insert("public.parents,\(key)")
            } else {
                rows["parents"]?[key] = nil
                isNothing = false
            }
        }
        for key in restored["children"] ?? [] {
            guard let row = before["children"]?[key] else { continue }
            let parent = (row["parent"] ?? nil).map { "id=\($0)" }
            if let parent, rows["parents"]?[parent] == nil {
                conflicts.insert("public.children,\(key)")
            } else {
                rows["children"]?[key] = row
                isNothing = false
            }
        }
    }
}
