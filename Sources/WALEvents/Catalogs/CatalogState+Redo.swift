public import PostgresFormat

extension CatalogState {
    /// Files of catalogs that are not where they are in a new cluster: their records are needed as well.
    public var rewrittenFiles: Set<RelationLocator> {
        var all = Set(
            shared.rewrittenFiles.map {
                RelationLocator(tablespace: .globalTablespace, database: .none, number: $0)
            })
        for (database, catalog) in databases {
            for file in catalog.rewrittenFiles {
                all.insert(
                    RelationLocator(tablespace: catalog.tablespace, database: database, number: file))
            }
        }
        return all
    }

    /// Takes in one record, as PostgreSQL's redo would; the ends of transactions are not among what it knows.
    public mutating func apply(_ record: borrowing WALRecord) {
        switch record.resourceManager {
        case .heap, .heap2:
            var images = RestoredBlocks()
            restoreImages(of: record, &images)
            if let operation = record.heapOperation { redo(operation, record, images) }
        case .xlog: applyXLog(record)
        case .database: if let operation = record.databaseOperation { redo(operation, record.xid) }
        case .relationMap: if let update = record.relationMapUpdate { redo(update, record) }
        default: break
        }
    }

    /// The blocks of a record that it carried whole.
    struct RestoredBlocks {
        private(set) var ids: UInt64 = 0

        mutating func insert(_ id: UInt8) { ids |= 1 << UInt64(id & 63) }
        func contains(_ id: UInt8) -> Bool { ids & 1 << UInt64(id & 63) != 0 }
    }

    private mutating func applyXLog(_ record: borrowing WALRecord) {
        switch record.operation {
        case XLogOperation.fullPageImage, XLogOperation.fullPageImageForHint:
            var images = RestoredBlocks()
            restoreImages(of: record, &images)
        case XLogOperation.checkpointShutdown, XLogOperation.checkpointOnline:
            guard let checkpoint = record.checkpoint else { return }
            met(checkpoint)
            if checkpoint.isShutdown { serverStopped() }
        case XLogOperation.endOfRecovery: serverStopped()
        default: break
        }
    }

    private func isCatalog(_ block: BlockReference) -> Bool {
        block.fork == .main && catalog(block.locator.database)?.heaps[block.locator.number] != nil
    }

    private mutating func restoreImages(of record: borrowing WALRecord, _ images: inout RestoredBlocks) {
        var restored: [(BlockReference, [UInt8])] = []
        for block in record.blocks where block.restoresPage && isCatalog(block) {
            if let image = block.image, let bytes = try? record.restored(image, zstd: zstd) {
                restored.append((block, bytes))
            }
        }
        guard !restored.isEmpty else { return }
        // A row that this very transaction made is not committed, whatever has been met of it before.
        if record.resourceManager != .xlog, record.xid.isNormal { running.insert(record.xid) }
        for (block, bytes) in restored {
            guard let page = HeapPage(bytes) else { continue }
            images.insert(block.id)
            var rows = understood(page, block.block)
            rows.lsn = record.end
            change(block) { $0.replace(block.block, with: rows, $1) }
        }
    }

    /// Changes the catalog that a block belongs to.
    private mutating func change(
        _ block: BlockReference, _ body: (inout CatalogHeap, CatalogLayout) -> Void
    ) {
        let layout = layout
        update(block.locator.database) { catalog in
            if catalog.heaps[block.locator.number] != nil {
                body(&catalog.heaps[block.locator.number]!, layout)
            }
        }
    }

    // MARK: Rows

    private mutating func redo(
        _ operation: HeapOperation, _ record: borrowing WALRecord, _ images: RestoredBlocks
    ) {
        switch operation {
        case .insert(let insertion):
            let data = insertion.data
            let row = data.flatMap {
                CatalogRow(header: $0.header, body: record.bytes(of: $0.body), creator: record.xid)
            }
            guard prepare(insertion.row.block) else { return }
            insert(row, insertion.row.block, insertion.row.offset, record, images)
        case .multiInsert(let insertion): multiInsert(insertion, record, images)
        case .delete(let deletion):
            guard prepare(deletion.row.block) else { return }
            delete(deletion.row, isSuper: deletion.isSuper, record, images)
        case .update(let update): redo(update, record, images)
        case .inPlace(let change): redo(change, record, images)
        case .prune(let pruning):
            guard prepare(pruning.block), !images.contains(pruning.block.id),
                let items = record.pruned(pruning), isNew(record, for: pruning.block)
            else { return }
            let end = record.end
            self.change(pruning.block) { heap, layout in
                for number in items.redirected.map(\.from) + items.dead + items.unused {
                    heap.set(nil, RowPlace(block: pruning.block.block, number: number), layout)
                }
                heap.stamp(pruning.block.block, end)
            }
        case .confirm, .lock, .lockUpdated, .visible, .newCommand, .rewriteMapping, .truncate: break
        }
    }

