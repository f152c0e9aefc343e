import PostgresFormat
import TestKit
import Testing
import TestValues
import WALEvents

struct SegmentIndexerTests {
    private static let segment = SegmentName(timeline: TimelineID(1), number: 2)

    private func index(
        _ records: [KeptRecord], after predecessor: SegmentPredecessor? = nil,
        spillLimit: Int = SegmentIndexer.spillLimit
    ) throws -> SegmentIndex {
        var indexer = SegmentIndexer(segment: Self.segment, after: predecessor, spillLimit: spillLimit)
        for record in records {
            #expect(record.withRecord { indexer.add($0) } != nil, "\(record.start) is no record")
        }
        var (index, detail) = indexer.finish(
            identity: SegmentIndex.Identity(
                segment: Self.segment, rawBytes: 16 << 20, rawCRC32C: 1, version: .v15), tail: nil)
        index.detail = try SegmentIndex.Detail(decoding: detail)
        #expect(try SegmentIndex.Summary(decoding: index.summary.encode()) == index.summary)
        return index
    }

    @Test func `a speculative insertion counts once, and not at all when it was taken back`() throws {
        let index = try index([
            CraftedRecord.insert(xid: 700, at: 1000, isSpeculative: true),
            CraftedRecord.delete(xid: 700, at: 1100, flags: 0x08),
            CraftedRecord.insert(xid: 700, at: 1200, isSpeculative: true),
            CraftedRecord.commit(xid: 700, at: 1300, time: 5),
        ])
        let change = try #require(index.detail?.changes.first)
        #expect(index.detail?.changes.count == 1)
        #expect(change.inserted == 1 && change.deleted == 0 && change.relation == CraftedRecord.relation)
    }

