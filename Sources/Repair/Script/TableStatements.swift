import Platform
import PostgresFormat

/// Statements that belong together: all of them are done in one transaction.
struct ScriptPart {
    var table: ObjectID
    /// Places of the judged rows.
    var rows: [Int]
    var statements: [String]
    /// A statement that asks whether the rows are as they must be, or as they are to be.
    var check: () -> String
}

/// The statements that write one table, each with the rows it is for and a count that must come out.
struct TableStatements {
    let table: PlannedTable
    private let portion: Int
    let changedKeys: ChangedKeys
    /// Foreign keys of tables that are not written.
    let outside: [TableShape.Reference]
    var shape: TableShape { table.shape }

    /// - Parameter written: all tables that are written.
    init(_ table: PlannedTable, portion: Int, beside written: Set<ObjectID> = []) {
        self.table = table
        outside = table.shape.references.filter {
            $0.tableNumber != table.shape.number && !written.contains($0.tableNumber)
        }
        self.portion = portion
        changedKeys = ChangedKeys(table)
    }

    // MARK: Updates

    /// Rows with the same columns to be set go together.
    func updates() -> [ScriptPart] {
        guard let key = shape.key else { return [] }
        let writes = table.writes(.update)
        // One by one: each frees the key that the next one wants.
        let keyed = writes.filter { $0.columns.contains(where: key.columns.contains) }
        let moves = PlannedTable.ordered(keyed, by: key).map { circle in
            part(circle, circle.count == 1 ? [update(circle, circle[0].columns)] : moved(circle, key))
        }
        let others = writes.filter { !$0.columns.contains(where: key.columns.contains) }
        let groups = Dictionary(grouping: others, by: \.columns)
        return moves
            + groups.keys.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { columns in
                portions(groups[columns] ?? []).map { part($0, [update($0, columns)]) }
            }
    }

    private func part(_ writes: [PlannedWrite], _ statements: [String]) -> ScriptPart {
        ScriptPart(
            table: shape.number, rows: writes.map(\.row), statements: statements,
            check: { check(writes) })
    }

    func update(_ writes: [PlannedWrite], _ columns: [Int]) -> String {
        var values = identified(writes)
        add(&values, "wanted", "text", writes.map { $0.wanted.map { RowText.of($0, shape) } })
        let changesKey = shape.key?.columns.contains(where: columns.contains) ?? false
        if changesKey, let key = shape.key {
            addWantedKey(&values, key, writes)
            addAgain(&values, writes)
        }
        addWanted(&values, columns, writes)
        let set = columns.enumerated().map { "\(shape.columns[$1].sql) = p.v\($0 + 1)" }
        let already =
            "SELECT p.n FROM p JOIN \(shape.source) AS r ON \(found(by: changesKey ? "w" : "k"))\n"
            + "        WHERE \(image) = p.wanted\(changesKey ? " AND " + isOver : "")"
        return comment("\(shape.name): gives back \(names(columns)) in \(writes.count) rows")
            + "WITH p(\(values.names)) AS (\(values.sql)),\ndone AS (\n"
            + "    UPDATE \(shape.source) AS r SET \(set.joined(separator: ", ")) FROM p\n"
            + "        WHERE \(found(by: "k")) AND \(image) = p.expected\(changesKey ? isOpen : "")\n"
            + "        RETURNING \(kept(columns)) AS kept),\nalready AS (\(already))\n"
            + counted(writes.count, done: "updated", already: "had their old values already")
    }

    /// Where a key is changed already, another row may look just as this one did.
    var isOpen: String {
        "\n        AND NOT EXISTS (SELECT FROM \(shape.source) AS r WHERE \(found(by: "w"))\n"
            + "            AND \(image) = p.wanted)"
    }

    // MARK: Insertions

    func insertions() -> [ScriptPart] {
        guard let key = shape.key else { return [] }
        return parentsFirst(table.writes(.insert)).map { part($0, [insert($0, key)]) }
    }

    private func insert(_ writes: [PlannedWrite], _ key: TableShape.Key) -> String {
        var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
        values.rows = writes.indices.map { [Cell(String($0 + 1))] }
        add(&values, "wanted", "text", writes.map { $0.wanted.map { RowText.of($0, shape) } })
        let columns = shape.written
        addWanted(&values, columns, writes)
        let condition = wantedKey(key)
        return comment("\(shape.name): puts back \(writes.count) rows")
            + "WITH p(\(values.names)) AS (\(values.sql)),\ndone AS (\n    \(insertion(of: columns)) FROM p\n"
            + "        WHERE NOT EXISTS (SELECT FROM \(shape.source) AS r WHERE \(condition))\n"
            + "        RETURNING \(image) IN (SELECT wanted FROM p) AS kept),\n"
            + "already AS (SELECT p.n FROM p JOIN \(shape.source) AS r ON \(condition)\n"
            + "        WHERE \(image) = p.wanted)\n"
            + counted(writes.count, done: "put back", already: "were there already")
    }

