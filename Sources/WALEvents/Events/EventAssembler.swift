public import PostgresFormat

/// Puts events together out of records and counted changes, fed in WAL order.
///
/// What there is comes from the changes of catalog rows, netted when their transaction commits: VACUUM FULL,
/// CLUSTER, REINDEX and REFRESH end with the relation they began with, and are no events. What was rolled
/// back is none either.
public struct EventAssembler: Sendable {
    /// Brought forward by the records that were fed.
    public private(set) var catalog: CatalogState
    /// Which changes of rows are events.
    public let interest: RowInterest
    private var events: [WALEvent] = []
    private var changes = CountedChanges()
    private var preparedChanges: Set<TransactionID> = []
    /// The settings before the first change of them, if known.
    public var parameters: WALParameters?
    private var timeline: TimelineID?
    /// Where databases and tablespaces were made or removed outside their transaction's commit.
    private var immediate = ImmediateActions()
    /// The last end of a transaction that was taken in.
    private var lastEnd = LSN.zero
    /// What files are called as the catalogs stand; nil for those whose rows are not told.
    private var names: [RelationLocator: Named?] = [:]

    private struct Named {
        var object: EventObject
        var ancestors: [EventObject]
        var size: TableSize
    }

    public init(catalog: CatalogState, minimumRows: Int64 = 1000) {
        self.init(catalog: catalog, interest: RowInterest(minimumRows: minimumRows))
    }

    public init(catalog: CatalogState, interest: RowInterest) {
        self.catalog = catalog
        self.interest = interest
    }

    /// The same, holding nothing open, see `CatalogState.closed`.
    public var closed: EventAssembler {
        var closed = self
        closed.catalog = catalog.closed
        return closed
    }

    /// Goes on with what the catalogs of the same base backup are read by now.
    public mutating func reopen(_ source: CatalogSource) {
        catalog.reopen(source)
    }

    /// Hands over the events that are complete, in the order in which they became final.
    public mutating func takeEvents() -> [WALEvent] {
        let taken = events
        events = []
        return taken
    }

    /// At the end of the WAL: what took effect although its transaction never ended.
    public mutating func finish() -> [WALEvent] {
        for (database, drop) in immediate.droppedDatabases.sorted(by: { $0.value.record < $1.value.record }) {
            events.append(unfinishedDrop(database, drop))
        }
        for (database, record) in catalog.invalidated
        where catalog.databases[database] != nil && catalog.isInvalid(database) {
            events.append(
                unfinishedDrop(
                    database, ImmediateActions.Drop(record: record, boundary: record, xid: .none)))
        }
        immediate = ImmediateActions()
        return takeEvents()
    }

    // MARK: Feeding

    /// Takes in what transactions changed in a segment, all of it; before the records of that segment and
    /// behind those of all before it.
    public mutating func add(_ changes: [TransactionChange]) {
        self.changes.add(segment: changes)
    }

    /// Takes in a record. Records must come in WAL order, each once; any may be left out that
    /// is of no interest, see `SegmentIndex.Summary.kept`.
    ///
    /// - Parameter countingRows: whether to count the rows it changes; false where `add` was told them.
    public mutating func apply(_ record: borrowing WALRecord, countingRows: Bool) {
        if countingRows, let change = RowCounter.change(record) { changes.add(record: change) }
        switch record.resourceManager {
        case .heap, .heap2:
            if let relation = record.firstRelation {
                // All blocks of such a record are of one relation.
                guard catalog.follows(relation) else { return }
                if record.updatesRow, record.xid.isNormal { changes.part(record.xid, at: record.start) }
            }
            names = [:]
        case .xlog, .database, .tablespace, .relationMap: names = [:]
        case .transaction: break
        default: return
        }
        switch record.resourceManager {
        case .transaction:
            if let details = record.transactionDetails { end(IndexedTransactionEnd(details)) }
        case .xlog:
            applyXLog(record)
            catalog.apply(record)
        case .database:
            if let operation = record.databaseOperation {
                immediate.note(operation, record.start, record.xid, catalog)
            }
            catalog.apply(record)
        case .tablespace:
            if let operation = record.tablespaceOperation { immediate.note(operation, record.start) }
        default: catalog.apply(record)
        }
    }

    /// Takes in a record that is older than the catalogs: only its rows are counted, for its transaction may
    /// end later.
    public mutating func applyOlder(_ record: borrowing WALRecord, countingRows: Bool) {
        if countingRows, let change = RowCounter.change(record) { changes.add(record: change) }
        if let details = record.transactionDetails { endOlder(IndexedTransactionEnd(details)) }
    }

