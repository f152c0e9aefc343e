public import PostgresFormat

/// Makes the index of one segment from its records, as they pass by.
///
/// Memory holds what the index will, packed, and the transactions that are open; of those no more than
/// `spillLimit` counts, whatever the WAL holds.
public struct SegmentIndexer: Sendable {
    private let segment: SegmentName
    private let predecessor: SegmentPredecessor?
    private let spillLimit: Int
    private var summary = SegmentIndex.Summary()
    private var transactions = OpenTransactions()
    private var ends = EndStream()
    private var changes = ChangeStream()
    private var catalogs: CatalogPlaces
    private var activity = ActivityCounter()
    private var head = HeadCollector()
    private var growing = GrowthCollector()
    private var isStarted = false

    /// The most counts of open transactions that are held at once.
    public static let spillLimit = 1 << 15

    /// - Parameter predecessor: what the segment before told, where that is at hand.
    /// - Parameter catalogs: further places of catalogs, where a rewrite put them.
    public init(
        segment: SegmentName, after predecessor: SegmentPredecessor?, catalogs: [RelationLocator] = [],
        spillLimit: Int = SegmentIndexer.spillLimit
    ) {
        self.segment = segment
        self.predecessor = predecessor
        self.spillLimit = spillLimit
        self.catalogs = CatalogPlaces((predecessor?.catalogs ?? []) + catalogs)
        summary.latestXID = predecessor?.latestXID
    }

    /// Whether the WAL told of a catalog's new place that was not known when the segment began: a second pass
    /// with these finds the pages written there before.
    public var newCatalogs: [RelationLocator] { catalogs.found }

    /// What replaying the records so far does to the files' sizes.
    public var growth: SegmentGrowth { growing.growth }

    // MARK: Records

    /// Looks at pages before the records in them are taken in; in order, from the segment's first.
    ///
    /// - Parameter pages: whole ones.
    public mutating func observe(_ pages: UnsafeRawBufferPointer) {
        head.feed(pages)
    }

    /// Takes in a record that begins and ends in the segment; in WAL order.
    @inline(__always)
    public mutating func add(_ record: borrowing WALRecord) {
        if !isStarted { join(record.version) }
        take(record)
    }

    @inline(__always)
    private mutating func take(_ record: borrowing WALRecord) {
        if summary.firstRecord == nil { summary.firstRecord = record.start }
        summary.lastRecordEnd = record.end
        growing.add(record)
        let xid = record.xid
        if xid.isNormal, summary.latestXID.map({ !xid.isNotAfter($0) }) ?? true { summary.latestXID = xid }
        switch record.resourceManagerID {
        case ResourceManager.heap.rawValue: addHeap(record)
        case ResourceManager.heap2.rawValue: addHeap2(record)
        case ResourceManager.transaction.rawValue: addTransaction(record)
        case ResourceManager.xlog.rawValue, ResourceManager.database.rawValue,
            ResourceManager.tablespace.rawValue, ResourceManager.relationMap.rawValue,
            ResourceManager.storage.rawValue:
            addOther(record)
        default: break
        }
    }

    /// Takes in the record that crosses into the segment, once its end is there.
    private mutating func join(_ version: WALVersion) {
        isStarted = true
        guard let predecessor else { return }
        guard let head = head.fragment else {
            // What began before and does not go on here was never completed.
            summary.isJoined = true
            return
        }
        let joined = SegmentFragments.join(
            tail: predecessor.tail, head: head, version: version, segmentSize: segment.size)
        guard let joined else {
            summary.isJoined = predecessor.tail?.isOfNoInterest(with: head) ?? false
            return
        }
        summary.isJoined = true
        joined.withRecord { record in take(record) }
    }

    private mutating func addHeap(_ record: borrowing WALRecord) {
        guard let relation = record.firstRelation else { return }
        if catalogs.contains(relation) {
            keepCatalog(record)
            // A rewrite's new file may become the table's here: what it counts behind this is no copy.
            if record.updatesRow, record.xid.isNormal { transactions.part(record.xid.rawValue) }
            if record.info & 0x70 == 0, catalogs.mayBeRelations(relation),
                let entry = Self.insertedRelation(record)
            {
                catalogs.note(entry, in: relation)
            }
        }
        guard record.xid.isNormal else { return }
        switch record.info & 0x70 {
        case 0x00: count(record, relation) { $0.inserted &+= 1 }
        case 0x20, 0x40: count(record, relation) { $0.updated &+= 1 }
        case 0x10:
            guard case .delete(let deletion) = record.heapOperation else { return }
            if deletion.isSuper {
                count(record, relation) { $0.inserted &-= 1 }
            } else {
                let isMove = deletion.isPartitionMove
                count(record, relation) {
                    $0.deleted &+= 1
                    if isMove { $0.movedAway &+= 1 }
                }
            }
        default: break
        }
    }