    /// The condition by which a row `r` has the key that one of `p` wants.
    func wantedKey(_ key: TableShape.Key) -> String {
        zip(key.columns, key.operators).map { column, equality in
            let value = shape.written.firstIndex(of: column).map { "p.v\($0 + 1)" } ?? "NULL"
            return "r.\(shape.columns[column].sql) \(equality) \(value)"
        }.joined(separator: " AND ")
    }

    /// Rows of a table that was just made.
    func fillings() -> [ScriptPart] {
        let columns = shape.written
        return portions(table.writes).map { writes in
            var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
            values.rows = writes.indices.map { [Cell(String($0 + 1))] }
            addWanted(&values, columns, writes)
            let text =
                comment("\(shape.name): puts in \(writes.count) rows")
                + "WITH p(\(values.names)) AS (\(values.sql)),\n"
                + "done AS (\(insertion(of: columns)) FROM p RETURNING true AS kept),\n"
                + "already AS (SELECT 1 WHERE false)\n"
                + counted(writes.count, done: "put in", already: "were there already")
            return ScriptPart(
                table: shape.number, rows: writes.map(\.row), statements: [text], check: { "" })
        }
    }

    private func insertion(of columns: [Int]) -> String {
        let names = columns.map { shape.columns[$0].sql }.joined(separator: ", ")
        let fields = columns.indices.map { "p.v\($0 + 1)" }.joined(separator: ", ")
        return
            "INSERT INTO \(shape.name.sql) AS r (\(names))\n        OVERRIDING SYSTEM VALUE SELECT \(fields)"
    }

    // MARK: Deletions

    func deletions() -> [ScriptPart] {
        guard shape.key != nil else { return [] }
        let acting = shape.references.filter(\.actsOnDelete)
        return childrenFirst(table.writes(.delete)).map { writes in
            var texts: [String] = []
            if !acting.isEmpty { texts.append(lock(writes)) }
            texts += acting.map { referred(writes, by: $0) }
            return part(writes, texts + [delete(writes)])
        }
    }

    /// Nobody can refer to a row that is locked in this way.
    private func lock(_ writes: [PlannedWrite]) -> String {
        let values = identified(writes)
        return comment("\(shape.name): locks \(writes.count) rows that are to go")
            + "WITH p(\(values.names)) AS (\(values.sql)),\nheld AS (SELECT 1 FROM \(shape.source) AS r "
            + "JOIN p ON \(found(by: "k")) FOR UPDATE OF r)\n"
            + "SELECT '\(shape.name.visibleLiteral): ' || count(*) || ' rows locked' FROM held;\n"
    }

    func referred(_ writes: [PlannedWrite], by reference: TableShape.Reference) -> String {
        var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
        values.rows = writes.indices.map { [Cell(String($0 + 1))] }
        for (place, column) in reference.referenced.enumerated() {
            add(
                &values, "k\(place + 1)", shape.columns[column].type,
                writes.map { $0.expected?[column] ?? nil })
        }
        var condition = zip(reference.columns, reference.operators).enumerated().map { place, pair in
            "p.k\(place + 1) \(pair.1) c.\(QualifiedName.quoted(pair.0))"
        }
        if reference.tableNumber == shape.number, let key = shape.key {
            // Rows that go themselves may refer to each other.
            for (place, column) in key.columns.enumerated() {
                add(
                    &values, "own\(place + 1)", shape.columns[column].type,
                    writes.map { $0.expected?[column] ?? nil })
            }
            let same = zip(key.columns, key.operators).enumerated().map { place, pair in
                "c.\(shape.columns[pair.0].sql) \(pair.1) q.own\(place + 1)"
            }
            condition.append("NOT EXISTS (SELECT FROM p AS q WHERE \(same.joined(separator: " AND ")))")
        }
        let words = PlannedValues.literal(
            " rows of \(reference.table) refer to rows of \(shape.name) that are to go")
        return comment("\(reference.table): its rows must not go with those of \(shape.name)")
            + "WITH p(\(values.names)) AS (\(values.sql)),\nfound AS (SELECT count(*) AS count FROM "
            + "\(reference.table.sql) AS c JOIN p ON \(condition.joined(separator: " AND ")))\n"
            + "SELECT CASE WHEN found.count = 0 THEN "
            + PlannedValues.literal("\(reference.table): refers to none of them") + "\n"
            + "    ELSE ('stop: ' || found.count || \(words))::pg_catalog.int4::pg_catalog.text END FROM found;\n"
    }

