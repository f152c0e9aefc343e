import PostgresFormat

/// A row of a catalog that a transaction made or deleted; an update is a deletion and an insertion.
struct CatalogChange: Hashable, Sendable {
    /// `.none` for the shared catalogs.
    var database: ObjectID
    var entry: CatalogEntry
    var isInsertion: Bool
    /// Where the record begins that tells it; zero if it is older than what was read.
    var record: LSN
}

/// What a transaction did to one object in the end.
struct NetChange: Hashable, Sendable {
    var database: ObjectID
    /// As it was; nil if the transaction made it.
    var before: CatalogEntry?
    /// As it is; nil if the transaction deleted it.
    var after: CatalogEntry?
    /// The versions the transaction made of what was there before, in order, with what was before them.
    var steps: [(old: CatalogEntry?, new: CatalogEntry)] = []
    /// Where the first record of it begins.
    var record: LSN

    static func == (left: NetChange, right: NetChange) -> Bool {
        left.database == right.database && left.before == right.before && left.after == right.after
            && left.record == right.record
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(database)
        hasher.combine(record)
    }

    /// Nets changes that are in WAL order, object by object; what was made and deleted again is
    /// left out. In the order of the first records.
    static func netting(_ changes: [CatalogChange]) -> [NetChange] {
        struct Key: Hashable {
            var database: ObjectID
            var key: CatalogKey
        }
        var order: [Key] = []
        var nets: [Key: NetChange] = [:]
        for change in changes {
            let key = Key(database: change.database, key: change.entry.key)
            if nets[key] == nil {
                order.append(key)
                nets[key] = NetChange(
                    database: change.database, before: change.isInsertion ? nil : change.entry,
                    after: change.isInsertion ? nil : change.entry, record: change.record)
            }
            if nets[key]?.record == .zero { nets[key]?.record = change.record }
            if change.isInsertion {
                if let net = nets[key], let before = net.before {
                    nets[key]?.steps.append((net.steps.last?.new ?? before, change.entry))
                }
                nets[key]?.after = change.entry
            } else {
                nets[key]?.after = nil
            }
        }
        return order.compactMap { nets[$0] }.filter { $0.before != nil || $0.after != nil }
    }
}
