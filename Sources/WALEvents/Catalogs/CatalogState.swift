public import PostgresFormat

/// The system catalogs of a whole cluster as of one place in its WAL: which file is whose table.
///
/// Begins with a base backup's files and is brought forward by the WAL's records, the same records that
/// PostgreSQL replays; from a segment's index or from the WAL itself makes no difference. Rows of
/// transactions that have not ended are in it, marked as theirs.
public struct CatalogState: Sendable {
    /// Unpacks the page images of a server with `wal_compression = zstd`.
    public var zstd: ZstdUnpacker?
    let layout: CatalogLayout
    private(set) var files: (any CatalogFiles)?
    var databases: [ObjectID: DatabaseCatalog] = [:]
    var shared: DatabaseCatalog
    /// What transactions did that have not ended.
    var pending: [TransactionID: [CatalogChange]] = [:]
    /// Transactions with work in the catalogs, here or in rows of the backup, that have not ended.
    var running: Set<TransactionID> = []
    var prepared: Set<TransactionID> = []
    private var aborted: Set<TransactionID> = []
    /// Transactions older than the backup that committed since.
    private var committedSince: Set<TransactionID> = []
    /// The next transaction's number when the backup began, once its checkpoint was met.
    private var horizon: TransactionID?
    /// Files that transactions fill to become a catalog's.
    private var staged: [TransactionID: [RelationLocator]] = [:]
    /// Counts up whenever other files than before are followed, see `rewrittenFiles`.
    public internal(set) var followings = 0
    /// When each database was marked as being dropped.
    var invalidated: [ObjectID: LSN] = [:]
    /// Those that the backup has as marked, with the end of the last record that is in their page there: a
    /// later record marks them again.
    private(set) var markedInBackup: [ObjectID: LSN] = [:]
    /// Catalogs whose new file was never seen being written: from there on names may be missing.
    public internal(set) var lostCatalogs: [CatalogKind] = []

    /// The catalogs as they are in a base backup; it becomes consistent where the backup does.
    public init(_ source: CatalogSource) {
        if let files = source.files {
            self.init(files: files)
        } else {
            self.init(version: source.version)
        }
        zstd = source.zstd
    }

    /// As above, where no image of a page is packed with zstd.
    public init(files: any CatalogFiles) {
        self.files = files
        layout = CatalogLayout(files.version)
        shared = DatabaseCatalog(
            tablespace: .globalTablespace, map: files.relationMap(of: .none) ?? RelationMap(),
            kinds: DatabaseCatalog.sharedKinds)
        for kind in DatabaseCatalog.sharedKinds { load(kind, of: .none) }
        for (database, tablespace) in files.databases {
            databases[database] = DatabaseCatalog(
                tablespace: tablespace, map: files.relationMap(of: database) ?? RelationMap(),
                kinds: [.relations, .columns])
            load(.relations, of: database)
            load(.columns, of: database)
            for kind in CatalogKind.unmapped {
                let file = fileFound(of: kind, in: database) ?? kind.rawValue
                databases[database]?.use(file, for: kind)
                load(kind, of: database)
            }
        }
    }

    /// A cluster of which nothing is known yet.
    public init(version: WALVersion) {
        files = nil
        layout = CatalogLayout(version)
        shared = DatabaseCatalog(
            tablespace: .globalTablespace, map: RelationMap(), kinds: DatabaseCatalog.sharedKinds)
    }

    /// The same, holding nothing open: what it reads by is given to it again before it goes on.
    public var closed: CatalogState {
        var closed = self
        closed.files = nil
        closed.zstd = nil
        return closed
    }

    /// Goes on with what the same base backup is read by now.
    public mutating func reopen(_ source: CatalogSource) {
        files = source.files
        zstd = source.zstd
    }

    /// How many pages of catalogs are at hand: what it takes of memory.
    public var pageCount: Int {
        ([shared] + databases.values).reduce(0) { $0 + $1.heaps.values.reduce(0) { $0 + $1.pageCount } }
    }

    // MARK: The backup's pages

    /// Columns are many and seldom asked for: their pages are read when a record touches them.
    private mutating func load(_ kind: CatalogKind, of database: ObjectID) {
        guard let files, let catalog = catalog(database), let file = catalog.current[kind] else { return }
        let locator = RelationLocator(tablespace: catalog.tablespace, database: database, number: file)
        var heap = CatalogHeap(kind, origin: locator)
        if kind != .columns {
            for block in 0..<files.pageCount(of: locator) {
                guard let page = backedUpPage(block, of: heap) else { continue }
                heap.replace(block, with: page, layout)
                if kind == .databases { noteMarked(page) }
            }
            for change in heap.unsettledChanges(of: database, layout) {
                pending[change.xid, default: []].append(change.change)
            }
        }
        update(database) { $0.heaps[file] = heap }
    }

    private mutating func noteMarked(_ page: CatalogHeap.Page) {
        for (_, row) in page.rows {
            guard case .database(let entry)? = layout.entry(.databases, row),
                entry.connectionLimit == DatabaseEntry.invalidLimit
            else { continue }
            markedInBackup[entry.object] = page.lsn
        }
    }

    /// A page as the backup has it; nil if it is not there.
    mutating func backedUpPage(_ block: UInt32, of heap: CatalogHeap) -> CatalogHeap.Page? {
        guard let origin = heap.origin, let bytes = files?.page(of: origin, block),
            let page = HeapPage(bytes)
        else { return nil }
        return understood(page, block)
    }

