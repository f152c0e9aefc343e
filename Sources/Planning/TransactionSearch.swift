import PostgresFormat

/// What the index of a segment tells of one transaction's number.
public struct ToldTransaction: Hashable, Sendable {
    /// Of the records that end in the segment, in their order: those that end or prepare the transaction, or
    /// one that it is a part of, and checkpoints.
    public var records: [RecordFacts]
    /// Whether the record that crosses into the segment was looked at, if any does.
    public var isJoined: Bool

    public init(records: [RecordFacts], isJoined: Bool) {
        self.records = records
        self.isJoined = isJoined
    }
}

/// A record that ends or prepares a transaction, or one that it is a part of.
struct FoundEnd {
    let record: RecordFacts
    /// A number that was next to be given out near the record; nil where no checkpoint is held.
    var next: UInt64?

    /// A transaction's full number; nil where the epoch is unknown.
    func number(of id: TransactionID) -> TransactionNumber? { next.map { TransactionNumber(id, near: $0) } }
}

/// Gathers the ends of transactions with the same 32 bits.
struct TransactionSearch {
    private let id: TransactionID
    private(set) var found: [FoundEnd] = []
    /// Whether the transaction, or the one that it is a part of, is more than prepared.
    private(set) var hasEnded = false
    private var next: UInt64?
    private var last = LSN.zero

    init(_ id: TransactionID) {
        self.id = id
    }

    /// Takes records in WAL order; one that comes again is passed over.
    mutating func take(_ record: RecordFacts) {
        if let known = record.nextTransaction, record.start > last {
            last = record.start
            if next == nil {
                for index in found.indices { found[index].next = known }
            }
            next = known
        }
        guard let end = record.transaction, end.xid == id || record.subtransactions.contains(id),
            record.start > last
        else { return }
        last = record.start
        hasEnded = hasEnded || end.kind.canStopRecovery
        found.append(FoundEnd(record: record, next: next))
    }
}

/// Transactions as targets.
extension RestorePlanner {
    func cut(of number: TransactionNumber, exclusive: Bool, in wal: TimelineWAL) throws -> Cut {
        let ends = try transactionEnds(of: number.id, in: wal)
        let all = ends.filter { end in
            end.record.transaction.map { $0.xid == number.id && $0.kind.canStopRecovery } ?? false
        }
        func isMeant(_ end: FoundEnd) -> Bool {
            !number.hasEpoch || end.number(of: number.id) == number
        }
        let matching = all.filter(isMeant)
        guard let found = matching.first else {
            if let whole = whole(of: number.id, in: ends.filter(isMeant)) {
                throw Refusal.cut(.subtransaction(number, of: whole))
            }
            let prepared = ends.last { $0.record.transaction?.kind == .prepare }?.record.transaction
            if prepared == nil, let damaged = inventory.lastDamage { throw refusal(damaged, in: wal) }
            throw Refusal.cut(
                .unknownTransaction(
                    number, prepared: prepared?.boundary, others: all.compactMap(EndedTransaction.init)))
        }
        guard matching.count == 1 else {
            throw Refusal.cut(
                .ambiguousTransaction(number, candidates: matching.compactMap(EndedTransaction.init)))
        }
        return Cut(
            record: found.record, isInside: !exclusive, isByRecord: !exclusive,
            setting: exclusive ? .beforeTransaction(number.id) : .transaction(number.id),
            reason:
                "it stops right \(exclusive ? "before" : "after") the record that ends transaction \(number)",
            alike: all.map(\.record.start), alikeWords: "a transaction with the same 32 bits ended")
    }

    /// The end of the transaction that a subtransaction is a part of; its being prepared where it has not
    /// ended.
    private func whole(of id: TransactionID, in ends: [FoundEnd]) -> EndedTransaction? {
        let whole = ends.filter { $0.record.transaction?.xid != id }
        let end = whole.last { $0.record.transaction?.kind.canStopRecovery ?? false } ?? whole.last
        return end.flatMap(EndedTransaction.init)
    }

    /// All records that end or prepare a transaction with these 32 bits, or one that it is a part of.
    ///
    /// Indexes tell of the records that end in their segments, reading of those that begin there: where the
    /// one follows the other, the record in between is read.
    private func transactionEnds(of id: TransactionID, in wal: TimelineWAL) throws -> [FoundEnd] {
        let checkpoints = try wal.entries.map { try source.checkpoints(in: $0.segment.name) }
        let begin = Self.redo(before: id, checkpoints.flatMap { $0 ?? [] })
        var search = TransactionSearch(id)
        /// Whether any record begins there.
        func read(_ segment: SegmentName) throws -> Bool {
            var isAny = false
            try source.records(startingIn: segment) { record in
                isAny = true
                search.take(record)
                return true
            }
            return isAny
        }
        var isRead = true
        for (index, entry) in wal.entries.enumerated() {
            let name = entry.segment.name
            if let begin, checkpoints[index] != nil {
                if name.end <= begin { continue }
                if search.hasEnded {
                    isRead = false
                    continue
                }
            }
            let told = try source.told(of: id, in: name)
            if !isRead, told?.isJoined != true {
                // One record may fill segments.
                var before = index - 1
                while try !read(wal.entries[before].segment.name), before > 0 { before -= 1 }
            }
            if let told {
                for record in told.records { search.take(record) }
            } else {
                _ = try read(name)
            }
            isRead = told == nil
        }
        return search.found
    }

    /// Where the last checkpoint begins at which the number was still to be given out: what comes before does
    /// not know it. Nil where numbers may have come round in the WAL, so that one number may be two.
    private static func redo(before id: TransactionID, _ checkpoints: [RecordFacts]) -> LSN? {
        let numbers = checkpoints.compactMap(\.nextTransaction)
        guard let first = numbers.first, let last = numbers.last, numbers == numbers.sorted(),
            last - first < 1 << 31
        else { return nil }
        let number = TransactionNumber(id, near: last).rawValue
        return checkpoints.last { $0.nextTransaction.map { $0 <= number } ?? false }?.redo ?? .zero
    }
}

extension EndedTransaction {
    init?(_ end: FoundEnd) {
        guard let transaction = end.record.transaction else { return nil }
        self.init(record: transaction.boundary, number: end.number(of: transaction.xid))
    }
}