    private mutating func addHeap2(_ record: borrowing WALRecord) {
        let operation = record.info & 0x70
        if operation == 0x40 {
            // A page's entry into the visibility map changes no row; its page may be there whole.
            if hasCatalogImage(record) { keepCatalog(record) }
            return
        }
        guard let relation = record.firstRelation else { return }
        if catalogs.contains(relation) { keepCatalog(record) }
        guard operation == 0x50, record.xid.isNormal,
            case .multiInsert(let insertion) = record.heapOperation
        else { return }
        count(record, relation) { $0.inserted &+= Int64(insertion.count) }
    }

    @inline(__always)
    private mutating func count(
        _ record: borrowing WALRecord, _ relation: RelationLocator,
        _ body: (inout OpenTransactions.Change) -> Void
    ) {
        if transactions.changes.count >= spillLimit { spill() }
        let place = transactions.change(record.xid.rawValue, relation, at: record.start.rawValue)
        transactions.update(place, body)
    }

    private mutating func keepCatalog(_ record: borrowing WALRecord) {
        keep(record)
        if record.xid.isNormal { transactions.noteCatalog(record.xid.rawValue) }
    }

    private mutating func keep(_ record: borrowing WALRecord) {
        let bytes = record.withBytes { Array($0) }
        summary.kept.append(
            KeptRecord(start: record.start, end: record.end, version: record.version, bytes: bytes))
    }

    private mutating func addOther(_ record: borrowing WALRecord) {
        switch record.resourceManager {
        case .xlog:
            switch record.operation {
            case XLogOperation.fullPageImage, XLogOperation.fullPageImageForHint:
                if hasCatalogImage(record) { keepCatalog(record) }
            case XLogOperation.checkpointShutdown, XLogOperation.checkpointOnline,
                XLogOperation.restorePoint, XLogOperation.parameterChange, XLogOperation.endOfRecovery,
                XLogOperation.fullPageWrites, XLogOperation.overwriteContinuation:
                keep(record)
            default: break
            }
        case .storage:
            guard case .truncate(let relation, _, _)? = record.storageOperation else { return }
            if catalogs.contains(relation) { keepCatalog(record) }
        case .relationMap:
            keepCatalog(record)
            if let update = record.relationMapUpdate {
                catalogs.note(update, map: record.bytes(of: update.map))
            }
        default:
            keepCatalog(record)
        }
    }

    private func hasCatalogImage(_ record: borrowing WALRecord) -> Bool {
        var found = false
        record.forEachBlock { block in
            found = block.fork == .main && block.image != nil && catalogs.contains(block.locator)
            return !found
        }
        return found
    }

    // MARK: Ends of transactions

    private mutating func addTransaction(_ record: borrowing WALRecord) {
        guard let end = record.transactionEnd else { return }
        switch end.kind {
        case .commit, .commitPrepared:
            summary.commits &+= 1
            activity.add(end.time)
        case .abort, .abortPrepared: summary.aborts &+= 1
        case .prepare: summary.prepares &+= 1
        }
        if end.kind.canStopRecovery {
            summary.firstTime = min(summary.firstTime ?? end.time, end.time)
            summary.lastTime = max(summary.lastTime ?? end.time, end.time)
        }
        // Most commits say nothing but their time.
        let isPlain = record.info & 0x80 == 0 && end.kind != .prepare
        let details = isPlain ? nil : record.transactionDetails
        let database = details?.database ?? .none
        let subtransactions = details?.subtransactions ?? []
        ends.append(
            kind: end.kind, xid: end.xid.rawValue, time: end.time.microseconds, start: end.start.rawValue,
            end: end.end.rawValue, database: database.rawValue, subtransactions: subtransactions)
        let isOfInterest: Bool
        let place = transactions.find(end.xid.rawValue)
        var places: [Int] = []
        if subtransactions.isEmpty {
            isOfInterest = isOlderThanSegment(end.xid) || place >= 0 && matters(place)
        } else {
            places = subtransactions.map { transactions.find($0.rawValue) }.filter { $0 >= 0 }
            isOfInterest =
                isOlderThanSegment(end.xid) || subtransactions.contains(where: isOlderThanSegment)
                || matter(place >= 0 ? [place] + places : places)
        }
        if isOfInterest {
            keep(record)
            summary.ends.append(
                IndexedTransactionEnd(end, database: database, subtransactions: subtransactions))
        }
        // Prepared, it is as open as before.
        guard end.kind != .prepare else { return }
        if place >= 0 { close(place, toSummary: isOfInterest) }
        for place in places { close(place, toSummary: isOfInterest) }
    }

