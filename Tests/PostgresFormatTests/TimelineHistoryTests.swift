import PostgresFormat
import Testing

@Suite struct TimelineHistoryTests {
    private let text = """
        # a comment
        1\t0/3000148\tno recovery target specified

        2\t0/5000000\tbefore transaction 789 at 2026-03-31 22:02:13+00
        """

    @Test func `reads back what it printed`() throws {
        let history = try TimelineHistory(parsing: text, of: TimelineID(4))
        #expect(history.entries.count == 2)
        #expect(history.entries[1].reason == "before transaction 789 at 2026-03-31 22:02:13+00")
        #expect(try TimelineHistory(parsing: history.printed(), of: TimelineID(4)) == history)
    }

    @Test func `knows which timeline a position lies on`() throws {
        let history = try TimelineHistory(parsing: text, of: TimelineID(4))
        #expect(history.timeline(containing: LSN(0x300_0147)) == TimelineID(1))
        #expect(history.timeline(containing: LSN(0x300_0148)) == TimelineID(2))
        #expect(history.timeline(containing: LSN(0x500_0000)) == TimelineID(4))
        #expect(history.switchPoint(from: TimelineID(2)) == LSN(0x500_0000))
        #expect(history.switchPoint(from: TimelineID(3)) == nil)
    }

    @Test func `knows what belongs to its past`() throws {
        let history = try TimelineHistory(parsing: text, of: TimelineID(4))
        #expect(history.contains(TimelineID(1), upTo: LSN(0x300_0148)))
        #expect(!history.contains(TimelineID(1), upTo: LSN(0x300_0149)))
        #expect(!history.contains(TimelineID(3), upTo: .zero))
        #expect(history.contains(TimelineID(4), upTo: .max))
        #expect(TimelineHistory(root: TimelineID(1)).contains(TimelineID(1), upTo: .max))
    }

    @Test func `refuses lines that are none, and histories that go backwards`() {
        func failure(_ text: String) -> TimelineHistory.Failure? {
            do throws(TimelineHistory.Failure) {
                _ = try TimelineHistory(parsing: text, of: TimelineID(4))
                return nil
            } catch {
                return error
            }
        }
        #expect(failure("1 0/1 x\nnonsense") == .malformedLine(2))
        #expect(failure("1") == .malformedLine(1))
        #expect(failure("0\t0/1\tx") == .malformedLine(1))
        #expect(failure("2\t0/1\tx\n1\t0/2\tx") == .timelineOutOfOrder(2))
        #expect(failure("4\t0/1\tx") == .timelineOutOfOrder(1))
        #expect(failure("1\t0/2\tx\n2\t0/1\tx") == .switchPointOutOfOrder(2))
    }
}