    /// Takes in the end of a transaction that is older than the catalogs.
    public mutating func endOlder(_ end: IndexedTransactionEnd) {
        guard end.kind != .prepare else {
            preparedChanges.formUnion([end.xid] + end.subtransactions)
            return
        }
        forget(Set([end.xid] + end.subtransactions))
    }

    private mutating func forget(_ xids: Set<TransactionID>) {
        for xid in xids {
            changes.forget(xid)
            preparedChanges.remove(xid)
        }
    }

    /// Takes in the end of a transaction, unless its record was taken in already.
    public mutating func end(_ end: IndexedTransactionEnd) {
        guard end.start > lastEnd else { return }
        lastEnd = end.start
        let xids = Set([end.xid] + end.subtransactions)
        if end.kind == .prepare {
            catalog.prepared.formUnion(xids)
            preparedChanges.formUnion(xids)
            return
        }
        if end.kind.isCommit { emit(end, xids) }
        forget(xids)
        if !catalog.running.isDisjoint(with: xids) { names = [:] }
        catalog.settle(xids, committed: end.kind.isCommit)
    }

    private mutating func applyXLog(_ record: borrowing WALRecord) {
        if let point = record.restorePoint {
            events.append(
                WALEvent(
                    action: .restorePoint, subject: .server, object: EventObject(name: point.name),
                    xid: record.xid, record: record.start, time: point.time, boundary: record.start))
        } else if let new = record.parameterChange {
            events.append(
                WALEvent(
                    action: .parameterChange, subject: .server, object: EventObject(),
                    details: new.differences(from: parameters), record: record.start, boundary: record.start))
            parameters = new
        } else if let end = record.endOfRecovery {
            serverStopped()
            begin(end.timeline, after: end.previousTimeline, at: record.start, end.time)
        } else if let checkpoint = record.checkpoint {
            if checkpoint.isShutdown { serverStopped() }
            let time = PostgresTimestamp(unixMicroseconds: checkpoint.unixTime &* 1_000_000)
            begin(checkpoint.timeline, after: checkpoint.previousTimeline, at: record.start, time)
            events.append(
                WALEvent(
                    action: .checkpoint, subject: .server, object: EventObject(),
                    details: ["redo \(checkpoint.redo)"] + (checkpoint.isShutdown ? ["shutdown"] : []),
                    record: record.start, time: time, boundary: record.start))
        }
    }

    /// What a stop of the server ended without a record is gone.
    private mutating func serverStopped() {
        changes.keep(only: preparedChanges)
    }

    private mutating func begin(
        _ new: TimelineID, after previous: TimelineID, at record: LSN, _ time: PostgresTimestamp
    ) {
        defer { timeline = new }
        guard new != previous, timeline != new else { return }
        events.append(
            WALEvent(
                action: .timelineEnd, subject: .server,
                object: EventObject(name: String(new.rawValue), number: new.rawValue), record: record,
                time: time, boundary: record))
    }

    // MARK: A commit

    private mutating func emit(_ end: IndexedTransactionEnd, _ xids: Set<TransactionID>) {
        let nets = catalog.netChanges(of: xids)
        var found =
            nets.isEmpty ? [] : CommittedChanges(catalog: catalog, xids: xids, end: end, nets: nets).events
        if changes.mayReach(interest.minimumRows, in: xids), interest.commits?(end) ?? true {
            found += rowEvents(end, xids)
        }
        for index in found.indices { immediate.adjust(&found[index]) }
        let isInOrder = zip(found, found.dropFirst()).allSatisfy { $0.record <= $1.record }
        events += isInOrder ? found : found.stablySorted { $0.record < $1.record }
    }

    private mutating func rowEvents(
        _ end: IndexedTransactionEnd, _ xids: Set<TransactionID>
    ) -> [WALEvent] {
        var told: [(relation: RelationLocator, parts: [TransactionChange], named: Named)] = []
        for xid in xids {
            for (relation, parts) in changes.all(of: xid) {
                if let named = named(relation, xids) { told.append((relation, parts, named)) }
            }
        }
        guard !told.isEmpty else { return [] }
        let copies = catalog.copies(by: xids)
        var byRelation: [EventObject: TransactionChange] = [:]
        var tables: [EventObject: Named] = [:]
        for (relation, parts, named) in told {
            tables[named.object] = named
            let copied = copies[relation]
            for part in parts where copied.map({ part.isBehind($0) }) ?? true {
                byRelation[named.object, default: TransactionChange(xid: end.xid, relation: relation)].add(
                    part)
            }
        }
        var found: [WALEvent] = []
        for (object, change) in byRelation {
            let counts: [(WALEvent.Action, Int64)] = [
                (.insert, change.inserted), (.update, change.updated &+ change.movedAway),
                (.delete, change.deleted &- change.movedAway),
            ]
            for (action, rows) in counts where rows > 0 && rows >= interest.minimumRows {
                var event = WALEvent(
                    action: action, subject: .table, object: object, rows: rows, xid: end.xid,
                    record: change.firstRecord ?? end.start, commit: end.start, time: end.time,
                    boundary: end.start)
                event.ancestors = tables[object]?.ancestors ?? []
                event.tableSize = tables[object]?.size ?? TableSize()
                found.append(event)
            }
        }
        // Their places are moved about, and not they, which are large.
        let order = found.indices.sorted { left, right in
            // To write names takes longer than all else here, so only where the WAL leaves the order open.
            found[left].record == found[right].record
                ? (found[left].object.description, found[left].action.rawValue) < (
                    found[right].object.description, found[right].action.rawValue
                ) : found[left].record < found[right].record
        }
        return order.map { found[$0] }
    }

