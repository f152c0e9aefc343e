/// What a pruning or freezing did to a page's line pointers, by their numbers.
public struct HeapPrunedItems: Hashable, Sendable {
    public struct Redirection: Hashable, Sendable {
        public let from: UInt16
        public let to: UInt16
    }

    /// Rows of one kind made to need no transaction numbers any more.
    public struct Freezing: Hashable, Sendable {
        public let xmax: TransactionID
        public let infomask2: UInt16
        public let infomask: UInt16
        public let flags: UInt8
        public let offsets: [UInt16]
    }

    public var redirected: [Redirection] = []
    /// Rows gone whose line pointers indexes may still name.
    public var dead: [UInt16] = []
    /// Line pointers free again.
    public var unused: [UInt16] = []
    public var frozen: [Freezing] = []
}

extension WALRecord {
    /// The head of a pruning record, in the layout of the record's version.
    func pruning(_ code: UInt8, _ reader: inout ByteReader) -> HeapPruning? {
        guard let block = block(0) else { return nil }
        if version.prunesAndFreezesTogether {
            guard reader.skip(1), let flags = reader.next(UInt8.self) else { return nil }
            var horizon: TransactionID?
            if flags & PruneFlag.conflictHorizon != 0 {
                guard let xid = reader.next(UInt32.self) else { return nil }
                horizon = TransactionID(xid)
            }
            let cause: HeapPruning.Cause =
                switch code {
                case Heap2Code.prune: .access
                case Heap2Code.vacuum: .vacuumScan
                default: .vacuumCleanup
                }
            return HeapPruning(
                block: block, cause: cause, conflictHorizon: horizon, flags: flags, firstCount: 0,
                secondCount: 0)
        }
        if code == Heap2Code.vacuum {
            guard let unused = reader.next(UInt16.self) else { return nil }
            return HeapPruning(
                block: block, cause: .vacuumCleanup, conflictHorizon: nil, flags: nil,
                firstCount: Int(unused), secondCount: 0)
        }
        // Pruning: horizon, redirections, dead. Freezing: horizon, and how many rows or plans.
        guard let horizon = reader.next(UInt32.self), let first = reader.next(UInt16.self) else {
            return nil
        }
        var second: UInt16 = 0
        if code == Heap2Code.prune {
            guard let dead = reader.next(UInt16.self) else { return nil }
            second = dead
        }
        return HeapPruning(
            block: block, cause: code == Heap2Code.prune ? .access : .freeze,
            conflictHorizon: TransactionID(horizon), flags: nil, firstCount: Int(first),
            secondCount: Int(second))
    }

    /// What exactly was pruned and frozen; nil where the data contradict their own counts, or where only the
    /// page's image tells.
    public func pruned(_ pruning: HeapPruning) -> HeapPrunedItems? {
        let data = part(pruning.block.data)
        if data.isEmpty { return nil }
        var reader = ByteReader(data)
        if let flags = pruning.flags { return Self.merged(flags, &reader) }
        switch pruning.cause {
        case .freeze where !version.freezesByPlans: return Self.frozenRows(pruning.firstCount, &reader)
        case .freeze: return Self.frozenPlans(pruning.firstCount, &reader)
        case .vacuumCleanup:
            var items = HeapPrunedItems()
            guard let unused = reader.nextOffsets(pruning.firstCount) else { return nil }
            items.unused = unused
            return items
        case .access, .vacuumScan:
            var items = HeapPrunedItems()
            guard let redirected = reader.nextRedirections(pruning.firstCount),
                let dead = reader.nextOffsets(pruning.secondCount),
                let unused = reader.nextOffsets(reader.remaining / 2)
            else { return nil }
            items.redirected = redirected
            items.dead = dead
            items.unused = unused
            return items
        }
    }

