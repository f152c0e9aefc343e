import PostgresFormat

/// The ends of transactions as bytes, each told by its difference from the one before.
struct EndStream: Sendable {
    private(set) var writer = IndexWriter()
    private(set) var count: UInt64 = 0
    private var previous = Previous()

    struct Previous: Sendable {
        var start: UInt64 = 0
        var xid: UInt32 = 0
        var time: Int64 = 0
    }

    private static let hasDatabase: UInt8 = 0x01
    private static let hasSubtransactions: UInt8 = 0x02

    @inline(__always)
    mutating func append(
        kind: TransactionEnd.Kind, xid: UInt32, time: Int64, start: UInt64, end: UInt64, database: UInt32,
        subtransactions: [TransactionID]
    ) {
        // A kind's number leaves the lower four bits free.
        var tag = kind.rawValue
        if database != 0 { tag |= Self.hasDatabase }
        if !subtransactions.isEmpty { tag |= Self.hasSubtransactions }
        writer.put(byte: tag)
        writer.put(signed: Int64(bitPattern: start &- previous.start))
        writer.put(end &- start)
        writer.put(signed: Int64(Int32(bitPattern: xid &- previous.xid)))
        writer.put(signed: time &- previous.time)
        if database != 0 { writer.put(UInt64(database)) }
        if !subtransactions.isEmpty { writer.put(subtransactions, after: xid) }
        previous = Previous(start: start, xid: xid, time: time)
        count += 1
    }

    mutating func append(_ end: IndexedTransactionEnd) {
        append(
            kind: end.kind, xid: end.xid.rawValue, time: end.time.microseconds, start: end.start.rawValue,
            end: end.end.rawValue, database: end.database.rawValue, subtransactions: end.subtransactions)
    }

    static func read(_ reader: inout IndexReader) -> [IndexedTransactionEnd] {
        var previous = Previous()
        return reader.list { reader in
            let tag = reader.byte()
            let start = previous.start &+ UInt64(bitPattern: reader.signed())
            let end = start &+ reader.number()
            let xid = reader.xid(after: previous.xid)
            let time = previous.time &+ reader.signed()
            previous = Previous(start: start, xid: xid, time: time)
            let database = tag & hasDatabase != 0 ? reader.small() : 0
            let subtransactions = tag & hasSubtransactions != 0 ? reader.transactions(after: xid) : []
            let kind = TransactionEnd.Kind(rawValue: tag & 0xF0)
            if kind == nil || tag & 0x0C != 0 { reader.fail() }
            return IndexedTransactionEnd(
                kind: kind ?? .abort, xid: TransactionID(xid), time: PostgresTimestamp(microseconds: time),
                start: LSN(start), end: LSN(end), database: ObjectID(database),
                subtransactions: subtransactions)
        }
    }
}

/// Changes as bytes, each told by its difference from the one before; a relation is spelled out once.
struct ChangeStream: Sendable {
    private(set) var writer = IndexWriter()
    private(set) var count: UInt64 = 0
    private var relations: [RelationLocator: Int] = [:]
    private var recent: [(relation: RelationLocator, number: Int)] = []
    private var previousXID: UInt32 = 0
    private var previousFirst: UInt64 = 0

    private static let hasFirst: UInt8 = 0x80

