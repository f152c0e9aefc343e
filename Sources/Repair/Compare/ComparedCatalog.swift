import Platform
import PostgresClient
import PostgresFormat

/// Reads what there is to compare in one side's database.
struct ComparedCatalog {
    let connection: Connection

    /// Names as keys: two that Unicode takes for equivalent are two.
    struct Name: Hashable {
        private let parts: [Cell]

        init(_ name: QualifiedName) { parts = [Cell(name.schema), Cell(name.name)] }
    }

    static let largeObjects = QualifiedName(schema: "pg_catalog", name: "pg_largeobject")
    static let largeObjectNumbers = QualifiedName(schema: "pg_catalog", name: "pg_largeobject_metadata")

    /// Tables, partitions, materialized views and the catalogs of large objects, without their columns, by
    /// name.
    func relations() throws(Problem) -> [ComparedRelation] {
        let rows = try connection.query(
            """
            SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
                c.relpersistence::text AS persistence, coalesce(m.amname, '') AS method,
                c.relispopulated::text AS populated,
                CASE WHEN c.relkind = 'f' THEN 0 ELSE pg_relation_size(c.oid) / 8192 END::text AS pages,
                coalesce(nullif(c.reltablespace, 0), d.dattablespace)::text AS space, d.oid::text AS base,
                pg_relation_filenode(c.oid)::text AS node
            FROM pg_database d, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_am m ON m.oid = c.relam
            WHERE d.datname = current_database() AND c.relkind IN ('r', 'm', 'f') AND c.relpersistence <> 't'
                AND (n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
                    OR c.oid IN (2613, 2995))
            ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
            """)
        return try (0..<rows.count).map { (row) throws(Problem) in
            guard let number = rows[row, "oid"].flatMap({ UInt32($0) }), let schema = rows[row, "schema"],
                let name = rows[row, "name"]
            else { throw Self.unreadable("table") }
            var relation = ComparedRelation(
                number: ObjectID(number), name: QualifiedName(schema: schema, name: name),
                pages: rows[row, "pages"].flatMap { UInt64($0) } ?? 0)
            if let space = rows[row, "space"].flatMap({ UInt32($0) }),
                let base = rows[row, "base"].flatMap({ UInt32($0) }),
                let node = rows[row, "node"].flatMap({ UInt32($0) })
            {
                relation.file = RelationLocator(
                    tablespace: ObjectID(space), database: ObjectID(base), number: node)
            }
            relation.obstacle =
                switch (rows[row, "kind"], rows[row, "persistence"], rows[row, "method"]) {
                case ("f", _, _): "it is a foreign table: its rows are elsewhere"
                case (_, "u", _): "it is unlogged: every copy has it empty"
                case (_, _, "heap"): nil
                case (_, _, let method): "its access method is \(method ?? "unknown")"
                }
            if rows[row, "populated"] == "false" { relation.obstacle = "it was not filled yet" }
            return relation
        }
    }

    /// Fills in columns and keys.
    func fill(_ relations: inout [ComparedRelation]) throws(Problem) {
        let numbers = "{" + relations.map(\.number.description).joined(separator: ",") + "}"
        let columns = try connection.query(
            """
            WITH RECURSIVE b(oid, base) AS (
                SELECT t.oid, t.oid FROM pg_type t WHERE t.typtype <> 'd'
                UNION ALL SELECT t.oid, b.base FROM pg_type t JOIN b ON t.typbasetype = b.oid
                    WHERE t.typtype = 'd')
            SELECT a.attrelid::text AS oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
                format_type(b.base, NULL) AS base, a.attnum::text AS number, a.atttypid::text AS typed,
                coalesce(a.attmissingval::text, '') AS missing,
                (b.base < 16384 AND format_type(b.base, NULL) !~ '^(reg|aclitem)'
                    AND a.attgenerated <> 'v')::text AS plain
            FROM pg_attribute a JOIN b ON b.oid = a.atttypid
            WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attrelid, a.attnum
            """, [numbers])
        let keys = try connection.query(
            """
            SELECT DISTINCT ON (i.indrelid) i.indrelid::text AS oid,
                (SELECT array_agg(a.attname::text ORDER BY k.place)
                    FROM unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(number, place)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number)::text AS names
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid AND i.indimmediate
                AND i.indpred IS NULL AND i.indexprs IS NULL
                AND NOT EXISTS (SELECT FROM unnest(i.indkey[0:i.indnkeyatts - 1]) AS k(number)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                    WHERE NOT a.attnotnull)
            ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, c.relname COLLATE "C"
            """, [numbers])
        var places: [UInt32: Int] = [:]
        for (place, relation) in relations.enumerated() { places[relation.number.rawValue] = place }
        for row in 0..<columns.count {
            guard let place = columns[row, "oid"].flatMap({ UInt32($0) }).flatMap({ places[$0] }),
                let name = columns[row, "name"], let type = columns[row, "type"]
            else { throw Self.unreadable("column") }
            relations[place].columns.append(
                .init(
                    name: name, type: type, base: columns[row, "base"] ?? type,
                    storage: ["number", "typed", "missing"].map { Cell(columns[row, $0] ?? "") },
                    isPlain: columns[row, "plain"] == "true"))
        }
        for row in 0..<keys.count {
            guard let place = keys[row, "oid"].flatMap({ UInt32($0) }).flatMap({ places[$0] }),
                let names = keys[row, "names"]
            else { throw Self.unreadable("key") }
            relations[place].key = ArrayText.elements(names)
        }
    }

