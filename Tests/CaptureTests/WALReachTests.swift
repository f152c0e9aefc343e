import Planning
import PostgresFormat
import Repository
import Testing

@testable import Capture

/// How far WAL reaches, told from the summaries of its segments.
struct WALReachTests {
    private static let size = WALSegmentSize.standard
    private static let root = TimelineID(1)
    private static let start = LSN(2 << 24)
    private static let stop = LSN(2 << 24 | 4096)

    private static func segment(
        _ number: UInt64, on timeline: TimelineID = root, _ change: (inout SegmentSummary) -> Void = { _ in }
    ) -> FoundSegment {
        let name = SegmentName(timeline: timeline, number: number, size: size)
        var summary = SegmentSummary(segment: name, rawBytes: size.bytes, rawCRC32C: 0)
        change(&summary)
        return FoundSegment(
            name: .segment(name), path: nil, place: name.fileName, summary: summary, isPacked: false)
    }

    private static func reach(
        _ files: [FoundSegment], to stop: LSN = stop, histories: [TimelineID: String] = [:]
    ) -> WALReach {
        let timelines = FoundTimelines(from: root, to: stop, files, histories: histories)
        return WALReach(from: start, to: stop, along: timelines, size, files: files)
    }

    private static func fragment(_ start: LSN, length: UInt32, available: UInt32) -> WALFragment {
        WALFragment(start: start, length: length, available: available, bytes: [])
    }

    @Test func `a segment of the old timeline does not stand for what the new one wrote behind the switch`() {
        let switched = LSN(3 << 24 | 0x8000)
        let next = TimelineID(2)
        let found = Self.reach(
            [Self.segment(2), Self.segment(3), Self.segment(4, on: next)],
            histories: [next: "1\t\(switched)\tno recovery target specified\n"])
        #expect(found.timeline == next)
        #expect(found.end == switched)
        let lost = SegmentName(timeline: next, number: 3, size: Self.size)
        #expect(found.gaps == [WALReach.Gap(first: lost, last: lost)])
        let whole = Self.reach(
            [Self.segment(2), Self.segment(3), Self.segment(3, on: next), Self.segment(4, on: next)],
            histories: [next: "1\t\(switched)\tno recovery target specified\n"])
        #expect(whole.gaps.isEmpty)
        #expect(whole.end == LSN(5 << 24))
    }

    /// Up to the middle of segment 3 the old timeline, then the new one, whose first segment has a copy of
    /// what is before.
    private static let switchedFiles: [FoundSegment] = {
        let next = TimelineID(2)
        return [
            segment(2) { $0.pageTimeline = root }, segment(3) { $0.pageTimeline = root },
            segment(4) { $0.pageTimeline = root }, segment(3, on: next) { $0.pageTimeline = root },
            segment(4, on: next) { $0.pageTimeline = next }, segment(5, on: next) { $0.pageTimeline = next },
        ]
    }()

    @Test(arguments: [
        // A page of the new timeline before it begins; a whole segment of it; two.
        LSN(4 << 24 | 0x150), LSN(5 << 24), LSN(6 << 24 | 0x8000),
    ])
    func `a history that the WAL of its timeline contradicts leads nowhere`(_ switched: LSN) {
        let history = [TimelineID(2): "1\t\(switched)\tno recovery target specified\n"]
        let timelines = FoundTimelines(
            from: Self.root, to: Self.stop, Self.switchedFiles, histories: history)
        #expect(timelines.newest == Self.root && !timelines.hasWay(to: TimelineID(2)))
        #expect(timelines.histories.isEmpty && timelines.remarks.count == 1)
        #expect(Self.reach(Self.switchedFiles, histories: history).end == LSN(5 << 24))
    }

    @Test func `the first page of a timeline's first segment tells whether it begins before`() {
        let switched = LSN(4 << 24 | 0x150)
        let files = Self.switchedFiles.filter { $0.segment?.timeline == Self.root || $0.reach > switched }
        for (page, newest) in [(TimelineID(2), Self.root), (Self.root, TimelineID(2))] {
            let written = files.map { file in
                var file = file
                if file.segment?.number == 4 { file.summary.pageTimeline = page }
                return file
            }
            let timelines = FoundTimelines(
                from: Self.root, to: Self.stop, written,
                histories: [TimelineID(2): "1\t\(switched)\tno recovery target specified\n"])
            #expect(timelines.newest == newest, "\(page)")
        }
    }