    private func delete(_ writes: [PlannedWrite]) -> String {
        var values = identified(writes)
        let gone = gone(&values, writes)
        return comment("\(shape.name): removes \(writes.count) rows")
            + "WITH p(\(values.names)) AS (\(values.sql)),\ndone AS (\n"
            + "    DELETE FROM \(shape.source) AS r USING p\n"
            + "        WHERE \(found(by: "k")) AND \(image) = p.expected RETURNING true AS kept),\n"
            + "already AS (SELECT p.n FROM p WHERE NOT EXISTS (SELECT FROM \(shape.source) AS r "
            + "WHERE \(gone)))\n"
            + counted(writes.count, done: "removed", already: "were gone already")
    }

    /// The condition by which a row `r` has the key of one that is to go, and is not the one that gets its
    /// key when it is gone.
    func gone(_ values: inout PlannedValues, _ writes: [PlannedWrite]) -> String {
        let takers = writes.map(taker)
        guard takers.contains(where: { $0 != nil }) else { return found(by: "k") }
        add(&values, "taken", "text", takers)
        return found(by: "k") + " AND (p.taken IS NULL OR \(image) <> p.taken)"
    }

    func taker(of write: PlannedWrite) -> Cell? {
        changedKeys.taker(of: write.expected, write.expected.map { RowText.of($0, shape) })
    }

    // MARK: Without a key

    /// All writes of a table without a key, in one statement: rows are found where they lay and count by
    /// their text, so that a second run is told by the numbers.
    func keyless() -> [ScriptPart] {
        guard shape.key == nil, !table.writes.isEmpty else { return [] }
        let columns = shape.written
        let taken = table.writes.filter { $0.action != .insert }
        let put = table.writes(.insert)
        var parts = counts
        var results: [String] = []
        if !taken.isEmpty {
            var values = identified(taken)
            add(&values, "goes", "boolean", taken.map { Cell($0.action == .delete ? "t" : "f") })
            let changed = Array(Set(taken.flatMap(\.columns))).sorted()
            addWanted(&values, changed, taken)
            let set = changed.enumerated().map { "\(shape.columns[$1].sql) = p.v\($0 + 1)" }
            let place = "state.fresh AND \(found(by: "k")) AND \(image) = p.expected RETURNING 1"
            parts += [
                "p(\(values.names)) AS (\(values.sql))",
                "gone AS (DELETE FROM \(shape.source) AS r USING p, state WHERE p.goes AND \(place))",
            ]
            results.append("SELECT 1 FROM gone")
            if !set.isEmpty {
                parts.append(
                    "changed AS (UPDATE \(shape.source) AS r SET \(set.joined(separator: ", "))\n"
                        + "    FROM p, state WHERE NOT p.goes AND \(place))")
                results.append("SELECT 1 FROM changed")
            }
        }
        if !put.isEmpty {
            var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
            values.rows = put.indices.map { [Cell(String($0 + 1))] }
            addWanted(&values, columns, put)
            parts += [
                "q(\(values.names)) AS (\(values.sql))",
                "back AS (\(insertion(of: columns)) FROM q AS p, state WHERE state.fresh RETURNING 1)",
            ]
            results.append("SELECT 1 FROM back")
        }
        let name = shape.name.visibleLiteral
        let count = table.writes.count
        let text =
            comment("\(shape.name), which has no key: \(count) rows")
            + "WITH \(parts.joined(separator: ",\n"))\n"
            + "SELECT CASE WHEN state.fresh AND d.count = \(count) THEN '\(name): \(count) rows written'\n"
            + "        WHEN state.over THEN '\(name): 0 rows written, \(count) were so already'\n"
            + "        ELSE ('stop: rows of \(name) are not as planned, or there are others like them: '\n"
            + "            || d.count || ' of \(count) found')::pg_catalog.int4::pg_catalog.text END\n"
            + "FROM state, (SELECT count(*) FROM (\(results.joined(separator: " UNION ALL "))) AS w) AS d;\n"
        return [part(table.writes, [text])]
    }

    /// How many rows there are of each text, and whether that is as planned, or as it is to be.
    var counts: [String] {
        [
            "texts(image, have, want) AS (\(texts().sql))",
            "state AS (SELECT bool_and(count = have) AS fresh, bool_and(count = want) AS over\n"
                + "    FROM (SELECT t.have, t.want, coalesce(r.count, 0) AS count FROM texts AS t LEFT JOIN\n"
                + "        (SELECT \(image) AS image, count(*) AS count FROM \(shape.source) AS r\n"
                + "            WHERE \(image) IN (SELECT image FROM texts) GROUP BY 1) AS r\n"
                + "        ON r.image = t.image) AS counted)",
        ]
    }

