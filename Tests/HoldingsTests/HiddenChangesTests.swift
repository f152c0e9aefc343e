import PostgresFormat
import Testing
import WALEvents

@testable import Holdings

/// Which changes of few rows are told.
struct HiddenChangesTests {
    private func event(
        _ action: WALEvent.Action, _ rows: Int64, of name: String? = "t", counted: Int64? = nil
    ) -> WALEvent {
        let object = EventObject(database: "shop", databaseID: ObjectID(5), name: name, number: 16_384)
        var event = WALEvent(
            action: action, subject: .table, object: object, rows: rows, record: LSN(100), boundary: LSN(100))
        event.tableSize = TableSize(rows: counted)
        return event
    }

    /// The rows of those that are told.
    private func told(_ events: [WALEvent], shares: Bool = true) -> ([Int64], [EventHistory.Hidden]) {
        var hidden = HiddenChanges(below: 1000, sparesLargeShares: shares)
        var told = events.filter { !hidden.takes($0, isAskedFor: true) }
        told.removeAll(where: hidden.isUsual)
        return (told.compactMap(\.rows), hidden.all)
    }

    @Test func `what is a fifth of its table is told, however few rows it has`() {
        let events = [
            event(.insert, 50), event(.delete, 9), event(.update, 10), event(.delete, 1), event(.delete, 30),
        ]
        let (rows, hidden) = told(events)
        #expect(rows == [10, 30])
        #expect(hidden.map(\.changes) == [3] && hidden.first?.largestRows == 50)
        #expect(told(events, shares: false).0.isEmpty)
        #expect(told([event(.delete, 9, counted: 50), event(.delete, 10, counted: 50)]).0 == [10])
        // One row is what every application changes all day.
        #expect(told([event(.update, 1, counted: 1), event(.update, 2, counted: 2)]).0 == [2])
    }

    @Test func `a table that nobody counted is small, if it has a name`() {
        #expect(told([event(.update, 9), event(.update, 10), event(.insert, 90)]).0 == [10])
        #expect(told([event(.update, 10, of: nil)]).0.isEmpty)
    }

    @Test func `what a table has again and again is not told`() {
        let batch = [event(.insert, 20), event(.delete, 20)]
        #expect(told((0..<10).flatMap { _ in batch }).0.count == 10)
        let (rows, hidden) = told(
            (0..<11).flatMap { _ in batch } + [event(.insert, 150), event(.delete, 150)])
        #expect(rows == [150])
        #expect(hidden.map(\.changes) == [23] && hidden.first?.largestRows == 150)
    }

    @Test func `what was not asked for counts a table's rows, and nothing else`() {
        var hidden = HiddenChanges(below: 1000, sparesLargeShares: true)
        let unasked = hidden.takes(event(.insert, 500), isAskedFor: false)
        let small = hidden.takes(event(.delete, 40), isAskedFor: true)
        #expect(unasked && small)
        #expect(hidden.all.map(\.changes) == [1])
    }
}
