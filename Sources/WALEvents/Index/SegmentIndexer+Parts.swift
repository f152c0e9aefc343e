import PostgresFormat

extension TransactionChange {
    init(_ change: OpenTransactions.Change) {
        self.init(
            xid: TransactionID(change.xid), relation: change.relation, inserted: change.inserted,
            updated: change.updated, deleted: change.deleted, movedAway: change.movedAway,
            firstRecord: LSN(change.firstRecord))
    }
}

extension OpenTransactions.Change {
    /// Rows touched in any way: counts made of one record each cannot overflow.
    var rows: Int64 { abs(inserted) + updated + deleted }
}

extension SegmentIndexer {
    /// The row that a record puts into `pg_class`; nil where it is none, or only an image tells it that needs
    /// more than PostgreSQL's own means to unpack: then readers find out for themselves.
    static func insertedRelation(_ record: borrowing WALRecord) -> RelationEntry? {
        guard case .insert(let insertion)? = record.heapOperation else { return nil }
        var row: CatalogRow?
        if let data = insertion.data {
            row = CatalogRow(header: data.header, body: record.bytes(of: data.body), creator: record.xid)
        } else if let image = insertion.row.block.image, let page = try? record.restored(image) {
            row = HeapPage(page)?.rows.first { $0.number == insertion.row.offset }.map {
                CatalogRow(bytes: $0.bytes, creator: record.xid)
            }
        }
        guard let row, case .relation(let entry)? = CatalogLayout(record.version).entry(.relations, row)
        else { return nil }
        return entry
    }
}

extension IndexedTransactionEnd {
    init(_ end: TransactionEnd, database: ObjectID, subtransactions: [TransactionID]) {
        self.init(
            kind: end.kind, xid: end.xid, time: end.time, start: end.start, end: end.end,
            database: database, subtransactions: subtransactions)
    }
}

extension WALFragment {
    /// The beginning of a record with what the next segment, wholly filled by it, has of it; nil where the
    /// two do not fit. Bytes beyond the limit are only counted.
    func extended(by head: WALFragment, limit: Int = HeadCollector.limit) -> WALFragment? {
        guard fits(head), head.available < head.length else { return nil }
        let isWhole =
            bytes.count == Int(available) && head.bytes.count == Int(head.available)
            && bytes.count + head.bytes.count <= limit
        return WALFragment(
            start: start, length: length, available: available + head.available,
            bytes: isWhole ? bytes + head.bytes : bytes)
    }

    /// Whether this record's beginning and that continuation make one of which an index tells nothing.
    func isOfNoInterest(with head: WALFragment) -> Bool {
        guard fits(head), bytes.count >= WALRecord.headerSize else { return false }
        switch ResourceManager(rawValue: bytes[17]) {
        case .heap, .heap2, .transaction, .xlog, .database, .tablespace, .relationMap, .storage: return false
        default: return true
        }
    }

    private func fits(_ head: WALFragment) -> Bool {
        available < length && head.length == length - available
    }
}

/// Counts commits by minute.
struct ActivityCounter: Sendable {
    private var minute: Int64 = .min
    private var commits: UInt32 = 0
    private var others: [Int64: UInt32] = [:]

    @inline(__always)
    mutating func add(_ time: PostgresTimestamp) {
        let found = Self.minute(of: time)
        if found != minute {
            flush()
            minute = found
        }
        commits &+= 1
    }

    private mutating func flush() {
        if commits > 0 { others[minute, default: 0] &+= commits }
        commits = 0
    }

    var counts: [SegmentIndex.Activity] {
        var flushed = self
        flushed.flush()
        return flushed.others.sorted { $0.key < $1.key }.map {
            SegmentIndex.Activity(minute: $0.key, commits: $0.value)
        }
    }

    /// Rounded down, also before 2000.
    @inline(__always)
    static func minute(of time: PostgresTimestamp) -> Int64 {
        let (minute, rest) = time.microseconds.quotientAndRemainder(dividingBy: 60_000_000)
        return rest < 0 ? minute - 1 : minute
    }
}