    @inline(__always)
    mutating func append(
        xid: UInt32, relation: RelationLocator, inserted: Int64, updated: Int64, deleted: Int64,
        movedAway: Int64, first: UInt64?
    ) {
        writer.put(signed: Int64(Int32(bitPattern: xid &- previousXID)))
        previousXID = xid
        if let known = number(of: relation) {
            writer.put(UInt64(known))
        } else {
            writer.put(UInt64(relations.count))
            writer.put(UInt64(relation.tablespace.rawValue))
            writer.put(UInt64(relation.database.rawValue))
            writer.put(UInt64(relation.number))
            relations[relation] = relations.count
        }
        var mask: UInt8 = first == nil ? 0 : Self.hasFirst
        if inserted != 0 { mask |= inserted == 1 ? 0x11 : 0x01 }
        if updated != 0 { mask |= updated == 1 ? 0x22 : 0x02 }
        if deleted != 0 { mask |= deleted == 1 ? 0x44 : 0x04 }
        if movedAway != 0 { mask |= 0x08 }
        writer.put(byte: mask)
        if mask & 0x11 == 0x01 { writer.put(signed: inserted) }
        if mask & 0x22 == 0x02 { writer.put(signed: updated) }
        if mask & 0x44 == 0x04 { writer.put(signed: deleted) }
        if mask & 0x08 != 0 { writer.put(signed: movedAway) }
        if let first {
            writer.put(signed: Int64(bitPattern: first &- previousFirst))
            previousFirst = first
        }
        count += 1
    }

    mutating func append(_ change: TransactionChange) {
        append(
            xid: change.xid.rawValue, relation: change.relation, inserted: change.inserted,
            updated: change.updated, deleted: change.deleted, movedAway: change.movedAway,
            first: change.firstRecord?.rawValue)
    }

    /// The last few relations are found without hashing: most transactions of a workload touch the same.
    @inline(__always)
    private mutating func number(of relation: RelationLocator) -> Int? {
        for entry in recent where entry.relation == relation { return entry.number }
        guard let known = relations[relation] else { return nil }
        if recent.count == 8 { recent.removeFirst() }
        recent.append((relation, known))
        return known
    }

    static func read(_ reader: inout IndexReader) -> [TransactionChange] {
        var relations: [RelationLocator] = []
        var previousXID: UInt32 = 0
        var previousFirst: UInt64 = 0
        return reader.list { reader in
            previousXID = reader.xid(after: previousXID)
            let number = reader.number()
            if number == UInt64(relations.count) {
                relations.append(
                    RelationLocator(
                        tablespace: ObjectID(reader.small()), database: ObjectID(reader.small()),
                        number: reader.small()))
            }
            guard number < UInt64(relations.count) else {
                reader.fail()
                return TransactionChange(
                    xid: .none, relation: RelationLocator(tablespace: .none, database: .none, number: 0))
            }
            var change = TransactionChange(
                xid: TransactionID(previousXID), relation: relations[Int(number)])
            let mask = reader.byte()
            func count(_ present: UInt8, _ one: UInt8, _ reader: inout IndexReader) -> Int64 {
                guard mask & present != 0 else {
                    if mask & one != 0 { reader.fail() }
                    return 0
                }
                return mask & one != 0 ? 1 : reader.signed()
            }
            change.inserted = count(0x01, 0x10, &reader)
            change.updated = count(0x02, 0x20, &reader)
            change.deleted = count(0x04, 0x40, &reader)
            change.movedAway = mask & 0x08 != 0 ? reader.signed() : 0
            if mask & hasFirst != 0 {
                previousFirst = previousFirst &+ UInt64(bitPattern: reader.signed())
                change.firstRecord = LSN(previousFirst)
            }
            return change
        }
    }
}

extension IndexWriter {
    /// Transaction numbers, each by its difference from the one before, the first from `xid`.
    mutating func put(_ transactions: [TransactionID], after xid: UInt32) {
        put(UInt64(transactions.count))
        var previous = xid
        for transaction in transactions {
            put(signed: Int64(Int32(bitPattern: transaction.rawValue &- previous)))
            previous = transaction.rawValue
        }
    }

    /// A stream's count and bytes.
    mutating func put(count: UInt64, _ stream: IndexWriter) {
        put(count)
        append(stream)
    }
}

extension IndexReader {
    @inline(__always)
    mutating func xid(after previous: UInt32) -> UInt32 {
        guard let difference = Int32(exactly: signed()) else {
            fail()
            return 0
        }
        return previous &+ UInt32(bitPattern: difference)
    }

    mutating func transactions(after xid: UInt32) -> [TransactionID] {
        var previous = xid
        return list { reader in
            previous = reader.xid(after: previous)
            return TransactionID(previous)
        }
    }
}
