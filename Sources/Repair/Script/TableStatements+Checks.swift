import Platform
import PostgresFormat

extension TableStatements {
    /// Asks whether each row is as it must be, or as it is to be; writes and locks nothing.
    ///
    /// Besides, a key that a row is to get must be free, or held by a row that gives it up, and no row of a
    /// table that is not written may refer to one that goes. Other tables' rows are left to the statements
    /// that write: earlier ones may change them.
    func check(_ writes: [PlannedWrite]) -> String {
        guard let key = shape.key else { return keylessCheck() }
        let going = writes.filter { $0.action == .delete && taker(of: $0) == nil }
        let references = going.isEmpty ? [] : outside.map { self.referred(going, by: $0) }
        return references.joined()
            + PlannedWrite.Action.allCases.map { action in
                let some = writes.filter { $0.action == action }
                return some.isEmpty ? "" : check(some, action, key)
            }.joined()
    }

    private func check(
        _ writes: [PlannedWrite], _ action: PlannedWrite.Action, _ key: TableShape.Key
    ) -> String {
        var values = action == .insert ? numbered(writes) : identified(writes)
        if action != .delete {
            add(&values, "wanted", "text", writes.map { $0.wanted.map { RowText.of($0, shape) } })
        }
        func there(_ condition: String) -> String {
            "EXISTS (SELECT FROM \(shape.source) AS r WHERE \(condition))"
        }
        let condition: String
        switch action {
        case .insert:
            addWanted(&values, shape.written, writes)
            condition =
                "NOT \(there(wantedKey(key)))\n        OR "
                + there("\(wantedKey(key)) AND \(image) = p.wanted")
        case .update:
            addWantedKey(&values, key, writes)
            var free = ""
            var over = ""
            if writes.contains(where: { $0.columns.contains(where: key.columns.contains) }) {
                addAgain(&values, writes)
                add(&values, "held", "text", writes.map { changedKeys.holder(of: $0.wanted) })
                let other = "(p.held IS NULL OR \(image) <> p.held)"
                free = " AND NOT " + there("\(found(by: "w")) AND NOT (\(found(by: "k"))) AND \(other)")
                over = " AND " + isOver
            }
            condition =
                there("\(found(by: "k")) AND \(image) = p.expected") + free + "\n        OR "
                + there("\(found(by: "w")) AND \(image) = p.wanted") + over
        case .delete:
            let gone = gone(&values, writes)
            condition =
                there("\(found(by: "k")) AND \(image) = p.expected") + "\n        OR NOT " + there(gone)
        }
        let name = shape.name.visibleLiteral
        return "WITH p(\(values.names)) AS (\(values.sql))\n"
            + "SELECT CASE WHEN count(*) = \(writes.count) THEN '\(name): \(writes.count) rows as planned'\n"
            + "    ELSE ('stop: ' || \(writes.count) - count(*) || ' of \(writes.count) rows of \(name) are "
            + "not as planned: if they were written since, pitr undo makes a new script')"
            + "::pg_catalog.int4::pg_catalog.text END\n"
            + "FROM p WHERE \(condition);\n"
    }

    private func keylessCheck() -> String {
        let name = shape.name.visibleLiteral
        return "WITH \(counts.joined(separator: ",\n"))\n"
            + "SELECT CASE WHEN state.fresh OR state.over THEN '\(name): rows as planned'\n"
            + "    ELSE ('stop: rows of \(name) are not as planned, or there are others like them, of '\n"
            // Of constants alone it would be an error before anything is asked.
            + "        || (SELECT count(*) FROM texts) || ' different ones')::pg_catalog.int4::pg_catalog.text END\n"
            + "FROM state;\n"
    }

    private func numbered(_ writes: [PlannedWrite]) -> PlannedValues {
        var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
        values.rows = writes.indices.map { [Cell(String($0 + 1))] }
        return values
    }

    func addWantedKey(_ values: inout PlannedValues, _ key: TableShape.Key, _ writes: [PlannedWrite]) {
        for (place, column) in key.columns.enumerated() {
            add(
                &values, "w\(place + 1)", shape.columns[column].type,
                writes.map { $0.wanted?[column] ?? nil })
        }
    }

    // MARK: Keys that go round in a circle

    /// Where the key lies for a moment that a row has meanwhile.
    private static let aside = "nullif(pg_catalog.current_setting('pitr.aside', true), '')"

    /// Each of them wants the key of another one: the first gets a key that nobody has, the others theirs in
    /// turn, then the first its own.
    func moved(_ circle: [PlannedWrite], _ key: TableShape.Key) -> [String] {
        let circle = begun(circle, key)
        let first = circle[0]
        guard let column = first.columns.first(where: { key.columns.contains($0) && fresh($0) != nil }),
            let value = fresh(column)
        else {
            // What stands in the way is told when this is tried.
            return circle.map { update([$0], $0.columns) }
        }
        return [aside(first, column, value, key)] + circle.dropFirst().map { update([$0], $0.columns) }
            + [back(first, column, key)]
    }

