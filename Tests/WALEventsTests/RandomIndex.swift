import PostgresFormat
import WALEvents

/// Makes parts of an index that no WAL would produce, but a file may hold.
struct RandomIndex {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func number(below limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }

    /// Small numbers and extreme ones are as frequent as those between.
    private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
        switch number(below: 5) {
        case 0: 0
        case 1: 1
        case 2: Number.max
        case 3: Number.min
        default: Number(truncatingIfNeeded: next() >> UInt64(number(below: 64)))
        }
    }

    private mutating func maybe<Value>(_ make: (inout RandomIndex) -> Value) -> Value? {
        number(below: 2) == 0 ? nil : make(&self)
    }

    private mutating func list<Value>(_ limit: Int, _ make: (inout RandomIndex) -> Value) -> [Value] {
        let count = number(below: limit)
        return (0..<count).map { _ in make(&self) }
    }

    private mutating func xid() -> TransactionID { TransactionID(number()) }
    private mutating func lsn() -> LSN { LSN(number()) }
    private mutating func time() -> PostgresTimestamp { PostgresTimestamp(microseconds: number()) }

    private mutating func relation() -> RelationLocator {
        RelationLocator(
            tablespace: ObjectID(number()), database: ObjectID(number()),
            number: UInt32(16_384 + number(below: 12)))
    }

    private mutating func end() -> IndexedTransactionEnd {
        IndexedTransactionEnd(
            kind: TransactionEnd.Kind.allCases[number(below: 5)], xid: xid(), time: time(), start: lsn(),
            end: lsn(), database: ObjectID(number()), subtransactions: list(4) { $0.xid() })
    }

    private mutating func change() -> TransactionChange {
        TransactionChange(
            xid: xid(), relation: relation(), inserted: number(), updated: number(), deleted: number(),
            movedAway: number(), firstRecord: maybe { $0.lsn() })
    }

    private mutating func fragment() -> WALFragment {
        WALFragment(
            start: lsn(), length: number(), available: number(), bytes: list(100) { $0.number(UInt8.self) })
    }

    mutating func detail() -> SegmentIndex.Detail {
        SegmentIndex.Detail(ends: list(12) { $0.end() }, changes: list(12) { $0.change() })
    }

    mutating func fragments() -> SegmentFragments {
        SegmentFragments(head: maybe { $0.fragment() }, tail: maybe { $0.fragment() })
    }

    mutating func growth() -> SegmentGrowth {
        func directory(_ random: inout RandomIndex) -> SegmentGrowth.Directory {
            SegmentGrowth.Directory(
                database: ObjectID(random.number()), tablespace: ObjectID(random.number()))
        }
        var growth = SegmentGrowth()
        growth.reached = list(12) { SegmentGrowth.Extent(relation: $0.relation(), blocks: $0.number()) }
        growth.cuts = list(4) { SegmentGrowth.Extent(relation: $0.relation(), blocks: $0.number()) }
        growth.copies = list(4) { SegmentGrowth.Copy(source: directory(&$0), target: directory(&$0)) }
        growth.removed = list(4) { directory(&$0) }
        return growth
    }

    mutating func summary() -> SegmentIndex.Summary {
        var summary = SegmentIndex.Summary()
        summary.isJoined = number(below: 2) == 0
        summary.firstRecord = maybe { $0.lsn() }
        summary.lastRecordEnd = maybe { $0.lsn() }
        summary.commits = number()
        summary.aborts = number()
        summary.prepares = number()
        summary.firstTime = maybe { $0.time() }
        summary.lastTime = maybe { $0.time() }
        summary.latestXID = maybe { $0.xid() }
        summary.activity = list(5) { SegmentIndex.Activity(minute: $0.number(), commits: $0.number()) }
        summary.catalogs = list(3) { $0.relation() }
        summary.open = list(5) { $0.xid() }
        summary.kept = list(5) { random in
            KeptRecord(
                start: random.lsn(), end: random.lsn(),
                version: WALVersion.allCases[random.number(below: WALVersion.allCases.count)],
                bytes: random.list(60) { $0.number(UInt8.self) })
        }
        summary.changes = list(6) { $0.change() }
        summary.ends = list(6) { $0.end() }
        return summary
    }
}
