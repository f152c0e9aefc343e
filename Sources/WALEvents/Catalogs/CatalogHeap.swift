import PostgresFormat

/// One catalog's rows by their places, as redo leaves them: only the newest committed version of each row,
/// and versions of transactions that have not ended.
///
/// What a transaction that has ended made or deleted is settled at once, so nobody has to know later how it
/// ended; what WAL still does to such rows on the page finds nothing to do.
struct CatalogHeap {
    struct Page {
        /// The end of the last record that changed it.
        var lsn: LSN
        var rows: [UInt16: CatalogRow]
    }

    let kind: CatalogKind
    /// The file in the base backup that pages not yet met are read from; nil if there is none.
    private(set) var origin: RelationLocator?
    private var pages: [UInt32: Page] = [:]
    /// Rows by object number; not kept of columns, which nobody looks up.
    private var byObject: [ObjectID: Set<RowPlace>] = [:]
    /// Relations by the number of their file.
    private var byFile: [UInt32: Set<RowPlace>] = [:]
    /// Rows that wait for a transaction to end.
    private var unsettled: [TransactionID: Set<RowPlace>] = [:]

    init(_ kind: CatalogKind, origin: RelationLocator? = nil) {
        self.kind = kind
        self.origin = origin
    }

    // MARK: Pages

    func page(_ block: UInt32) -> Page? { pages[block] }

    /// Whether no page is known, nor can be read from the backup.
    var isEmpty: Bool { pages.isEmpty && origin == nil }

    /// Puts a whole page in the place of what was known of it.
    mutating func replace(_ block: UInt32, with page: Page, _ layout: CatalogLayout) {
        for number in (pages[block]?.rows ?? [:]).keys {
            set(nil, RowPlace(block: block, number: number), layout)
        }
        pages[block] = Page(lsn: page.lsn, rows: [:])
        for (number, row) in page.rows {
            set(row, RowPlace(block: block, number: number), layout)
        }
    }

    mutating func stamp(_ block: UInt32, _ lsn: LSN) {
        pages[block, default: Page(lsn: lsn, rows: [:])].lsn = lsn
    }

    subscript(place: RowPlace) -> CatalogRow? { pages[place.block]?.rows[place.number] }

    /// Puts a row in its place, or nil to leave it empty.
    mutating func set(_ row: CatalogRow?, _ place: RowPlace, _ layout: CatalogLayout) {
        if let old = self[place] { unlist(old, place, layout) }
        guard let row else {
            pages[place.block]?.rows[place.number] = nil
            return
        }
        pages[place.block, default: Page(lsn: .zero, rows: [:])].rows[place.number] = row
        for xid in [row.creator, row.deleter] where xid != .none {
            unsettled[xid, default: []].insert(place)
        }
        guard kind != .columns, let entry = layout.entry(kind, row) else { return }
        byObject[entry.key.object, default: []].insert(place)
        if case .relation(let relation) = entry, relation.file != 0 {
            byFile[relation.file, default: []].insert(place)
        }
    }

    private mutating func unlist(_ row: CatalogRow, _ place: RowPlace, _ layout: CatalogLayout) {
        for xid in [row.creator, row.deleter] where xid != .none {
            unsettled[xid]?.remove(place)
            if unsettled[xid]?.isEmpty ?? false { unsettled[xid] = nil }
        }
        guard kind != .columns, let entry = layout.entry(kind, row) else { return }
        let object = entry.key.object
        byObject[object]?.remove(place)
        if byObject[object]?.isEmpty ?? false { byObject[object] = nil }
        if case .relation(let relation) = entry, relation.file != 0 {
            byFile[relation.file]?.remove(place)
            if byFile[relation.file]?.isEmpty ?? false { byFile[relation.file] = nil }
        }
    }

    // MARK: Transactions

    /// Makes final, or undoes, what these transactions did.
    mutating func settle(_ xids: Set<TransactionID>, committed: Bool, _ layout: CatalogLayout) {
        for xid in xids {
            for place in unsettled[xid] ?? [] {
                guard var row = self[place] else { continue }
                if row.creator == xid {
                    if !committed {
                        set(nil, place, layout)
                        continue
                    }
                    row.creator = .none
                }
                if row.deleter == xid {
                    if committed {
                        set(nil, place, layout)
                        continue
                    }
                    row.deleter = .none
                }
                set(row, place, layout)
            }
            unsettled[xid] = nil
        }
    }

    /// What is not settled here, as changes of unknown place in the log: deletions first.
    func unsettledChanges(
        of database: ObjectID, _ layout: CatalogLayout
    ) -> [(xid: TransactionID, change: CatalogChange)] {
        var deletions: [(TransactionID, CatalogChange)] = []
        var insertions: [(TransactionID, CatalogChange)] = []
        for place in unsettled.values.reduce(into: Set<RowPlace>(), { $0.formUnion($1) }) {
            guard let row = self[place], let entry = layout.entry(kind, row) else { continue }
            var change = CatalogChange(database: database, entry: entry, isInsertion: true, record: .zero)
            if row.creator != .none { insertions.append((row.creator, change)) }
            change.isInsertion = false
            if row.deleter != .none { deletions.append((row.deleter, change)) }
        }
        return deletions + insertions
    }

    // MARK: Looking up

    /// All versions of an object's row.
    func rows(of object: ObjectID) -> [CatalogRow] {
        (byObject[object] ?? []).compactMap { self[$0] }
    }

    /// All versions of relations' rows that name this file.
    func rows(ofFile file: UInt32) -> [CatalogRow] {
        (byFile[file] ?? []).compactMap { self[$0] }
    }

    /// The numbers of all objects with a row.
    var objects: [ObjectID] { Array(byObject.keys) }
}