    /// Makes the page known that a block names; false if it is no catalog's.
    private mutating func prepare(_ block: BlockReference) -> Bool {
        guard let heap = catalog(block.locator.database)?.heaps[block.locator.number], block.fork == .main
        else { return false }
        guard heap.lsn(ofPage: block.block) == nil else { return true }
        if block.initializesPage {
            change(block) { $0.replace(block.block, with: CatalogHeap.Page(lsn: .zero, rows: []), $1) }
        } else if let page = backedUpPage(block.block, of: heap) {
            change(block) { $0.replace(block.block, with: page, $1) }
        }
        return true
    }

    /// Whether the page does not have the record's change yet.
    private func isNew(_ record: borrowing WALRecord, for block: BlockReference) -> Bool {
        let lsn = catalog(block.locator.database)?.heaps[block.locator.number]?.lsn(ofPage: block.block)
        return lsn.map { $0 < record.end } ?? true
    }

    private func row(_ block: BlockReference, _ number: UInt16) -> CatalogRow? {
        catalog(block.locator.database)?.heaps[block.locator.number]?[
            RowPlace(block: block.block, number: number)]
    }

    private mutating func put(
        _ row: CatalogRow?, _ block: BlockReference, _ number: UInt16, _ record: borrowing WALRecord
    ) {
        let end = record.end
        change(block) { heap, layout in
            heap.set(row, RowPlace(block: block.block, number: number), layout)
            heap.stamp(block.block, end)
        }
    }

    private mutating func insert(
        _ row: CatalogRow?, _ block: BlockReference, _ number: UInt16, _ record: borrowing WALRecord,
        _ images: RestoredBlocks
    ) {
        if !images.contains(block.id), isNew(record, for: block) {
            if block.initializesPage {
                change(block) {
                    $0.replace(block.block, with: CatalogHeap.Page(lsn: .zero, rows: []), $1)
                }
            }
            if record.xid.isNormal { running.insert(record.xid) }
            put(row, block, number, record)
        }
        note(row ?? self.row(block, number), block, isInsertion: true, record)
    }

    private mutating func multiInsert(
        _ insertion: HeapMultiInsertion, _ record: borrowing WALRecord, _ images: RestoredBlocks
    ) {
        guard prepare(insertion.block) else { return }
        if images.contains(insertion.block.id) {
            for number in record.insertedOffsets(of: insertion) {
                note(row(insertion.block, number), insertion.block, isInsertion: true, record)
            }
            return
        }
        var rows: [(UInt16, CatalogRow?)] = []
        record.forEachRow(of: insertion) { number, data in
            rows.append(
                (
                    number,
                    CatalogRow(header: data.header, body: record.bytes(of: data.body), creator: record.xid)
                ))
            return true
        }
        let isNew = isNew(record, for: insertion.block)
        if isNew, insertion.block.initializesPage {
            change(insertion.block) {
                $0.replace(insertion.block.block, with: CatalogHeap.Page(lsn: .zero, rows: []), $1)
            }
        }
        if record.xid.isNormal { running.insert(record.xid) }
        for (number, row) in rows where !isOfPart(row, insertion.block) {
            if isNew { put(row, insertion.block, number, record) }
            note(row, insertion.block, isInsertion: true, record)
        }
    }

    private mutating func delete(
        _ place: HeapRow, isSuper: Bool, _ record: borrowing WALRecord, _ images: RestoredBlocks
    ) {
        guard var row = row(place.block, place.offset) else { return }
        note(row, place.block, isInsertion: false, record)
        guard !images.contains(place.block.id), isNew(record, for: place.block) else { return }
        row.deleter = record.xid
        running.insert(record.xid)
        put(isSuper ? nil : row, place.block, place.offset, record)
    }

    private mutating func redo(
        _ update: HeapUpdate, _ record: borrowing WALRecord, _ images: RestoredBlocks
    ) {
        guard prepare(update.old.block), prepare(update.new.block) else { return }
        let old = row(update.old.block, update.old.offset)
        var new: CatalogRow?
        if let data = update.data {
            let body = record.bytes(of: data.body)
            if let old {
                new = old.updated(
                    header: data.header, body: body, prefix: update.prefixLength,
                    suffix: update.suffixLength, creator: record.xid)
            } else if update.prefixLength == 0, update.suffixLength == 0 {
                new = CatalogRow(header: data.header, body: body, creator: record.xid)
            }
        }
        // Asked before the old row is marked: both may lie on one page.
        let newIsMissing = !images.contains(update.new.block.id) && isNew(record, for: update.new.block)
        delete(update.old, isSuper: false, record, images)
        if newIsMissing {
            if update.new.block.initializesPage {
                change(update.new.block) {
                    $0.replace(update.new.block.block, with: CatalogHeap.Page(lsn: .zero, rows: []), $1)
                }
            }
            running.insert(record.xid)
            put(new, update.new.block, update.new.offset, record)
        }
        note(new ?? row(update.new.block, update.new.offset), update.new.block, isInsertion: true, record)
    }