    @Test(arguments: [LSN(3 << 24 | 0x150), LSN(3 << 24 | 0xFF_FFF8), LSN(4 << 24)])
    func `a history that the WAL of its timeline bears out is followed`(_ switched: LSN) {
        let history = [TimelineID(2): "1\t\(switched)\tno recovery target specified\n"]
        // At the end of a segment there is nothing to be copied.
        let files = Self.switchedFiles.filter {
            $0.segment?.timeline == Self.root || $0.segment.map { $0.end > switched } ?? false
        }
        let timelines = FoundTimelines(from: Self.root, to: Self.stop, files, histories: history)
        #expect(timelines.newest == TimelineID(2) && timelines.hasWay(to: TimelineID(2)))
        #expect(timelines.remarks.isEmpty)
        #expect(Self.reach(files, histories: history).end == LSN(6 << 24))
    }

    @Test func `WAL that no history leads to is passed over, and told`() {
        let lost = FoundTimelines(from: Self.root, to: Self.stop, Self.switchedFiles, histories: [:])
        #expect(lost.newest == Self.root && !lost.hasWay(to: TimelineID(2)))
        #expect(lost.remarks.count == 1 && lost.remarks[0].contains("no 00000002.history"))
        // One without ancestors never was on the backup's timeline.
        let empty = FoundTimelines(
            from: Self.root, to: Self.stop, Self.switchedFiles, histories: [TimelineID(2): ""])
        #expect(empty.newest == Self.root && !empty.hasWay(to: TimelineID(2)))
        #expect(empty.remarks.count == 1 && empty.remarks[0].contains("does not go on"))
        // A later one leads over it.
        let over = FoundTimelines(
            from: Self.root, to: Self.stop, Self.switchedFiles,
            histories: [TimelineID(3): "1\t\(LSN(3 << 24 | 0x150))\tx\n2\t\(LSN(6 << 24))\tx\n"])
        #expect(over.newest == TimelineID(3) && over.hasWay(to: TimelineID(2)) && over.remarks.isEmpty)
    }

    @Test func `a segment that does not have the rest of a record ends what is good before the record`() {
        let begun = LSN(3 << 24 | 0xFF_FF00)
        let found = Self.reach([
            Self.segment(2), Self.segment(3) { $0.tail = Self.fragment(begun, length: 500, available: 200) },
            Self.segment(4) { $0.head = Self.fragment(LSN(4 << 24), length: 250, available: 250) },
        ])
        #expect(found.end == begun)
        #expect(found.damaged.map(\.number) == [4])
        let fits = Self.reach([
            Self.segment(2), Self.segment(3) { $0.tail = Self.fragment(begun, length: 500, available: 200) },
            Self.segment(4) { $0.head = Self.fragment(LSN(4 << 24), length: 300, available: 300) },
        ])
        #expect(fits.end == LSN(5 << 24))
        #expect(fits.damaged.isEmpty)
    }

    @Test func `a segment with the end of a record and zeros is not whole unless the record was a switch`() {
        let position = LSN(3 << 24 | 200)
        let zeroed = Self.segment(3) {
            $0.outcome = .endsAt(position, .zeroedTail)
            $0.head = Self.fragment(LSN(3 << 24), length: 100, available: 100)
        }
        let last = Self.reach([Self.segment(2), zeroed])
        #expect(last.end == position)
        #expect(last.damaged.isEmpty)
        let middle = Self.reach([Self.segment(2), zeroed, Self.segment(4)])
        #expect(middle.end == position)
        #expect(middle.damaged.map(\.number) == [3])
    }

    @Test func `a copy that was taken too early is no other file of a segment that is whole`() throws {
        let early = Self.segment(3) {
            $0.outcome = .endsAt(LSN(3 << 24 | 200), .zeroedTail)
            $0.head = Self.fragment(LSN(3 << 24), length: 100, available: 100)
            $0.rawCRC32C = 1
        }
        var wal = FoundWAL()
        wal.segments = [early, Self.segment(3)]
        #expect(try wal.best().map(\.summary.isComplete) == [true])
        wal.segments = [Self.segment(3), Self.segment(3) { $0.rawCRC32C = 2 }]
        #expect(throws: (any Error).self) { try wal.best() }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a backup that claims to end far away is told with the first segments that are missing`() {
        let found = Self.reach([Self.segment(2)], to: LSN(1 << 62))
        #expect(found.missing.count == WALReach.mostMissing)
        #expect(found.missing.first?.number == 3)
    }
}
