public import PostgresFormat

/// A relation as the catalogs know it at a position in the WAL.
public struct KnownRelation: Hashable, Sendable {
    public let object: ObjectID
    public let database: ObjectID
    /// Nil where the database's row is not known.
    public let databaseName: String?
    /// Nil where the schema's row is not known.
    public let schemaName: String?
    public let name: String
    /// As `pg_class.relkind`.
    public let kind: Character
    /// As `pg_class.relpersistence`: an unlogged one is empty after a recovery.
    public let isUnlogged: Bool
    /// The number of its file; 0 if it has none, or is a catalog in the relation map.
    public let file: UInt32
}

extension CatalogState {
    /// The relation a file belongs to, also if its row is of a transaction that has not ended.
    public func relation(at locator: RelationLocator) -> KnownRelation? {
        let found = entry(at: locator, seenBy: []) ?? mapped(at: locator)
        return found.map { known($0, in: locator.database, seenBy: []) }
    }

    /// The relation with an object number; `.none` as database for a shared one.
    public func relation(_ object: ObjectID, in database: ObjectID) -> KnownRelation? {
        guard let home = database == .none ? databases.keys.min() : database else { return nil }
        return relationEntry(object, in: home, seenBy: []).map { known($0, in: database, seenBy: []) }
    }

    /// What a database is called, also if its row is of a transaction that has not ended.
    public func databaseName(_ object: ObjectID) -> String? {
        databaseName(object, seenBy: [])
    }

    /// A catalog that is in the map of its database; a shared one has its row in every database.
    private func mapped(at locator: RelationLocator) -> RelationEntry? {
        guard let files = catalog(locator.database)?.map.files,
            let object = files.first(where: { $0.value == locator.number })?.key,
            let database = locator.database == .none ? databases.keys.min() : locator.database
        else { return nil }
        return relationEntry(object, in: database, seenBy: [])
    }

    /// All relations of a database that are committed, by object number; for the shared ones any database's.
    public func relations(of database: ObjectID) -> [KnownRelation] {
        relations(of: database) { _ in true }
    }

    /// Those alone of which that is true: what things are called is looked up for each.
    func relations(of database: ObjectID, where isWanted: (RelationEntry) -> Bool) -> [KnownRelation] {
        guard let heap = databases[database]?[.relations] else { return [] }
        return heap.objects.sorted().compactMap { object in
            guard heap.rows(of: object).contains(where: { $0.creator == .none }) else { return nil }
            guard let entry = relationEntry(object, in: database, seenBy: []), isWanted(entry) else {
                return nil
            }
            return known(entry, in: database, seenBy: [])
        }
    }

    /// The numbers and names of all databases that are committed.
    public var databaseNames: [ObjectID: String] {
        var names: [ObjectID: String] = [:]
        for object in shared[.databases]?.objects ?? [] {
            guard shared[.databases]?.rows(of: object).contains(where: { $0.creator == .none }) ?? false
            else {
                continue
            }
            names[object] = databaseName(object, seenBy: [])
        }
        return names
    }

    // MARK: As a transaction sees it

    func entry(at locator: RelationLocator, seenBy xids: Set<TransactionID>) -> RelationEntry? {
        guard let catalog = databases[locator.database], let heap = catalog[.relations] else { return nil }
        let found = heap.rows(ofFile: locator.number).compactMap { row -> (CatalogRow, RelationEntry)? in
            guard case .relation(let entry)? = layout.entry(.relations, row),
                catalog.place(of: entry, in: locator.database) == locator
            else { return nil }
            return (row, entry)
        }
        // A rewrite's transient relation has the new file before it is the table's, and the old one after.
        let own = found.filter { $0.1.rewriteOf == .none }
        return (own.isEmpty ? found : own).max { rank($0.0, xids) < rank($1.0, xids) }?.1
    }

    /// Files that a rewrite filled within these transactions, each with the record that made it the table's:
    /// what was inserted before is a copy. `.max` where it never became the table's, or where that record is
    /// older than what was read.
    func copies(by xids: Set<TransactionID>) -> [RelationLocator: LSN] {
        var copies: [RelationLocator: LSN] = [:]
        // Files that were a table's before, or were made empty for one.
        var tables: Set<RelationLocator> = []
        var met: Set<RelationLocator> = []
        for change in changes(of: xids) {
            guard case .relation(let entry) = change.entry, entry.file != 0,
                let place = catalog(change.database)?.place(of: entry, in: change.database),
                !tables.contains(place)
            else { continue }
            let isTransient = entry.rewriteOf != .none
            if change.record == .zero {
                // Read from the backup, in no order.
                if isTransient { copies[place] = .max }
            } else if isTransient {
                // It is met as it is made, or only later.
                if met.insert(place).inserted { copies[place] = change.isInsertion ? .zero : .max }
            } else if let copied = copies[place] {
                if copied == .zero, change.isInsertion {
                    copies[place] = change.record
                    tables.insert(place)
                }
            } else {
                tables.insert(place)
            }
        }
        return copies.mapValues { $0 == .zero ? .max : $0 }
    }