    /// How many rows of each text there are, and are to be.
    private func texts() -> PlannedValues {
        var want: [Cell: Int] = [:]
        for write in table.writes {
            for (cells, change) in [(write.expected, -1), (write.wanted, 1)] {
                guard let text = cells.map({ RowText.of($0, shape) }) else { continue }
                want[text, default: table.alike[text] ?? 0] += change
            }
        }
        var values = PlannedValues(columns: [
            .init(name: "image", type: "text"), .init(name: "have", type: "bigint"),
            .init(name: "want", type: "bigint"),
        ])
        values.rows = want.map { [$0, Cell(String(table.alike[$0] ?? 0)), Cell(String($1))] }
        return values
    }

    // MARK: Parts

    func addWanted(_ values: inout PlannedValues, _ columns: [Int], _ writes: [PlannedWrite]) {
        for (place, column) in columns.enumerated() {
            add(
                &values, "v\(place + 1)", shape.columns[column].type, writes.map { $0.wanted?[column] ?? nil }
            )
        }
    }

    var image: String { RowText.expression(shape, alias: "r") }

    /// So many rows, or fewer where they are large: a statement has to stay small for whoever parses it.
    func portions(_ writes: [PlannedWrite]) -> [[PlannedWrite]] {
        var portions: [[PlannedWrite]] = []
        var bytes = 0
        for write in writes {
            let size = [write.expected, write.wanted].compactMap { $0 }.joined().reduce(0) {
                $0 + ($1?.text.utf8.count ?? 0)
            }
            if portions.isEmpty || portions[portions.count - 1].count >= portion
                || bytes + size > Self.largest
            {
                portions.append([])
                bytes = 0
            }
            portions[portions.count - 1].append(write)
            bytes += size
        }
        return portions
    }

    private static let largest = 4 << 20

    /// Number, place and expected text of rows that are there.
    func identified(_ writes: [PlannedWrite]) -> PlannedValues {
        var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
        values.rows = writes.indices.map { [Cell(String($0 + 1))] }
        if let key = shape.key {
            for (place, column) in key.columns.enumerated() {
                add(
                    &values, "k\(place + 1)", shape.columns[column].type,
                    writes.map { $0.expected?[column] ?? nil })
            }
        } else {
            add(&values, "k1", "tid", writes.map { $0.address.map { Cell($0.description) } })
        }
        add(&values, "expected", "text", writes.map { $0.expected.map { RowText.of($0, shape) } })
        return values
    }

    func found(by prefix: String) -> String {
        guard let key = shape.key else { return "r.ctid = p.\(prefix)1" }
        return zip(key.columns, key.operators).enumerated().map { place, pair in
            "r.\(shape.columns[pair.0].sql) \(pair.1) p.\(prefix)\(place + 1)"
        }.joined(separator: " AND ")
    }

    func add(_ values: inout PlannedValues, _ name: String, _ type: String, _ cells: Cells) {
        values.columns.append(.init(name: name, type: type))
        for index in values.rows.indices { values.rows[index].append(cells[index]) }
    }

    /// Whether a row that was just written has the values that it was given: triggers may change them.
    private func kept(_ columns: [Int]) -> String {
        let left = columns.map { shape.reading($0, alias: "r") }.joined(separator: ", ")
        let right = columns.enumerated().map { place, column in
            shape.columns[column].type == "xml" ? "p.v\(place + 1)::pg_catalog.text" : "p.v\(place + 1)"
        }
        return "ROW(\(left))::pg_catalog.text = ROW(\(right.joined(separator: ", ")))::pg_catalog.text"
    }

    /// All rows must have been found as planned, or as they are to be.
    func counted(_ count: Int, done: String, already: String) -> String {
        let name = shape.name.visibleLiteral
        return """
            SELECT CASE WHEN d.count + a.count = \(count)
                THEN '\(name): ' || d.count || ' rows \(done)'
                    || CASE WHEN a.count > 0 THEN ', ' || a.count || ' \(already)' ELSE '' END
                ELSE ('stop: ' || \(count) - d.count - a.count
                    || ' of \(count) rows of \(name) are not as planned: if they were written since, pitr '
                    || 'undo makes a new script')::pg_catalog.int4::pg_catalog.text END
            FROM (SELECT count(*) FROM done WHERE kept) AS d, (SELECT count(*) FROM already) AS a;

            """
    }

    func comment(_ text: String) -> String { RepairScript.comment(text) + "\n" }

    private func names(_ columns: [Int]) -> String {
        columns.map { shape.columns[$0].name }.joined(separator: ", ")
    }
}