    /// What the table that a file belongs to is called at the end of these transactions, with the tables it
    /// is a part of; nil if its rows are not told. Looked up once for as long as the catalogs stay the same.
    private mutating func named(_ relation: RelationLocator, _ xids: Set<TransactionID>) -> Named? {
        let isOfCatalogs = !catalog.running.isDisjoint(with: xids)
        if !isOfCatalogs, let known = names[relation] { return known }
        var named: Named?
        if let (object, table, size) = object(of: relation, xids) {
            let ancestors =
                table.map { catalog.ancestorObjects(of: $0, in: relation.database, seenBy: xids) } ?? []
            if interest.tables?(object, ancestors) ?? true {
                named = Named(object: object, ancestors: ancestors, size: size)
            }
        }
        if !isOfCatalogs { names[relation] = .some(named) }
        return named
    }

    /// The table a file belongs to, with its number and size where they are known; nil if its rows are no
    /// person's table's.
    private func object(
        of locator: RelationLocator, _ xids: Set<TransactionID>
    ) -> (object: EventObject, table: ObjectID?, size: TableSize)? {
        if catalog.isMapped(locator) { return nil }
        guard let found = catalog.entry(at: locator, seenBy: xids) else {
            let unknown = EventObject(
                database: catalog.databaseName(locator.database, seenBy: xids), databaseID: locator.database,
                number: locator.number)
            return (unknown, nil, TableSize())
        }
        // The row that names the file may be older than the one by which the transaction left the table.
        let entry = catalog.relationEntry(found.object, in: locator.database, seenBy: xids) ?? found
        guard entry.object.rawValue >= CatalogState.firstNormalObject,
            entry.kind == UInt8(ascii: "r") || entry.kind == UInt8(ascii: "p")
        else { return nil }
        let object = catalog.eventObject(entry, in: locator.database, seenBy: xids)
        guard object.schema.map(CommittedChanges.isPersons) ?? true else { return nil }
        let isCounted = entry.tuples >= 0 && entry.tuples < 1e15
        return (object, entry.object, TableSize(rows: isCounted ? Int64(entry.tuples) : nil))
    }

    private func unfinishedDrop(_ database: ObjectID, _ drop: ImmediateActions.Drop) -> WALEvent {
        WALEvent(
            action: .drop, subject: .database,
            object: EventObject(
                name: catalog.databaseName(database, seenBy: []), number: database.rawValue),
            details: ["not finished: nobody can connect to it"], xid: drop.xid, record: drop.record,
            boundary: drop.boundary)
    }
}

extension IndexedTransactionEnd {
    init(_ details: TransactionDetails) {
        self.init(
            kind: details.end.kind, xid: details.end.xid, time: details.end.time, start: details.end.start,
            end: details.end.end, database: details.database,
            subtransactions: details.subtransactions)
    }
}

extension WALParameters {
    /// What is set differently, one setting each.
    fileprivate func differences(from old: WALParameters?) -> [String] {
        func difference(_ name: String, _ before: String?, _ after: String) -> String? {
            before == after ? nil : "\(name) \(before.map { $0 + " → " } ?? "")\(after)"
        }
        return [
            difference("wal_level", old?.walLevel.name, walLevel.name),
            difference("max_connections", old?.maxConnections.description, maxConnections.description),
            difference(
                "max_worker_processes", old?.maxWorkerProcesses.description, maxWorkerProcesses.description),
            difference("max_wal_senders", old?.maxWalSenders.description, maxWalSenders.description),
            difference(
                "max_prepared_transactions", old?.maxPreparedTransactions.description,
                maxPreparedTransactions.description),
            difference(
                "max_locks_per_transaction", old?.maxLocksPerTransaction.description,
                maxLocksPerTransaction.description),
        ].compactMap { $0 }
    }
}
