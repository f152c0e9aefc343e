public import PostgresFormat

/// A database whose DROP DATABASE has begun and is not done: PostgreSQL admits nobody to it, and its files
/// may be partly gone.
public struct InvalidDatabase: Hashable, Sendable {
    public let number: ObjectID
    public let name: String
    /// The record that marked it; nil where that is older than what was read.
    public let marked: LSN?
}

/// What a copy finds in its catalogs when recovery ends here.
extension CatalogState {
    /// Ends the transactions that recovery would end: all but the prepared ones are as good as rolled back.
    public mutating func recoveryEnded() {
        serverStopped()
    }

    /// The committed databases that are marked as being dropped, by name.
    public var invalidDatabases: [InvalidDatabase] {
        guard let heap = shared[.databases] else { return [] }
        return heap.objects.compactMap { object -> InvalidDatabase? in
            for row in heap.rows(of: object) where row.creator == .none {
                guard case .database(let entry)? = layout.entry(.databases, row),
                    entry.connectionLimit == DatabaseEntry.invalidLimit
                else { continue }
                return InvalidDatabase(number: object, name: entry.name, marked: invalidated[object])
            }
            return nil
        }.sorted { $0.name < $1.name }
    }

    /// The committed unlogged tables, materialized views and sequences of all databases that can be connected
    /// to. Indexes and TOAST tables go with their table.
    public var unloggedRelations: [KnownRelation] {
        let invalid = Set(invalidDatabases.map(\.number))
        return databaseNames.keys.sorted().filter { !invalid.contains($0) }.flatMap { database in
            relations(of: database) { entry in
                entry.persistence == UInt8(ascii: "u") && "rmS".utf8.contains(entry.kind)
            }
        }
    }
}
