import PostgresFormat
import Testing

@testable import Repair

/// Rows that a transaction took away and put in again with the same key.
struct JoinedRowTests {
    private static let shape = TableShape(
        number: ObjectID(20001), name: QualifiedName(schema: "public", name: "t"),
        columns: [
            .init(name: "id", number: 1, type: "integer"), .init(name: "v", number: 2, type: "text"),
        ], key: .init(columns: [0], operators: ["OPERATOR(pg_catalog.=)"]))
    private static let part = TableSorter.Part(
        relation: ObjectID(20001),
        file: RelationLocator(tablespace: .defaultTablespace, database: ObjectID(5), number: 20001),
        nameBefore: shape.name, nameAfter: shape.name)

    /// The halves of one row, as they are read of a table that was emptied and filled again.
    private static var halves: [UndoReader.Pair] {
        let address = RowAddress(block: 0, offset: 1)
        var pairs = [
            UndoReader.Pair(
                history: RowHistory(base: ["1", "old"], states: [.init(isOwn: true, cells: nil)]),
                track: RowTrack(before: address, after: nil), part: part),
            UndoReader.Pair(
                history: RowHistory(base: nil, states: [.init(isOwn: true, cells: ["1", "new"])]),
                track: RowTrack(before: nil, after: address), part: part),
        ]
        // The new file's rows are known by their writes.
        pairs[1].track.steps = [
            RowWrite(
                xid: TransactionID(9), time: PostgresTimestamp(microseconds: 0), commit: LSN(9),
                address: address, isOwn: true)
        ]
        for index in pairs.indices { pairs[index].merge() }
        return pairs
    }

    @Test func `a row of a table that was emptied and filled again was updated`() {
        var pairs = Self.halves
        UndoReader.join(&pairs, RowJudge(Self.shape), isSingle: true)
        #expect(pairs.count == 1)
        #expect(pairs.first?.before == ["1", "old"] && pairs.first?.after == ["1", "new"])
        let row = pairs.first?.judged(
            by: RowJudge(Self.shape), ["1", "new"], nil, isFollowed: true, Self.shape)
        #expect(row?.verdict == .restorable)
    }

    @Test func `halves that different transactions wrote stay apart`() {
        var pairs = Self.halves
        UndoReader.join(&pairs, RowJudge(Self.shape), isSingle: false)
        #expect(pairs.count == 2)
    }
}