    /// PostgreSQL 17 and later: parts in the order of their flags, the frozen rows' numbers last.
    private static func merged(_ flags: UInt8, _ reader: inout ByteReader) -> HeapPrunedItems? {
        var items = HeapPrunedItems()
        var plans: [(head: HeapPrunedItems.Freezing, count: Int)] = []
        if flags & PruneFlag.freezePlans != 0 {
            guard let count = reader.next(UInt16.self), reader.skip(2),
                let read = reader.nextElements(Int(count), of: 12, { $0.nextPlan() })
            else { return nil }
            plans = read
        }
        if flags & PruneFlag.redirections != 0 {
            guard let count = reader.next(UInt16.self), let read = reader.nextRedirections(Int(count))
            else { return nil }
            items.redirected = read
        }
        if flags & PruneFlag.dead != 0 {
            guard let count = reader.next(UInt16.self), let read = reader.nextOffsets(Int(count)) else {
                return nil
            }
            items.dead = read
        }
        if flags & PruneFlag.unused != 0 {
            guard let count = reader.next(UInt16.self), let read = reader.nextOffsets(Int(count)) else {
                return nil
            }
            items.unused = read
        }
        guard let frozen = reader.nextFrozen(plans) else { return nil }
        items.frozen = frozen
        return items
    }

    /// PostgreSQL 16: plans, and behind them the rows' numbers.
    private static func frozenPlans(_ count: Int, _ reader: inout ByteReader) -> HeapPrunedItems? {
        guard let plans = reader.nextElements(count, of: 12, { $0.nextPlan() }),
            let frozen = reader.nextFrozen(plans)
        else { return nil }
        var items = HeapPrunedItems()
        items.frozen = frozen
        return items
    }

    /// PostgreSQL 15: each row for itself (`xl_heap_freeze_tuple`).
    private static func frozenRows(_ count: Int, _ reader: inout ByteReader) -> HeapPrunedItems? {
        let rows = reader.nextElements(count, of: 12) { reader in
            guard let bytes = reader.take(12) else { return nil as HeapPrunedItems.Freezing? }
            return HeapPrunedItems.Freezing(
                xmax: TransactionID(bytes.little(0)), infomask2: bytes.little(6),
                infomask: bytes.little(8), flags: bytes[10], offsets: [bytes.little(4)])
        }
        guard let rows else { return nil }
        var items = HeapPrunedItems()
        items.frozen = rows
        return items
    }
}

/// `XLHP_…` of PostgreSQL 17.
private enum PruneFlag {
    static let conflictHorizon: UInt8 = 1 << 3
    static let freezePlans: UInt8 = 1 << 4
    static let redirections: UInt8 = 1 << 5
    static let dead: UInt8 = 1 << 6
    static let unused: UInt8 = 1 << 7
}

extension ByteReader {
    fileprivate mutating func nextOffsets(_ count: Int) -> [UInt16]? {
        nextElements(count, of: 2) { $0.next(UInt16.self) }
    }

    fileprivate mutating func nextRedirections(_ count: Int) -> [HeapPrunedItems.Redirection]? {
        nextElements(count, of: 4) { reader in
            guard let from = reader.next(UInt16.self), let to = reader.next(UInt16.self) else { return nil }
            return HeapPrunedItems.Redirection(from: from, to: to)
        }
    }

    /// `xlhp_freeze_plan`, 12 bytes with one of padding.
    fileprivate mutating func nextPlan() -> (head: HeapPrunedItems.Freezing, count: Int)? {
        guard let bytes = take(12) else { return nil }
        let head = HeapPrunedItems.Freezing(
            xmax: TransactionID(bytes.little(0)), infomask2: bytes.little(4), infomask: bytes.little(6),
            flags: bytes[8], offsets: [])
        return (head, Int(bytes.little(10, as: UInt16.self)))
    }

    fileprivate mutating func nextFrozen(
        _ plans: [(head: HeapPrunedItems.Freezing, count: Int)]
    ) -> [HeapPrunedItems.Freezing]? {
        var frozen: [HeapPrunedItems.Freezing] = []
        for plan in plans {
            guard let offsets = nextOffsets(plan.count) else { return nil }
            frozen.append(
                HeapPrunedItems.Freezing(
                    xmax: plan.head.xmax, infomask2: plan.head.infomask2, infomask: plan.head.infomask,
                    flags: plan.head.flags, offsets: offsets))
        }
        return frozen
    }
}
