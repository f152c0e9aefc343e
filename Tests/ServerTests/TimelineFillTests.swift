import PostgresFormat
import Testing
import WALEvents

@testable import Server

/// What of a long history a page of the portal has room for.
@Suite(.timeLimit(.minutes(5)))
struct TimelineFillTests {
    private func event(_ number: Int, _ action: WALEvent.Action, rows: Int64? = nil) -> WALEvent {
        WALEvent(
            action: action, subject: .table, object: EventObject(name: "t\(number)"), rows: rows,
            record: LSN(UInt64(number)), boundary: LSN(UInt64(number)))
    }

    @Test func `of many events what takes away stays, then the largest changes, then the latest`() {
        let events =
            (0..<50).map { event($0, .create) } + (50..<60).map { event($0, .delete, rows: Int64($0)) }
            + (60..<65).map { event($0, .drop) } + (65..<90).map { event($0, .alter) }
        let kept = PortalPages.weightiest(events, 20).map(\.boundary.rawValue)
        #expect(kept == Array(50..<65) + Array(85..<90))
        #expect(PortalPages.weightiest(events, 8).map(\.boundary.rawValue) == Array(57..<65))
        #expect(PortalPages.weightiest(events, 90).count == 90)
    }

    @Test func `what is not listed for being small is told`() {
        var happened = EventHistory()
        #expect(PortalPages.leftOut(happened, least: 1000).isEmpty)
        #expect(PortalPages.knowsSmallChanges(happened, isAsked: false))
        happened.hidden = [
            EventHistory.Hidden(table: EventObject(name: "orders"), changes: 12, largestRows: 3)
        ]
        let notes = PortalPages.leftOut(happened, least: 1000)
        let beginning = "Not listed: 12 changes of fewer than 1000 rows, 12 of "
        #expect(notes.count == 1 && notes[0].hasPrefix(beginning))
        #expect(notes[0].contains("orders") && notes[0].contains("(up to 3 rows)"))
        #expect(!PortalPages.knowsSmallChanges(happened, isAsked: false))
        #expect(PortalPages.knowsSmallChanges(happened, isAsked: true))
        happened.hidden = []
        happened.leastCountedRows = 50
        #expect(PortalPages.leftOut(happened, least: 1000).count == 1)
        #expect(!PortalPages.knowsSmallChanges(happened, isAsked: false))
    }

    @Test func `commits are counted where they fall, and none outside`() {
        let from = PostgresTimestamp(microseconds: 600_000_000)
        let minutes = [9, 10, 11, 14, 20].map {
            EventHistory.Minute(start: PostgresTimestamp(microseconds: $0 * 60_000_000), commits: Int($0))
        }
        let parts = PortalPages.density(minutes, from: from, to: from.advanced(bySeconds: 300))
        #expect(parts == [10, 11, 0, 0, 14])
        #expect(PortalPages.density(minutes, from: from, to: from.advanced(bySeconds: 1)) == [10])
    }

    @Test(
        arguments: [(20, 20), (1_000_000, 120), (1_200_000_000, 120), (1_200_000_001, nil), (0, nil)]
            as [(Int64, Int?)])
    func `a view of some minutes has finer bars than minutes`(microseconds: Int64, bars: Int?) {
        let from = PostgresTimestamp(microseconds: 600_000_000)
        let parts = PortalPages.commitParts(from: from, to: from.advanced(byMicroseconds: microseconds))
        #expect(parts?.counts.count == bars)
    }
}