    private mutating func redo(
        _ change: HeapInPlace, _ record: borrowing WALRecord, _ images: RestoredBlocks
    ) {
        guard prepare(change.row.block) else { return }
        if !images.contains(change.row.block.id), isNew(record, for: change.row.block),
            let values = change.values, let row = row(change.row.block, change.row.offset),
            let changed = row.replacingValues(record.bytes(of: values))
        {
            put(changed, change.row.block, change.row.offset, record)
        }
        if let row = row(change.row.block, change.row.offset),
            let kind = catalog(change.row.block.locator.database)?.heaps[change.row.block.locator.number]?
                .kind, kind == .databases, case .database(let entry)? = layout.entry(kind, row),
            entry.connectionLimit == DatabaseEntry.invalidLimit, invalidated[entry.object] == nil,
            markedInBackup[entry.object].map({ record.end <= $0 }) ?? true
        {
            invalidated[entry.object] = record.start
        }
    }

    /// Whether a row is of a column of an index or a TOAST table: nobody asks for those, and they are most.
    private func isOfPart(_ row: CatalogRow?, _ block: BlockReference) -> Bool {
        let database = block.locator.database
        guard let row, let catalog = catalog(database), catalog.heaps[block.locator.number]?.kind == .columns,
            let relation = row.values?.object(0)
        else { return false }
        let kinds = catalog[.relations]?.rows(of: relation).map(layout.relationKind) ?? []
        return !kinds.isEmpty
            && kinds.allSatisfy { kind in kind.map { "iIt".utf8.contains($0) } ?? false }
    }

    /// Whether a change of a column can be an event: the system's own columns, and those that a transaction
    /// makes with their table, come and go with it.
    private func isToBeTold(_ column: ColumnEntry, in database: ObjectID, by xid: TransactionID) -> Bool {
        column.number > 0 && !(catalog(database)?[.relations]?.isMade(column.relation, by: xid) ?? false)
    }

    /// Remembers a change as its transaction's, and follows a catalog that begins to be rewritten.
    private mutating func note(
        _ row: CatalogRow?, _ block: BlockReference, isInsertion: Bool, _ record: borrowing WALRecord
    ) {
        let database = block.locator.database
        guard record.xid.isNormal, let row,
            let kind = catalog(database)?.heaps[block.locator.number]?.kind,
            catalog(database)?.current[kind] == block.locator.number,
            let entry = layout.entry(kind, row)
        else { return }
        running.insert(record.xid)
        if case .column(let column) = entry, !isToBeTold(column, in: database, by: record.xid) { return }
        pending[record.xid, default: []].append(
            CatalogChange(
                database: database, entry: entry, isInsertion: isInsertion, record: record.start))
        guard isInsertion, case .relation(let relation) = entry, relation.rewriteOf != .none,
            let rewritten = CatalogKind(rawValue: relation.rewriteOf.rawValue)
        else { return }
        // A mapped catalog's new file has the number of the transient relation itself.
        stage(
            relation.file != 0 ? relation.file : relation.object.rawValue, for: rewritten,
            of: rewritten.isShared ? .none : database, by: record.xid)
    }

    // MARK: Databases

    private mutating func redo(_ operation: DatabaseOperation, _ xid: TransactionID) {
        switch operation {
        case .createByWAL(let database, let tablespace):
            let templates = databases.values.map(\.current)
            databases[database] = DatabaseCatalog(
                tablespace: tablespace, map: RelationMap(), kinds: DatabaseCatalog.ownKinds)
            // Where the template's catalogs that are in no map lie is known from its `pg_class`, later.
            for kind in CatalogKind.unmapped {
                for template in templates {
                    if let file = template[kind] { stage(file, for: kind, of: database, by: xid) }
                }
            }
        case .createByFileCopy(let database, let tablespace, let source, _):
            var copy =
                databases[source]
                ?? DatabaseCatalog(
                    tablespace: tablespace, map: RelationMap(), kinds: DatabaseCatalog.ownKinds)
            copy.tablespace = tablespace
            databases[database] = copy
            followings += 1
        case .drop(let database, let tablespaces):
            // A move to another tablespace removes the old directory only.
            guard let catalog = databases[database], tablespaces.contains(catalog.tablespace) else { return }
            databases[database] = nil
        }
    }

    private mutating func redo(_ update: RelationMapUpdate, _ record: borrowing WALRecord) {
        guard let map = RelationMap(record.bytes(of: update.map)), catalog(update.database) != nil else {
            return
        }
        self.update(update.database) { $0.map = map }
        for kind in CatalogKind.allCases where kind.isShared == (update.database == .none) {
            guard let file = map.files[ObjectID(kind.rawValue)] else { continue }
            // The map of a database that is being made comes before its pages.
            if catalog(update.database)?[kind]?.isEmpty ?? true {
                self.update(update.database) { $0.stage(file, for: kind) }
            }
            use(file, for: kind, of: update.database)
        }
    }
}

extension WALRecord {
    /// The numbers of the rows that a multi-insertion put into a page of which the record has the image.
    func insertedOffsets(of insertion: HeapMultiInsertion) -> [UInt16] {
        withMainData { data in
            guard let data else { return [] }
            if insertion.block.initializesPage { return (0..<insertion.count).map { UInt16($0 + 1) } }
            var reader = ByteReader(data)
            guard reader.skip(4) else { return [] }
            return (0..<insertion.count).compactMap { _ in reader.next(UInt16.self) }
        }
    }
}
