import PostgresFormat
import Testing
import WALEvents

struct TransactionChangeTests {
    private let relation = RelationLocator(
        tablespace: .defaultTablespace, database: ObjectID(5), number: 16_384)

    @Test func `adds what the same transaction did elsewhere and keeps the earlier place`() {
        var change = TransactionChange(
            xid: TransactionID(9), relation: relation, inserted: 3, deleted: 2, firstRecord: LSN(500))
        change.add(
            TransactionChange(
                xid: TransactionID(9), relation: relation, inserted: -1, updated: 4, movedAway: 1,
                firstRecord: LSN(400)))
        #expect(change.inserted == 2 && change.updated == 4 && change.deleted == 2)
        #expect(change.movedAway == 1 && change.firstRecord == LSN(400))
        #expect(change.rows == 8)
    }

    @Test func `adds absurd counts without a trap`() {
        var change = TransactionChange(xid: TransactionID(9), relation: relation, inserted: .min)
        change.add(
            TransactionChange(xid: TransactionID(9), relation: relation, inserted: .min, deleted: .max))
        change.add(TransactionChange(xid: TransactionID(9), relation: relation, updated: .max, deleted: .max))
        #expect(change.rows >= 0)
    }
}
