public import Platform
public import PostgresClient
public import PostgresFormat

/// Reads what the catalogs of one database say of tables: the door to a copy that nobody else uses.
public struct TableReader {
    let connection: Connection

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// What a file of a relation belongs to.
    public struct Owner: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case table
            /// Long values of a table, which its rows bring with them.
            case toast
            /// What rows cannot be brought back to: why.
            case other(String)
        }

        public var relation: ObjectID
        public var name: QualifiedName
        public var kind: Kind
        /// The partitioned table at the top, or the relation itself.
        public var root: ObjectID

        /// Whether it belongs to PostgreSQL itself, whatever file it lies in.
        var isCatalog: Bool { relation.rawValue < TransactionFootprint.firstNormalNumber }
    }

    /// Which relation each file belongs to; one that belongs to none is not in it.
    public func owners(of files: [RelationLocator]) throws(Problem) -> [RelationLocator: Owner] {
        var owners: [RelationLocator: Owner] = [:]
        for file in files {
            let rows = try connection.query(
                """
                SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
                    coalesce(m.amname, '') AS method,
                    CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END::text AS root
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_am m ON m.oid = c.relam
                WHERE c.oid = pg_filenode_relation($1::oid, $2::oid)
                """, [file.tablespace.description, String(file.number)])
            guard let number = rows[0, "oid"].flatMap({ UInt32($0) }), let schema = rows[0, "schema"],
                let name = rows[0, "name"], let root = rows[0, "root"].flatMap({ UInt32($0) })
            else { continue }
            owners[file] = Owner(
                relation: ObjectID(number), name: QualifiedName(schema: schema, name: name),
                kind: Self.kind(rows[0, "kind"] ?? "", method: rows[0, "method"] ?? ""), root: ObjectID(root))
        }
        return owners
    }

    private static func kind(_ kind: String, method: String) -> Owner.Kind {
        switch kind {
        case "t": .toast
        case "r": method == "heap" ? .table : .other("its access method is \(method)")
        case "m": .other("it is a materialized view: REFRESH MATERIALIZED VIEW makes it anew")
        default: .other("it is no table")
        }
    }

    /// The file that a relation has; nil where the relation is gone.
    public func file(of relation: ObjectID) throws(Problem) -> RelationLocator? {
        let rows = try connection.query(
            """
            SELECT coalesce(nullif(c.reltablespace, 0), d.dattablespace)::text AS space, d.oid::text AS base,
                pg_relation_filenode(c.oid)::text AS node
            FROM pg_class c, pg_database d WHERE c.oid = $1::oid AND d.datname = current_database()
            """, [relation.description])
        guard let space = rows[0, "space"].flatMap({ UInt32($0) }),
            let base = rows[0, "base"].flatMap({ UInt32($0) }),
            let node = rows[0, "node"].flatMap({ UInt32($0) })
        else { return nil }
        return RelationLocator(tablespace: ObjectID(space), database: ObjectID(base), number: node)
    }

    /// The table with that number; nil where there is none.
    public func shape(of table: ObjectID) throws(Problem) -> TableShape? {
        let rows = try connection.query(
            """
            SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid
            """, [table.description])
        guard let schema = rows[0, "schema"], let name = rows[0, "name"],
            let kind = rows[0, "kind"].flatMap(TableShape.Kind.init(rawValue:))
        else { return nil }
        var shape = TableShape(
            number: table, name: QualifiedName(schema: schema, name: name), kind: kind,
            columns: try columns(of: table))
        shape.key = try key(of: table, shape.columns)
        shape.references = try references(to: table, shape.columns)
        try readTriggers(&shape)
        return shape
    }

    /// Partitions may have triggers of their own.
    private func readTriggers(_ shape: inout TableShape) throws(Problem) {
        let rows = try connection.query(
            """
            SELECT t.tgname AS name, n.nspname AS schema, c.relname AS relation, t.tgenabled::text AS state
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid IN (
                SELECT $1::oid UNION ALL SELECT relid::oid FROM pg_partition_tree($1::oid::regclass))
            ORDER BY 1, 2, 3
            """, [shape.number.description])
        for row in 0..<rows.count {
            guard let name = rows[row, "name"], let schema = rows[row, "schema"],
                let relation = rows[row, "relation"], let state = rows[row, "state"]
            else { continue }
            shape.switches.append(
                .init(table: QualifiedName(schema: schema, name: relation), name: name, state: state))
        }
    }

    private func columns(of table: ObjectID) throws(Problem) -> [TableShape.Column] {
        let rows = try connection.query(
            """
            SELECT attname AS name, attnum::text AS number, format_type(atttypid, atttypmod) AS type,
                (attgenerated <> '')::text AS generated, attnotnull::text AS required
            FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """, [table.description])
        return (0..<rows.count).map { row in
            TableShape.Column(
                name: rows[row, "name"] ?? "", number: rows[row, "number"].flatMap { Int($0) } ?? 0,
                type: rows[row, "type"] ?? "", isGenerated: rows[row, "generated"] == "true",
                isNotNull: rows[row, "required"] == "true")
        }
    }

    /// The primary key, else the oldest unique index that finds one row at most.
    private func key(of table: ObjectID, _ columns: [TableShape.Column]) throws(Problem) -> TableShape.Key? {
        let rows = try connection.query(
            """
            SELECT k.attnum::text AS number, format('OPERATOR(%I.%s)', s.nspname, o.oprname) AS operator
            FROM (
                SELECT i.indkey, i.indclass, i.indnkeyatts FROM pg_index i
                WHERE i.indrelid = $1::oid AND i.indisunique AND i.indimmediate AND i.indisvalid
                    AND NOT i.indisexclusion
                    AND i.indpred IS NULL AND i.indexprs IS NULL
                    AND NOT EXISTS (
                        SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND NOT a.attnotnull
                            AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
                ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1
            ) i CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[])
                WITH ORDINALITY AS k(attnum, class, place)
            JOIN pg_opclass c ON c.oid = k.class
            JOIN pg_amop p ON p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype
                AND p.amoprighttype = c.opcintype AND p.amopstrategy = 3
                AND c.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')
            JOIN pg_operator o ON o.oid = p.amopopr JOIN pg_namespace s ON s.oid = o.oprnamespace
            WHERE k.place <= i.indnkeyatts ORDER BY k.place
            """, [table.description])
        guard !rows.isEmpty else { return nil }
        var key = TableShape.Key(columns: [], operators: [])
        for row in 0..<rows.count {
            guard let number = rows[row, "number"].flatMap({ Int($0) }),
                let place = columns.firstIndex(where: { $0.number == number }),
                let equality = rows[row, "operator"]
            else { return nil }
            key.columns.append(place)
            key.operators.append(equality)
        }
        return key
    }

    private func references(
        to table: ObjectID, _ columns: [TableShape.Column]
    ) throws(Problem) -> [TableShape.Reference] {
        let rows = try connection.query(
            """
            SELECT f.oid::text AS id, f.conname AS name, n.nspname AS schema, c.relname AS relation,
                c.oid::text AS number, (f.confdeltype IN ('c', 'n', 'd'))::text AS deletes,
                (f.confupdtype IN ('c', 'n', 'd'))::text AS updates, a.attname AS own,
                k.referenced::text AS referenced, format('OPERATOR(%I.%s)', s.nspname, o.oprname) AS operator
            FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL unnest(f.conkey, f.confkey, f.conpfeqop)
                WITH ORDINALITY AS k(own, referenced, operator, place)
            JOIN pg_operator o ON o.oid = k.operator JOIN pg_namespace s ON s.oid = o.oprnamespace
            JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.own
            WHERE f.contype = 'f' AND f.confrelid = $1::oid AND f.conparentid = 0 ORDER BY f.oid, k.place
            """, [table.description])
        var found: [(id: String, reference: TableShape.Reference)] = []
        for row in 0..<rows.count {
            guard let id = rows[row, "id"], let own = rows[row, "own"],
                let number = rows[row, "referenced"].flatMap({ Int($0) }),
                let equality = rows[row, "operator"],
                let place = columns.firstIndex(where: { $0.number == number })
            else { continue }
            if found.last?.id != id {
                found.append(
                    (
                        id,
                        TableShape.Reference(
                            constraint: rows[row, "name"] ?? "",
                            table: QualifiedName(
                                schema: rows[row, "schema"] ?? "", name: rows[row, "relation"] ?? ""),
                            tableNumber: ObjectID(rows[row, "number"].flatMap { UInt32($0) } ?? 0),
                            columns: [], referenced: [], operators: [],
                            actsOnDelete: rows[row, "deletes"] == "true",
                            actsOnUpdate: rows[row, "updates"] == "true")
                    ))
            }
            found[found.count - 1].reference.columns.append(own)
            found[found.count - 1].reference.referenced.append(place)
            found[found.count - 1].reference.operators.append(equality)
        }
        return found.map(\.reference)
    }
}
