import PostgresFormat
import Testing

@testable import WALEvents

struct CountedChangesTests {
    private static let xid = TransactionID(700)

    private func change(_ rows: Int64, at record: UInt64?) -> TransactionChange {
        TransactionChange(
            xid: Self.xid, relation: CraftedRecord.relation, inserted: rows,
            firstRecord: record.map { LSN($0) })
    }

    private func parts(_ counts: CountedChanges) -> [Int64] {
        counts.all(of: Self.xid).flatMap { $0.parts.map(\.inserted) }
    }

    @Test func `counts of many segments take no more room than those of a few`() {
        var counts = CountedChanges()
        for segment in 0..<1000 { counts.add(segment: [change(1, at: UInt64(100 + segment))]) }
        #expect(parts(counts).count <= 2 && parts(counts).reduce(0, +) == 1000)
        // Behind an update of a catalog it is the same.
        counts.part(Self.xid, at: LSN(5000))
        for segment in 0..<1000 { counts.add(segment: [change(1, at: UInt64(6000 + segment))]) }
        #expect(parts(counts).count <= 4 && parts(counts).reduce(0, +) == 2000)
        let behind = counts.all(of: Self.xid).flatMap(\.parts).filter { part in
            part.firstRecord.map { $0 > LSN(5000) } ?? false
        }
        #expect(behind.map(\.inserted).reduce(0, +) == 1000)
    }

    @Test func `parts of one segment stay apart, whatever is known when they come`() {
        var counts = CountedChanges()
        counts.add(segment: [change(1, at: 100), change(2, at: 300)])
        counts.part(Self.xid, at: LSN(200))
        counts.add(segment: [change(4, at: 500), change(8, at: 700)])
        #expect(parts(counts) == [1, 2, 4, 8])
        counts.part(Self.xid, at: LSN(600))
        counts.add(segment: [change(16, at: 900)])
        counts.add(segment: [change(32, at: 1000)])
        #expect(parts(counts) == [1, 2, 4, 8 + 16, 32])
    }

    @Test func `records are added up between two updates of catalogs`() {
        var counts = CountedChanges()
        counts.add(record: change(1, at: 100))
        counts.add(record: change(2, at: 110))
        counts.part(Self.xid, at: LSN(200))
        counts.add(record: change(4, at: 210))
        counts.add(record: change(8, at: 220))
        #expect(parts(counts) == [3, 12])
        counts.forget(Self.xid)
        counts.add(record: change(1, at: 300))
        #expect(parts(counts) == [1])
        counts.keep(only: [])
        #expect(parts(counts).isEmpty)
    }

    @Test func `whether a transaction may have changed so many rows is never denied wrongly`() {
        var counts = CountedChanges()
        #expect(!counts.mayReach(1, in: [Self.xid]))
        counts.add(segment: [change(-3, at: 100), change(2, at: 300)])
        #expect(counts.mayReach(5, in: [Self.xid]) && !counts.mayReach(6, in: [Self.xid]))
        #expect(!counts.mayReach(1, in: [TransactionID(701)]))
        counts.forget(Self.xid)
        #expect(!counts.mayReach(1, in: [Self.xid]))
    }
}
