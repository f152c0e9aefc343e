public import PostgresFormat

/// What a script writes, in parts.
extension RepairScript {
    /// Every write by itself, in the script's own order; of a table without a key all together, and those
    /// whose keys go round in a circle.
    public func trials() -> [Trial] {
        parts(1).map {
            Trial(table: $0.table, rows: $0.rows, statement: $0.statements.joined(separator: "\n"))
        }
    }

    /// What a script in batches looks at first; each passes also where its rows are as they are to be.
    public func looks() -> [Trial] {
        guard isInBatches else { return [] }
        return parts(portion).map { Trial(table: $0.table, rows: $0.rows, statement: $0.check()) }
    }

    /// Statements of a script that belong together, and the rows that are in it.
    public struct Trial: Sendable {
        public var table: ObjectID
        public var rows: [Int]
        public var statement: String
    }

    /// - Parameter portion: how many rows one statement names.
    func parts(_ portion: Int) -> [ScriptPart] {
        let tables = tables.filter { !$0.isDropped }
        let written = Set(tables.map(\.shape.number))
        let writers = tables.map { TableStatements($0, portion: portion, beside: written) }
        let parentsFirst = Self.parentsFirst(tables).map { writers[$0] }
        let deletes = parentsFirst.reversed().flatMap { $0.deletions() }
        let inserts = parentsFirst.flatMap { $0.insertions() } + parentsFirst.flatMap { $0.keyless() }
        let updates = parentsFirst.flatMap { $0.updates() }
        // A row that is to go may still be referred to by one that is written here.
        return Self.leadsAway(tables) ? inserts + updates + deletes : deletes + inserts + updates
    }

    /// Whether rows refer to one that goes until they are updated, or removed from a table without a key.
    private static func leadsAway(_ tables: [PlannedTable]) -> Bool {
        tables.contains { parent in
            guard parent.writes.contains(where: { $0.action == .delete }) else { return false }
            return parent.shape.references.contains { reference in
                tables.contains { child in
                    child.shape.number == reference.tableNumber
                        && child.writes.contains { write in
                            child.shape.key == nil
                                || write.action == .update
                                    && write.columns.contains {
                                        reference.columns.contains(child.shape.columns[$0].name)
                                    }
                        }
                }
            }
        }
    }

    /// Places of the tables, each behind those that it refers to; where they refer to each other in a circle,
    /// as they come.
    private static func parentsFirst(_ tables: [PlannedTable]) -> [Int] {
        var rest = Array(tables.indices)
        var order: [Int] = []
        while !rest.isEmpty {
            let free = rest.first { child in
                !rest.contains { parent in
                    parent != child
                        && tables[parent].shape.references.contains {
                            $0.tableNumber == tables[child].shape.number
                        }
                }
            }
            let next = free ?? rest[0]
            order.append(next)
            rest.removeAll { $0 == next }
        }
        return order
    }
}