    /// Whether a file is a catalog's, or is being filled to become one.
    public func follows(_ locator: RelationLocator) -> Bool {
        catalog(locator.database)?.heaps[locator.number] != nil
    }

    /// Whether a file is that of a mapped catalog: no row of `pg_class` names it.
    func isMapped(_ locator: RelationLocator) -> Bool {
        locator.database == .none || locator.number < Self.firstNormalObject
            || catalog(locator.database)?.map.files.values.contains(locator.number) ?? false
    }

    /// PostgreSQL's `FirstNormalObjectId`: numbers below belong to the system.
    static let firstNormalObject: UInt32 = 16_384

    func relationEntry(
        _ object: ObjectID, in database: ObjectID, seenBy xids: Set<TransactionID>
    ) -> RelationEntry? {
        guard let row = best(databases[database]?[.relations]?.rows(of: object) ?? [], seenBy: xids),
            case .relation(let entry)? = layout.entry(.relations, row)
        else { return nil }
        return entry
    }

    func schemaName(
        _ object: ObjectID, in database: ObjectID, seenBy xids: Set<TransactionID>
    ) -> String? {
        guard let row = best(databases[database]?[.schemas]?.rows(of: object) ?? [], seenBy: xids),
            case .schema(let entry)? = layout.entry(.schemas, row)
        else { return nil }
        return entry.name
    }

    /// The tables that a table is a part of, the nearest first: of a partition what it is a partition of, of
    /// any other what it inherits from. Those that the transactions left it, or took it from.
    func ancestors(
        of object: ObjectID, in database: ObjectID, seenBy xids: Set<TransactionID>
    ) -> [ObjectID] {
        guard let heap = databases[database]?[.inheritances] else { return [] }
        var found: [ObjectID] = []
        var children = [object]
        while !children.isEmpty {
            let rows = heap.rows(of: children.removeFirst()).map { (row: $0, rank: rank($0, xids)) }
            let best = rows.contains { $0.rank > 1 } ? 2 : 1
            let parents = rows.filter { $0.rank >= best }.compactMap { row -> InheritanceEntry? in
                guard case .inheritance(let entry)? = layout.entry(.inheritances, row.row) else { return nil }
                return entry
            }
            for parent in parents.sorted(by: { $0.number < $1.number }).map(\.parent)
            where parent != object && !found.contains(parent) {
                found.append(parent)
                children.append(parent)
            }
        }
        return found
    }

    func databaseName(_ object: ObjectID, seenBy xids: Set<TransactionID>) -> String? {
        guard let row = best(shared[.databases]?.rows(of: object) ?? [], seenBy: xids),
            case .database(let entry)? = layout.entry(.databases, row)
        else { return nil }
        return entry.name
    }

    /// Whether a DROP DATABASE has begun.
    func isInvalid(_ database: ObjectID) -> Bool {
        guard let row = best(shared[.databases]?.rows(of: database) ?? [], seenBy: []),
            case .database(let entry)? = layout.entry(.databases, row)
        else { return false }
        return entry.connectionLimit == DatabaseEntry.invalidLimit
    }

    func tablespaceName(_ object: ObjectID, seenBy xids: Set<TransactionID>) -> String? {
        guard let row = best(shared[.tablespaces]?.rows(of: object) ?? [], seenBy: xids),
            case .tablespace(let entry)? = layout.entry(.tablespaces, row)
        else { return nil }
        return entry.name
    }

    /// The version that these transactions see; else one that somebody saw or will see.
    private func best(_ rows: [CatalogRow], seenBy xids: Set<TransactionID>) -> CatalogRow? {
        rows.max { rank($0, xids) < rank($1, xids) }
    }

    private func rank(_ row: CatalogRow, _ xids: Set<TransactionID>) -> Int {
        let isMade = row.creator == .none || xids.contains(row.creator)
        let isGone = row.deleter != .none && xids.contains(row.deleter)
        switch (isMade, isGone) {
        case (true, false): return row.creator == .none ? 2 : 3
        case (true, true): return 1
        case (false, _): return 0
        }
    }

    private func known(
        _ entry: RelationEntry, in database: ObjectID, seenBy xids: Set<TransactionID>
    ) -> KnownRelation {
        KnownRelation(
            object: entry.object, database: database, databaseName: databaseName(database, seenBy: xids),
            schemaName: schemaName(entry.schema, in: database, seenBy: xids), name: entry.name,
            kind: Character(UnicodeScalar(entry.kind)),
            isUnlogged: entry.persistence == UInt8(ascii: "u"), file: entry.file)
    }
}