    private mutating func close(_ place: Int, toSummary: Bool) {
        hand(out: place, toSummary: toSummary)
        transactions.close(place)
    }

    /// Whether the number may have been given out before the segment began.
    private func isOlderThanSegment(_ xid: TransactionID) -> Bool {
        predecessor?.latestXID.map { xid.isNotAfter($0) } ?? false
    }

    /// Whether a transaction without subtransactions touched catalogs or changed many rows.
    @inline(__always)
    private func matters(_ place: Int) -> Bool {
        let transaction = transactions.transactions[place]
        if transaction.touchesCatalogs || transaction.isSpilled { return true }
        var next = transaction.firstChange
        while next >= 0 {
            if transactions.changes[Int(next)].rows >= SegmentIndex.bulkRows { return true }
            next = transactions.changes[Int(next)].next
        }
        return false
    }

    /// Whether a transaction's parts, each at its place, touched catalogs or changed many rows together.
    private func matter(_ places: [Int]) -> Bool {
        var total: Int64 = 0
        var most: Int64 = 0
        for place in places {
            let transaction = transactions.transactions[place]
            if transaction.touchesCatalogs || transaction.isSpilled { return true }
            transactions.forEachChange(ofTransactionAt: place) { change in
                let rows = change.rows
                total += rows
                most = max(most, rows)
            }
        }
        if total < SegmentIndex.bulkRows || most >= SegmentIndex.bulkRows {
            return most >= SegmentIndex.bulkRows
        }
        var byRelation: [RelationLocator: Int64] = [:]
        for place in places {
            transactions.forEachChange(ofTransactionAt: place) { change in
                byRelation[change.relation, default: 0] += change.rows
            }
        }
        return byRelation.values.contains { $0 >= SegmentIndex.bulkRows }
    }

    private mutating func hand(out place: Int, toSummary: Bool) {
        var next = transactions.transactions[place].firstChange
        while next >= 0 {
            let change = transactions.changes[Int(next)]
            next = change.next
            changes.append(
                xid: change.xid, relation: change.relation, inserted: change.inserted,
                updated: change.updated, deleted: change.deleted, movedAway: change.movedAway, first: nil)
            if toSummary { summary.changes.append(TransactionChange(change)) }
        }
    }

    private mutating func spill() {
        for place in transactions.transactions.indices where transactions.transactions[place].isOpen {
            hand(out: place, toSummary: true)
        }
        transactions.spill()
    }

    // MARK: The end

    /// The index of everything fed, without its detail, and the detail's bytes.
    ///
    /// - Parameter identity: of the bytes fed; its `predecessorCRC32C` is filled in here.
    /// - Parameter tail: the record that begins in the segment and goes on after it, all its bytes.
    public consuming func finish(
        identity: SegmentIndex.Identity, tail: WALFragment?
    ) -> (index: SegmentIndex, detail: [UInt8]) {
        if !isStarted, let version = identity.version { join(version) }
        for place in transactions.transactions.indices where transactions.transactions[place].isOpen {
            summary.open.append(TransactionID(transactions.transactions[place].xid))
            hand(out: place, toSummary: true)
        }
        summary.activity = activity.counts
        summary.catalogs = catalogs.moved
        var identity = identity
        var fragments = SegmentFragments(head: head.fragment, tail: tail)
        if let predecessor {
            if let head = fragments.head, head.available < head.length {
                // The record goes on beyond this segment: the next one gets all of it that is known.
                fragments.tail = predecessor.tail?.extended(by: head)
                summary.isJoined = fragments.tail != nil
            }
            identity.predecessorCRC32C = predecessor.rawCRC32C
        }
        let index = SegmentIndex(identity: identity, summary: summary, fragments: fragments)
        return (index, SegmentIndex.Detail.encode(ends: ends, changes: changes))
    }
}
