import Platform
import PostgresClient

/// Finds rows that are to go and that others' rows refer to by now.
struct ReferenceCheck {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Rows that refer and go themselves do not count; a row that stays keeps what it refers to.
    func judge(_ tables: inout [UndoPlan.Table]) throws(Problem) {
        var isChanged = true
        while isChanged {
            isChanged = false
            for index in tables.indices {
                for reference in tables[index].shape.references {
                    let kept = try referred(in: tables[index], by: reference, tables)
                    for row in kept {
                        tables.hold(
                            row, of: index, as: .referencedSince,
                            because: "rows of \(reference.table) refer to it")
                        isChanged = true
                    }
                }
            }
        }
    }

    /// Places of rows that are to go and must not.
    private func referred(
        in table: UndoPlan.Table, by reference: TableShape.Reference, _ tables: [UndoPlan.Table]
    ) throws(Problem) -> [Int] {
        let going = table.rows.indices.filter { table.rows[$0].verdict == .unchangedSince }
        guard !going.isEmpty else { return [] }
        let child = tables.first { $0.shape.number == reference.tableNumber }
        let childKey = child?.shape.key
        let judge = child.map { RowJudge($0.shape) }
        // A row of the child that is removed, or led away from the parent, does not hold it.
        let leaving = Set(
            (child?.rows ?? []).filter { row in
                row.verdict == .unchangedSince
                    || row.verdict.isRepaired
                        && row.damaged.contains {
                            reference.columns.contains(child?.shape.columns[$0].name ?? "")
                        }
            }.compactMap { row in row.now.flatMap { judge?.key(of: $0) } })
        var kept: Set<Int> = []
        var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
        for (place, column) in reference.referenced.enumerated() {
            values.columns.append(.init(name: "k\(place + 1)", type: table.shape.columns[column].type))
        }
        values.rows = going.map { row in
            [Cell(String(row))] + reference.referenced.map { table.rows[row].now?[$0] ?? nil }
        }
        let condition = zip(reference.columns, reference.operators).enumerated().map { place, pair in
            "p.k\(place + 1) \(pair.1) c.\(QualifiedName.quoted(pair.0))"
        }.joined(separator: " AND ")
        let keys = childKey.map { key in
            key.columns.map { ", c.\(child?.shape.columns[$0].sql ?? "")" }.joined()
        }
        let answer = try connection.query(
            "WITH p(\(values.names)) AS (\(values.sql)) SELECT p.n\(keys ?? "") FROM "
                + "\(reference.table.sql) AS c JOIN p ON \(condition)")
        for row in answer.rows {
            guard let place = row[0].flatMap({ Int($0) }) else { continue }
            if keys == nil || !leaving.contains(Cells(texts: row.dropFirst())) {
                kept.insert(place)
            }
        }
        return kept.sorted()
    }
}
