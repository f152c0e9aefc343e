public import ServiceModel

/// What is other in a drill's copy than in that of an earlier drill: information, not a verdict.
public struct DrillComparison: Hashable, Sendable {
    /// A line each.
    public var changes: [String] = []

    public init(_ now: [DrillDatabase], before: [DrillDatabase]) {
        let old = Dictionary(before.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let new = Set(now.map(\.name))
        for database in before where !new.contains(database.name) {
            changes.append("database \(database.name) is not there any more")
        }
        for database in now {
            guard let earlier = old[database.name] else {
                changes.append("database \(database.name) is new, with \(database.tables.count) tables")
                continue
            }
            compare(database, earlier)
        }
    }

    private mutating func compare(_ now: DrillDatabase, _ before: DrillDatabase) {
        if let schema = now.schema, let earlier = before.schema, schema != earlier {
            changes.append("database \(now.name): the definitions are others")
        }
        let old = Dictionary(
            before.tables.map { ($0.name, $0.rows) }, uniquingKeysWith: { first, _ in first })
        let names = Set(now.tables.map(\.name))
        for table in before.tables where !names.contains(table.name) {
            changes.append("database \(now.name): table \(table.name) is not there any more")
        }
        for table in now.tables {
            guard let rows = old[table.name] else {
                changes.append("database \(now.name): table \(table.name) is new, with \(table.rows) rows")
                continue
            }
            if rows != table.rows {
                changes.append(
                    "database \(now.name): table \(table.name) had \(rows) rows, now \(table.rows)")
            }
        }
    }
}
