import PostgresFormat

/// What takes effect when its own record is replayed, before its transaction commits and whether or not it
/// does.
struct ImmediateActions {
    struct Drop {
        var record: LSN
        /// The first record of it: that which marked the database as being dropped.
        var boundary: LSN
        var xid: TransactionID
    }

    private(set) var droppedDatabases: [ObjectID: Drop] = [:]
    private var madeDatabases: [ObjectID: LSN] = [:]
    private var madeTablespaces: [ObjectID: LSN] = [:]
    private var droppedTablespaces: [ObjectID: LSN] = [:]

    mutating func note(
        _ operation: DatabaseOperation, _ record: LSN, _ xid: TransactionID, _ catalog: CatalogState
    ) {
        switch operation {
        case .createByFileCopy(let database, _, let source, _):
            // The same database is one that moves to another tablespace.
            if database != source { madeDatabases[database] = record }
        case .createByWAL(let database, _): madeDatabases[database] = record
        case .drop(let database, let tablespaces):
            guard let known = catalog.databases[database], tablespaces.contains(known.tablespace) else {
                return
            }
            droppedDatabases[database] = Drop(
                record: record, boundary: catalog.invalidated[database] ?? record, xid: xid)
        }
    }

    mutating func note(_ operation: TablespaceOperation, _ record: LSN) {
        switch operation {
        case .create(let tablespace, _): madeTablespaces[tablespace] = record
        case .drop(let tablespace): droppedTablespaces[tablespace] = record
        }
    }

    /// Gives an event that its commit made final the place where it took effect.
    mutating func adjust(_ event: inout WALEvent) {
        let object = ObjectID(event.object.number)
        let record: LSN?
        switch (event.action, event.subject) {
        case (.drop, .database):
            guard let drop = droppedDatabases.removeValue(forKey: object) else { return }
            event.record = drop.record
            event.boundary = min(event.boundary, drop.boundary)
            return
        case (.create, .database): record = madeDatabases.removeValue(forKey: object)
        case (.create, .tablespace): record = madeTablespaces.removeValue(forKey: object)
        case (.drop, .tablespace): record = droppedTablespaces.removeValue(forKey: object)
        default: return
        }
        guard let record else { return }
        event.record = record
        event.boundary = min(event.boundary, record)
    }
}