    private static func unreadable(_ word: String) -> Problem {
        Problem(
            .queryFailed, "what the server says of a \(word) cannot be read",
            hint: "Check its catalogs: 'pg_amcheck' tells what is damaged.")
    }

    /// A sequence's state: what it says, and what WAL has of it.
    struct SequenceState: Hashable {
        var name: QualifiedName
        /// Of `last_value`.
        var value: Int64
        var isCalled: Bool
        /// `last_value` once the server was recovered: up to 32 values are taken from WAL at a time.
        var logged: Int64
        /// Every copy has it at its start then.
        var isUnlogged = false

        var words: String { isUnlogged ? "unlogged" : "\(value), \(isCalled ? "called" : "not called")" }

        /// A copy begins where WAL has the sequence, the server that it came from may still stand before.
        ///
        /// - Parameter descends: whether one side came from the other.
        func isSame(as other: SequenceState, descends: Bool) -> Bool {
            guard isUnlogged == other.isUnlogged else { return false }
            if value == other.value, isCalled == other.isCalled { return true }
            guard descends, isCalled, other.isCalled, logged == other.logged else { return false }
            return value == logged || other.value == logged
        }
    }

    func sequences() throws(Problem) -> [SequenceState] {
        let names = try connection.query(
            """
            SELECT n.nspname AS schema, c.relname AS name, s.seqincrement::text AS step,
                c.relpersistence::text AS persistence
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_sequence s ON s.seqrelid = c.oid
            WHERE c.relpersistence <> 't' ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
            """)
        var found: [SequenceState] = []
        for row in 0..<names.count {
            guard let schema = names[row, "schema"], let name = names[row, "name"],
                let step = names[row, "step"].flatMap({ Int64($0) })
            else { throw Self.unreadable("sequence") }
            let sequence = QualifiedName(schema: schema, name: name)
            guard names[row, "persistence"] != "u" else {
                // It is not in WAL: a copy that nobody has opened has nothing of it yet.
                found.append(
                    SequenceState(name: sequence, value: 0, isCalled: false, logged: 0, isUnlogged: true))
                continue
            }
            let state = try connection.query(
                "SELECT last_value::text AS v, log_cnt::text AS n, is_called::text AS c FROM \(sequence.sql)")
            guard let value = state[0, "v"].flatMap({ Int64($0) }),
                let ahead = state[0, "n"].flatMap({ Int64($0) })
            else { throw Self.unreadable("sequence") }
            found.append(
                SequenceState(
                    name: sequence, value: value, isCalled: state[0, "c"] == "true",
                    logged: value &+ ahead &* step))
        }
        return found
    }
}

/// An array of texts as PostgreSQL prints it.
enum ArrayText {
    static func elements(_ text: String) -> [String] {
        var found: [String] = []
        var element = String.UnicodeScalarView()
        var (isQuoted, isEscaped, isOpen) = (false, false, false)
        for scalar in text.unicodeScalars.dropFirst().dropLast() {
            isOpen = true
            switch scalar {
            case _ where isEscaped:
                element.append(scalar)
                isEscaped = false
            case "\\": isEscaped = true
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                found.append(String(element))
                element = String.UnicodeScalarView()
            default: element.append(scalar)
            }
        }
        return isOpen ? found + [String(element)] : []
    }
}