    /// The rows of a page that somebody may see, with what is not settled about them.
    mutating func understood(_ page: HeapPage, _ block: UInt32) -> CatalogHeap.Page {
        var rows: [(number: UInt16, row: CatalogRow)] = []
        for (number, bytes) in page.rows {
            let visibility = RowVisibility(bytes, place: RowPlace(block: block, number: number))
            guard let row = visibility.row(bytes, status: status) else { continue }
            rows.append((number, row))
            for xid in [row.creator, row.deleter] where xid != .none { running.insert(xid) }
        }
        return CatalogHeap.Page(lsn: page.lsn, rows: rows)
    }

    /// The file of a catalog that is in no map, as `pg_class` has it.
    func fileFound(of kind: CatalogKind, in database: ObjectID) -> UInt32? {
        let rows = databases[database]?[.relations]?.rows(of: ObjectID(kind.rawValue)) ?? []
        return rows.compactMap { row -> UInt32? in
            guard row.creator == .none, row.deleter == .none,
                case .relation(let entry)? = layout.entry(.relations, row)
            else { return nil }
            return entry.file
        }.first
    }

    func catalog(_ database: ObjectID) -> DatabaseCatalog? {
        database == .none ? shared : databases[database]
    }

    mutating func update(_ database: ObjectID, _ body: (inout DatabaseCatalog) -> Void) {
        if database == .none {
            body(&shared)
        } else if databases[database] != nil {
            body(&databases[database]!)
        }
    }

    // MARK: Transactions

    /// What is known of a transaction at this place of the WAL.
    func status(_ xid: TransactionID) -> TransactionStatus {
        if !xid.isNormal { return .committed }
        if running.contains(xid) { return .running }
        if aborted.contains(xid) { return .aborted }
        if committedSince.contains(xid) { return .committed }
        if let horizon, !xid.precedes(horizon) { return .committed }
        return files?.status(of: xid) ?? .committed
    }

    /// What transactions did to the catalogs, netted: to be asked before they are settled.
    func netChanges(of xids: Set<TransactionID>) -> [NetChange] {
        NetChange.netting(changes(of: xids))
    }

    /// What transactions did to the catalogs, in WAL order.
    func changes(of xids: Set<TransactionID>) -> [CatalogChange] {
        let changes = xids.flatMap { pending[$0] ?? [] }
        return xids.count == 1 ? changes : changes.stablySorted { $0.record < $1.record }
    }

    /// Makes final, or undoes, what these transactions did.
    mutating func settle(_ xids: Set<TransactionID>, committed: Bool) {
        for xid in xids where horizon.map(xid.precedes) ?? true {
            if committed { committedSince.insert(xid) } else { aborted.insert(xid) }
        }
        let involved = xids.intersection(running)
        guard !involved.isEmpty else { return }
        if !committed { aborted.formUnion(involved) }
        var mayMoveCatalogs: Set<ObjectID> = []
        for xid in involved {
            running.remove(xid)
            prepared.remove(xid)
            for change in pending.removeValue(forKey: xid) ?? [] {
                switch change.entry {
                case .relation(let entry)
                where CatalogKind.unmapped.contains(where: { $0.rawValue == entry.object.rawValue }):
                    mayMoveCatalogs.insert(change.database)
                case .database(let entry): mayMoveCatalogs.insert(entry.object)
                default: break
                }
            }
        }
        let layout = layout
        for database in [ObjectID.none] + databases.keys {
            update(database) { catalog in
                // Of an array: the dictionary's own keys would hold on to it, and all would be copied.
                for file in Array(catalog.heaps.keys) {
                    catalog.heaps[file]?.settle(involved, committed: committed, layout)
                }
            }
        }
        defer { unstage(involved) }
        for database in mayMoveCatalogs {
            for kind in CatalogKind.unmapped {
                if let file = fileFound(of: kind, in: database) { use(file, for: kind, of: database) }
            }
        }
    }

    /// Follows a file that a transaction fills to become a catalog's.
    mutating func stage(
        _ file: UInt32, for kind: CatalogKind, of database: ObjectID, by xid: TransactionID
    ) {
        update(database) { $0.stage(file, for: kind) }
        let tablespace = catalog(database)?.tablespace ?? .none
        staged[xid, default: []].append(
            RelationLocator(tablespace: tablespace, database: database, number: file))
        followings += 1
    }

    /// Forgets what became of none.
    private mutating func unstage(_ xids: Set<TransactionID>) {
        for locator in xids.flatMap({ staged.removeValue(forKey: $0) ?? [] }) {
            update(locator.database) { $0.forget(locator.number) }
            followings += 1
        }
    }

    /// Ends all transactions that a stop of the server ended without a record; prepared ones live on.
    mutating func serverStopped() {
        settle(running.subtracting(prepared), committed: false)
    }

    mutating func met(_ checkpoint: WALCheckpoint) {
        guard horizon == nil else { return }
        horizon = TransactionID(UInt32(truncatingIfNeeded: checkpoint.nextTransaction))
    }

    mutating func use(_ file: UInt32, for kind: CatalogKind, of database: ObjectID) {
        var isKnown = true
        update(database) { isKnown = $0.use(file, for: kind) }
        followings += 1
        if !isKnown { lostCatalogs.append(kind) }
    }
}

extension TransactionID {
    /// PostgreSQL's order of normal transactions, which is one only within 2³¹ of them.
    public func precedes(_ other: TransactionID) -> Bool {
        Int32(bitPattern: rawValue &- other.rawValue) < 0
    }
}

extension Array {
    /// Sorted, with equal elements in the order they are in.
    func stablySorted(by isBefore: (Element, Element) -> Bool) -> [Element] {
        enumerated().sorted { left, right in
            if isBefore(left.element, right.element) { return true }
            if isBefore(right.element, left.element) { return false }
            return left.offset < right.offset
        }.map(\.element)
    }
}
