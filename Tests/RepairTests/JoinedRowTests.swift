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

    @Test func `a row that was put in again is looked for where it was before`() {
        var pairs = Self.halves
        let other = RowAddress(block: 7, offset: 3)
        pairs[0].part.nameBefore = QualifiedName(schema: "public", name: "t_1")
        pairs[0].track.before = other
        UndoReader.join(&pairs, RowJudge(Self.shape), isSingle: true)
        let old = pairs.first?.place(before: LSN(9), after: LSN(9))
        #expect(old?.copy.isOld == true && old?.copy.part.nameBefore.name == "t_1" && old?.address == other)
        let new = pairs.first?.place(after: LSN(9))
        #expect(new?.copy.isOld == false && new?.copy.part == Self.part && new?.address != other)
    }

    @Test func `a row that came and went between the transactions is seen in neither copy`() {
        var pair = Self.halves[0]
        #expect(!pair.isHidden(LSN(9), LSN(30)))
        pair.track.born = LSN(12)
        #expect(pair.isHidden(LSN(9), LSN(30)))
        #expect(!pair.isHidden(after: LSN(30)), "it was deleted, and is not to be seen there")
        pair.track.after = RowAddress(block: 0, offset: 2)
        #expect(!pair.isHidden(LSN(9), LSN(30)))
        // Somebody else wrote it before the last of them.
        pair.track.later = [
            RowWrite(
                xid: TransactionID(11), time: PostgresTimestamp(microseconds: 0), commit: LSN(20),
                address: RowAddress(block: 0, offset: 3))
        ]
        #expect(pair.isHidden(LSN(9), LSN(30)) && pair.isHidden(after: LSN(30)))
    }

    @Test func `a row of which no column that is asked for was changed has nothing to give back`() {
        var pairs = Self.halves
        UndoReader.join(&pairs, RowJudge(Self.shape), isSingle: true)
        var kept = pairs[0]
        kept.keep([1])
        #expect(kept.hasChanged)
        pairs[0].keep([0])
        #expect(!pairs[0].hasChanged)
    }

    @Test func `halves that different transactions wrote stay apart`() {
        var pairs = Self.halves
        UndoReader.join(&pairs, RowJudge(Self.shape), isSingle: false)
        #expect(pairs.count == 2)
    }
}
