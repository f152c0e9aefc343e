import Platform
import PostgresFormat
import Testing
import WALEvents

@testable import ControlPlane

/// Several events fit the words, or fewer than the number that was asked for.
struct UnclearEventTests {
    private func event(_ action: WALEvent.Action, at lsn: UInt64) -> WALEvent {
        WALEvent(
            action: action, subject: action == .restorePoint ? .server : .table,
            object: EventObject(name: "orders"), record: LSN(lsn), boundary: LSN(lsn))
    }

    @Test func `the candidates are listed with what tells them apart`() {
        let rows = ControlPlane.unclear(
            "update orders", EventChoice(), [event(.update, at: 1), event(.update, at: 2)], of: 2)
        #expect(rows.code == .ambiguousTarget && rows.message == "2 events fit \"update orders\"")
        #expect(rows.hint?.contains("--min-rows") == true)
        #expect(rows.detail?.contains("2. without a time UPDATE orders at 0/2") == true)
        let points = ControlPlane.unclear(
            "restore point orders", EventChoice(),
            [event(.restorePoint, at: 1), event(.restorePoint, at: 2)], of: 2)
        #expect(points.hint?.contains("--min-rows") == false && points.hint?.contains("--xid") == false)
    }

    @Test func `what transactions did is offered by their numbers`() {
        let events = (1...7).map { number in
            WALEvent(
                action: .update, subject: .table, object: EventObject(name: "orders"),
                xid: TransactionID(740 + UInt32(min(number, 6))), record: LSN(UInt64(number)),
                commit: LSN(UInt64(number)), boundary: LSN(UInt64(number)))
        }
        let problem = ControlPlane.unclear("update orders", EventChoice(), events, of: 7)
        #expect(
            problem.hint?.hasSuffix(
                "by its transaction: --xid 742, --xid 743, --xid 744, --xid 745, --xid 746, "
                    + "a restore with --exclusive.") == true, "\(problem)")
        #expect(problem.detail?.contains("1. without a time UPDATE orders at 0/1, transaction 741\n") == true)
    }

    @Test func `where WAL is missing nothing is said never to have happened`() {
        let whole = ControlPlane.unknown("drop table orders", [], on: "shop", [], ["a note"])
        #expect(whole.message == "nothing that fits \"drop table orders\" happened on shop")
        #expect(whole.detail == nil)
        let segment = SegmentName(timeline: TimelineID(1), number: 5)
        let gap = EventHistory.Gap(first: segment, last: segment, count: 1, after: nil, before: nil)
        let torn = ControlPlane.unknown(
            "drop table orders", [event(.drop, at: 7)], on: "shop", [gap], ["nothing behind it is told"])
        #expect(torn.message == "nothing that fits \"drop table orders\" is known of shop")
        #expect(torn.detail?.contains("WAL is missing: 000000010000000000000005") == true)
        #expect(torn.detail?.contains("nothing behind it is told") == true)
        #expect(torn.detail?.contains("1. without a time DROP TABLE orders at 0/7") == true)
    }

    @Test func `a number that is not there is not called ambiguous`() {
        let problem = ControlPlane.unclear(
            "update orders", EventChoice(.nth(3)), [event(.update, at: 1)], of: 1)
        #expect(problem.code == .resourceNotFound)
        #expect(problem.message == "only one event fits \"update orders\", there is no number 3")
    }
}