    @Test func `an insertion that is taken back in the next segment leaves nothing in the sum`() throws {
        let first = try index([CraftedRecord.insert(xid: 700, at: 1000, isSpeculative: true)])
        let second = try index(
            [
                CraftedRecord.delete(xid: 700, at: 2000, flags: 0x08),
                CraftedRecord.commit(xid: 700, at: 2100, time: 5),
            ], after: SegmentPredecessor(rawCRC32C: 1, latestXID: TransactionID(700)))
        var sum = try #require(first.changes.first)
        #expect(first.summary.open == [TransactionID(700)])
        sum.add(try #require(second.changes.first))
        #expect(sum.inserted == 0 && sum.rows == 0)
        #expect(second.ends.map(\.xid) == [TransactionID(700)])
    }

    @Test func `rows of a multi-insert and moves to another partition are counted`() throws {
        let index = try index([
            CraftedRecord.multiInsert(xid: 700, at: 1000, rows: 300),
            CraftedRecord.delete(xid: 700, at: 1100, flags: 0x10),
            CraftedRecord.delete(xid: 700, at: 1200, flags: 0),
            CraftedRecord.commit(xid: 700, at: 1300, time: 5),
        ])
        let change = try #require(index.changes.first)
        #expect(change.inserted == 300 && change.deleted == 2 && change.movedAway == 1)
        #expect(change.firstRecord == LSN(1000))
        #expect(index.kept.map(\.start) == [LSN(1300)])
    }

    @Test func `counts are parted where their transaction updated a catalog, and nobody else's`() throws {
        let relations = RelationLocator(
            tablespace: .defaultTablespace, database: ObjectID(5), number: 1259)
        func update(_ xid: UInt32, at start: UInt64) -> KeptRecord {
            CraftedRecord.heap(
                0x40, xid: xid, at: start, relation: relations, main: [UInt8](repeating: 0, count: 14))
        }
        for limit in [2, SegmentIndexer.spillLimit] {
            let index = try index(
                [
                    CraftedRecord.insert(xid: 700, at: 1000), CraftedRecord.insert(xid: 701, at: 1100),
                    CraftedRecord.insert(xid: 700, at: 1200), update(700, at: 1300), update(700, at: 1400),
                    CraftedRecord.insert(xid: 700, at: 1500), CraftedRecord.insert(xid: 701, at: 1600),
                    CraftedRecord.insert(xid: 700, at: 1700), CraftedRecord.insert(xid: 700, at: 1800),
                    CraftedRecord.commit(xid: 700, at: 1900, time: 5),
                    CraftedRecord.commit(xid: 701, at: 2000, time: 5),
                ], spillLimit: limit)
            let parts = index.changes.filter { $0.relation == CraftedRecord.relation }
            let own = parts.filter { $0.xid == TransactionID(700) }
            let before = own.filter { $0.firstRecord.map { $0 < LSN(1300) } ?? false }
            let behind = own.filter { $0.firstRecord.map { $0 > LSN(1400) } ?? false }
            #expect(own.count == before.count + behind.count)
            #expect(before.reduce(0) { $0 + $1.inserted } == 2 && behind.reduce(0) { $0 + $1.inserted } == 3)
            if limit > 2 {
                #expect(own.map(\.firstRecord) == [LSN(1000), LSN(1500)])
                #expect(index.detail?.changes.filter { $0.xid == TransactionID(701) }.count == 1)
                // Of the catalog itself there is one count.
                #expect(index.changes.filter { $0.relation == relations }.map(\.updated) == [2])
            }
        }
    }

    @Test func `small work of its own time is in the detail only`() throws {
        let index = try index([
            CraftedRecord.insert(xid: 700, at: 1000),
            CraftedRecord.commit(xid: 700, at: 1100, time: 60_000_000),
            CraftedRecord.insert(xid: 701, at: 1200),
            CraftedRecord.abort(xid: 701, at: 1300, time: 59_999_999),
        ])
        #expect(index.changes.isEmpty && index.ends.isEmpty && index.kept.isEmpty)
        #expect(index.detail?.changes.map(\.xid) == [TransactionID(700), TransactionID(701)])
        #expect(index.detail?.ends.map(\.kind) == [.commit, .abort])
        #expect(index.summary.commits == 1 && index.summary.aborts == 1)
        #expect(index.summary.activity == [SegmentIndex.Activity(minute: 1, commits: 1)])
        #expect(index.summary.firstTime == PostgresTimestamp(microseconds: 59_999_999))
        #expect(index.summary.latestXID == TransactionID(701))
    }

    @Test func `many small subtransactions are bulk together`() throws {
        var records: [KeptRecord] = []
        for number in 0..<120 {
            records.append(CraftedRecord.insert(xid: UInt32(701 + number), at: UInt64(1000 + 100 * number)))
        }
        records.append(
            CraftedRecord.commit(xid: 700, at: 90_000, time: 5, subtransactions: (701..<821).map { $0 }))
        let index = try index(records)
        #expect(index.changes.count == 120)
        #expect(index.ends.first?.subtransactions.count == 120)
        #expect(index.summary.open.isEmpty)
    }

    @Test func `numbers of transactions may wrap around`() throws {
        let index = try index(
            [
                CraftedRecord.insert(xid: .max, at: 1000), CraftedRecord.insert(xid: 3, at: 1100),
                CraftedRecord.commit(xid: .max, at: 1200, time: 5),
                CraftedRecord.commit(xid: 3, at: 1300, time: 5),
            ], after: SegmentPredecessor(rawCRC32C: 1, latestXID: TransactionID(.max)))
        #expect(index.summary.latestXID == TransactionID(3))
        #expect(index.ends.map(\.xid) == [TransactionID(.max)])
        #expect(index.detail?.ends.count == 2)
    }

    @Test func `random work adds up to what was done, however little memory there is`() throws {
        var random = SeededRandom()
        for limit in [1, 7, 100, SegmentIndexer.spillLimit] {
            var records: [KeptRecord] = []
            var expected: [UInt32: Int64] = [:]
            var open: Set<UInt32> = []
            var next: UInt32 = 1000
            for step in 0..<6000 {
                let start = UInt64(10_000 + 200 * step)
                if open.count < 3 || Int.random(in: 0..<4, using: &random) > 0 {
                    let xid: UInt32
                    if open.count < 40, Bool.random(using: &random) {
                        xid = next
                        next += 1
                    } else {
                        xid = open.randomElement(using: &random) ?? next
                    }
                    open.insert(xid)
                    expected[xid, default: 0] += 1
                    records.append(
                        CraftedRecord.heap(
                            0x00, xid: xid, at: start,
                            relation: RelationLocator(
                                tablespace: .defaultTablespace, database: ObjectID(5),
                                number: UInt32.random(in: 16_384..<16_420, using: &random)),
                            main: [1, 0, 0]))
                } else if let xid = open.randomElement(using: &random) {
                    open.remove(xid)
                    if xid >= next { next = xid + 1 }
                    records.append(CraftedRecord.commit(xid: xid, at: start, time: 5))
                }
                if let largest = open.max(), largest >= next { next = largest + 1 }
            }
            let index = try index(records, spillLimit: limit)
            var counted: [UInt32: Int64] = [:]
            for change in index.detail?.changes ?? [] {
                counted[change.xid.rawValue, default: 0] += change.rows
            }
            #expect(counted == expected, "seed \(random.seed)")
            #expect(Set(index.summary.open.map(\.rawValue)) == open, "seed \(random.seed)")
        }
    }
}