    /// The circle from where its key can be put aside, and where no row of it looks just as the first one is
    /// to look: that would count as done. Each still wants the key of the one before it.
    private func begun(_ circle: [PlannedWrite], _ key: TableShape.Key) -> [PlannedWrite] {
        let texts = Set(circle.compactMap { $0.expected.map { RowText.of($0, shape) } })
        let able = circle.indices.filter { place in
            circle[place].columns.contains { key.columns.contains($0) && fresh($0) != nil }
        }
        let open = able.first { place in
            circle[place].wanted.map { !texts.contains(RowText.of($0, shape)) } ?? false
        }
        let start = open ?? able.first ?? 0
        return Array(circle[start...]) + Array(circle[..<start])
    }

    /// A value that no row has; nil where there is none of the type.
    private func fresh(_ column: Int) -> String? {
        let name = shape.columns[column].sql
        let type = shape.columns[column].type
        switch type {
        case "smallint", "integer", "bigint", "numeric":
            return "(SELECT pg_catalog.max(q.\(name)) + 1 FROM \(shape.source) AS q)"
        case "uuid": return "pg_catalog.gen_random_uuid()"
        case "text", "character varying": return "pg_catalog.gen_random_uuid()::pg_catalog.text"
        case _ where type.hasPrefix("numeric("):
            return "(SELECT pg_catalog.max(q.\(name)) + 1 FROM \(shape.source) AS q)"
        case _ where type.hasPrefix("character varying("):
            return "pg_catalog.gen_random_uuid()::pg_catalog.text"
        default: return nil
        }
    }

    private func aside(
        _ write: PlannedWrite, _ column: Int, _ value: String, _ key: TableShape.Key
    ) -> String {
        let name = shape.columns[column].sql
        var values = identified([write])
        add(&values, "wanted", "text", [write.wanted.map { RowText.of($0, shape) }])
        addWantedKey(&values, key, [write])
        addAgain(&values, [write])
        return comment(
            "\(shape.name): gives one row a key that no other has, for as long as its own is taken")
            + "WITH p(\(values.names)) AS (\(values.sql)),\ndone AS (\n"
            + "    UPDATE \(shape.source) AS r SET \(name) = \(value) FROM p\n"
            + "        WHERE \(found(by: "k")) AND \(image) = p.expected\(isOpen)\n        RETURNING "
            + "pg_catalog.set_config('pitr.aside', r.\(name)::pg_catalog.text, true) IS NOT NULL AS kept),\n"
            + "already AS (\(already))\n"
            + counted(1, done: "set aside", already: "had their old values already")
    }

    private var already: String {
        "SELECT p.n FROM p JOIN \(shape.source) AS r ON \(found(by: "w"))\n"
            + "        WHERE \(image) = p.wanted AND \(isOver)"
    }

    /// A row with a changed key is not there any more as it was: what is there in its stead may be somebody
    /// else's, unless it is just what another write leaves.
    var isOver: String {
        "(p.again OR NOT EXISTS (SELECT FROM \(shape.source) AS r WHERE \(found(by: "k"))\n"
            + "            AND \(image) = p.expected))"
    }

    /// Whether another write leaves a row just as the one is that is expected.
    func addAgain(_ values: inout PlannedValues, _ writes: [PlannedWrite]) {
        add(
            &values, "again", "boolean",
            writes.map { write in
                Cell(
                    write.expected.map { changedKeys.left.contains(RowText.of($0, shape)) } ?? false
                        ? "t" : "f")
            })
    }

    private func back(_ write: PlannedWrite, _ column: Int, _ key: TableShape.Key) -> String {
        var values = identified([write])
        add(&values, "wanted", "text", [write.wanted.map { RowText.of($0, shape) }])
        addWantedKey(&values, key, [write])
        addAgain(&values, [write])
        addWanted(&values, write.columns, [write])
        let set = write.columns.enumerated().map { "\(shape.columns[$1].sql) = p.v\($0 + 1)" }
        let held = zip(key.columns, key.operators).enumerated().map { place, pair in
            let (name, type) = (shape.columns[pair.0].sql, shape.columns[pair.0].type)
            return "r.\(name) \(pair.1) " + (pair.0 == column ? "\(Self.aside)::\(type)" : "p.k\(place + 1)")
        }.joined(separator: " AND ")
        let had = key.columns.firstIndex(of: column).map { "p.k\($0 + 1)" } ?? "NULL"
        let fields = shape.written.map { $0 == column ? had : shape.reading($0, alias: "r") }
        return comment("\(shape.name): gives that row its old key")
            + "WITH p(\(values.names)) AS (\(values.sql)),\ndone AS (\n"
            + "    UPDATE \(shape.source) AS r SET \(set.joined(separator: ", ")) FROM p\n"
            + "        WHERE \(held)\n"
            + "            AND ROW(\(fields.joined(separator: ", ")))::pg_catalog.text = p.expected\n"
            + "        RETURNING \(image) = p.wanted AS kept),\nalready AS (\(already))\n"
            + counted(1, done: "updated", already: "had their old values already")
    }
}

extension QualifiedName {
    /// For the inside of a quoted literal without escapes.
    var visibleLiteral: String {
        var text = ""
        for scalar in description.visible().unicodeScalars {
            switch scalar {
            case "'": text += "''"
            case "\\": text += "/"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
