import PostgresFormat

/// One catalog's rows by their places, as redo leaves them: only the newest committed version of each row,
/// and versions of transactions that have not ended.
///
/// What a transaction that has ended made or deleted is settled at once, so nobody has to know later how it
/// ended; what WAL still does to such rows on the page finds nothing to do.
struct CatalogHeap {
    /// The rows of a page as they were read, to be taken in.
    struct Page {
        /// The end of the last record that changed it.
        var lsn: LSN
        var rows: [(number: UInt16, row: CatalogRow)]
    }

    let kind: CatalogKind
    /// The file in the base backup that pages not yet met are read from; nil if there is none.
    private(set) var origin: RelationLocator?
    private var pages: [UInt32: PackedPage] = [:]
    /// Rows by object number; not kept of columns, which nobody looks up.
    private var byObject = PlaceIndex()
    /// Relations by the number of their file.
    private var byFile = PlaceIndex()
    /// Rows that wait for a transaction to end.
    private var unsettled: [TransactionID: Set<RowPlace>] = [:]

    init(_ kind: CatalogKind, origin: RelationLocator? = nil) {
        self.kind = kind
        self.origin = origin
    }

    // MARK: Pages

    var pageCount: Int { pages.count }

    /// The end of the last record that changed a page; nil for a page that is not known.
    func lsn(ofPage block: UInt32) -> LSN? { pages[block]?.lsn }

    /// Whether no page is known, nor can be read from the backup.
    var isEmpty: Bool { pages.isEmpty && origin == nil }

    /// Puts a whole page in the place of what was known of it.
    mutating func replace(_ block: UInt32, with page: Page, _ layout: CatalogLayout) {
        for number in pages[block]?.numbers ?? [] {
            set(nil, RowPlace(block: block, number: number), layout)
        }
        pages[block] = PackedPage(lsn: page.lsn)
        for (number, row) in page.rows {
            set(row, RowPlace(block: block, number: number), layout)
        }
        pages[block]?.tighten()
    }

    mutating func stamp(_ block: UInt32, _ lsn: LSN) {
        pages[block, default: PackedPage(lsn: lsn)].lsn = lsn
    }

    subscript(place: RowPlace) -> CatalogRow? { pages[place.block]?[place.number] }

    /// Puts a row in its place, or nil to leave it empty. Columns of the system, which every table has alike,
    /// are not kept.
    mutating func set(_ row: CatalogRow?, _ place: RowPlace, _ layout: CatalogLayout) {
        if let old = self[place] { unlist(old, place, layout) }
        guard let row, kind != .columns || !layout.isOfSystem(column: row) else {
            pages[place.block]?.remove(place.number)
            return
        }
        pages[place.block, default: PackedPage(lsn: .zero)].set(row, place.number)
        for xid in [row.creator, row.deleter] where xid != .none {
            unsettled[xid, default: []].insert(place)
        }
        guard kind != .columns, let numbers = layout.numbers(kind, row) else { return }
        byObject.insert(place, for: numbers.object)
        if let file = numbers.file { byFile.insert(place, for: file) }
    }

    private mutating func unlist(_ row: CatalogRow, _ place: RowPlace, _ layout: CatalogLayout) {
        for xid in [row.creator, row.deleter] where xid != .none {
            unsettled[xid]?.remove(place)
            if unsettled[xid]?.isEmpty ?? false { unsettled[xid] = nil }
        }
        guard kind != .columns, let numbers = layout.numbers(kind, row) else { return }
        byObject.remove(place, for: numbers.object)
        if let file = numbers.file { byFile.remove(place, for: file) }
    }

    // MARK: Transactions

    /// Makes final, or undoes, what these transactions did.
    mutating func settle(_ xids: Set<TransactionID>, committed: Bool, _ layout: CatalogLayout) {
        var touched: Set<UInt32> = []
        for xid in xids {
            for place in unsettled.removeValue(forKey: xid) ?? [] {
                guard var (creator, deleter) = pages[place.block]?.transactions(of: place.number) else {
                    continue
                }
                touched.insert(place.block)
                let isGone = creator == xid && !committed || deleter == xid && committed
                if isGone {
                    set(nil, place, layout)
                    continue
                }
                if creator == xid { creator = .none }
                if deleter == xid { deleter = .none }
                pages[place.block]?.setTransactions(
                    of: place.number, creator: creator, deleter: deleter)
            }
        }
        for block in touched { pages[block]?.tighten() }
    }

    /// What is not settled here, as changes of unknown place in the WAL: deletions first.
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
        byObject[object.rawValue].compactMap { self[$0] }
    }

    /// Whether an object has rows, all of which this transaction made.
    func isMade(_ object: ObjectID, by xid: TransactionID) -> Bool {
        let places = byObject[object.rawValue]
        return !places.isEmpty
            && places.allSatisfy { pages[$0.block]?.transactions(of: $0.number)?.creator == xid }
    }

    /// All versions of relations' rows that name this file.
    func rows(ofFile file: UInt32) -> [CatalogRow] {
        byFile[file].compactMap { self[$0] }
    }

    /// The numbers of all objects with a row.
    var objects: [ObjectID] { byObject.numbers.map(ObjectID.init) }
}
