import Planning
import PostgresFormat
import TestKit
import Testing

/// Which segments and backups belong to a timeline.
struct TimelinePathTests {
    private static let size = WALCraft.smallSegment

    private static func history(_ timeline: UInt32, _ entries: (UInt32, UInt64)...) throws -> TimelineHistory
    {
        let text = entries.map { "\($0.0)\t\(LSN($0.1))\tpromoted\n" }.joined()
        return try TimelineHistory(parsing: text, of: TimelineID(timeline))
    }

    private static func segment(_ timeline: Int, _ number: Int) -> SegmentName {
        SegmentName(timeline: TimelineID(UInt32(timeline)), number: UInt64(number), size: size)
    }

    /// Half a segment behind the beginning of number `number`.
    private static func middle(_ number: UInt64) -> UInt64 { number * size.bytes + size.bytes / 2 }

    /// 1 goes on; 2 left it in segment 5, 3 left 2 in segment 7, 4 left 1 in segment 3.
    private static func family() throws -> [TimelineID: TimelineHistory] {
        [
            TimelineID(2): try history(2, (1, middle(5))),
            TimelineID(3): try history(3, (1, middle(5)), (2, middle(7))),
            TimelineID(4): try history(4, (1, middle(3))),
        ]
    }

    private static func path(_ timeline: UInt32) throws -> TimelinePath {
        TimelinePath(
            try family()[TimelineID(timeline)] ?? TimelineHistory(root: TimelineID(timeline)))
    }

    private static func chosen(_ timeline: UInt32, _ held: [SegmentName]) throws -> [PathSegment] {
        try path(timeline).choose(from: held, histories: family())
    }

    @Test func `takes each segment from the newest timeline of the path that has it`() throws {
        let held = [(1, 3), (1, 4), (1, 5), (1, 6), (2, 5), (2, 6), (2, 7), (3, 7), (3, 8), (4, 3)].map {
            Self.segment($0.0, $0.1)
        }
        let three = try Self.chosen(3, held)
        #expect(
            three.map(\.name)
                == [(1, 3), (1, 4), (2, 5), (2, 6), (3, 7), (3, 8)].map { Self.segment($0.0, $0.1) })
        #expect(three.allSatisfy { $0.limit == nil && $0.file == $0.name })
        let one = try Self.chosen(1, held)
        #expect(one.map(\.name) == [(1, 3), (1, 4), (1, 5), (1, 6)].map { Self.segment($0.0, $0.1) })
        #expect(one.allSatisfy { $0.limit == nil })
    }

    @Test func `takes from a later timeline's segment what came before it branched off`() throws {
        let held = [(1, 3), (1, 4), (2, 5), (2, 6)].map { Self.segment($0.0, $0.1) }
        let one = try Self.chosen(1, held)
        #expect(one.map(\.name) == [(1, 3), (1, 4), (1, 5)].map { Self.segment($0.0, $0.1) })
        #expect(one.last?.file == Self.segment(2, 5))
        #expect(one.last?.limit == LSN(Self.middle(5)))
        // 4 left 1 earlier: nothing behind that is its own.
        #expect(try Self.chosen(4, held).map(\.name) == [Self.segment(1, 3)])
        #expect(try Self.chosen(4, held).last?.limit == LSN(Self.middle(3)))
    }

    @Test func `takes of an older timeline's segment only what lies before the branch`() throws {
        let held = [(1, 4), (1, 5), (1, 6)].map { Self.segment($0.0, $0.1) }
        let two = try Self.chosen(2, held)
        #expect(two.map(\.name) == [(1, 4), (1, 5)].map { Self.segment($0.0, $0.1) })
        #expect(two.last?.limit == LSN(Self.middle(5)))
    }

    @Test func `takes nothing of a timeline whose history is unknown`() throws {
        #expect(try Self.chosen(1, [Self.segment(9, 4)]).isEmpty)
        let path = TimelinePath(TimelineHistory(root: TimelineID(9)))
        #expect(
            path.choose(from: [Self.segment(1, 4), Self.segment(9, 5)], histories: try Self.family())
                .map(\.name) == [Self.segment(9, 5)])
    }

    @Test func `tells a backup that the path left too early from one that it never was on`() throws {
        let two = try Self.path(2)
        #expect(two.use(ofBackupOn: TimelineID(1), endingAt: LSN(Self.middle(5))) == .usable)
        #expect(
            two.use(ofBackupOn: TimelineID(1), endingAt: LSN(Self.middle(5) + 8))
                == .forkedTooEarly(LSN(Self.middle(5))))
        #expect(two.use(ofBackupOn: TimelineID(4), endingAt: LSN(Self.middle(3))) == .notInHistory)
        let choice = TimelineChoice(path: two, reason: .asked)
        #expect(
            choice.objection(toBackupOn: TimelineID(1), endingAt: LSN(0x60_0000))
                == "timeline 2 left timeline 1 at 0/580000, before this backup ended at 0/600000")
        #expect(
            choice.objection(toBackupOn: TimelineID(4), endingAt: LSN(0x60_0000))
                == "it is on timeline 4, which is not in the history of timeline 2")
        #expect(choice.objection(toBackupOn: TimelineID(2), endingAt: LSN(0x60_0000)) == nil)
    }

    @Test func `knows on which timeline replay is at a position, and the way there`() throws {
        let three = try Self.path(3)
        #expect(three.timeline(endingAt: LSN(Self.middle(5))) == TimelineID(1))
        #expect(three.timeline(endingAt: LSN(Self.middle(5) + 1)) == TimelineID(2))
        #expect(three.timeline(endingAt: LSN(Self.middle(8))) == TimelineID(3))
        #expect(three.stretches(upTo: LSN(Self.middle(6))).map(\.timeline.rawValue) == [1, 2])
        #expect(three.segment(5, Self.size) == Self.segment(2, 5))
        #expect(three.segment(4, Self.size) == Self.segment(1, 4))
        #expect(three.shared(with: try Self.path(2).history) == LSN(Self.middle(7)))
        #expect(three.shared(with: try Self.path(4).history) == LSN(Self.middle(3)))
    }
}
