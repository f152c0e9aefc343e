import Platform
import PostgresFormat
import Testing

@testable import ControlPlane

/// Pages of records: over forks, and past records that are larger than a page may read.
@Suite(.timeLimit(.minutes(5)))
struct RecordPagerTests {
    private struct Placed: PlacedRecord {
        var timeline: TimelineID
        var start: LSN
        var end: LSN
    }

    /// What each reading has read, and how long all of them took where each record takes a while.
    private final class Log {
        var bytes: [UInt64] = []
        var seconds = 0.0
        var secondsOfRecord = 0.0
        var secondsOfReading = 0.0
    }

    /// Records of ten bytes each, one after another, but for one of `large` bytes at 1000.
    private static func pager(
        _ stretches: [WALStretch], count: Int = 4, large: UInt64 = 10, log: Log = Log(),
        missing: TimelineID? = nil
    ) -> RecordPager<Placed> {
        var pager = RecordPager<Placed>(stretches: stretches, count: count) { timeline, range, visit in
            if timeline == missing { throw Problem(.walMissing, "segment 7 is not there") }
            var position: UInt64 = 0
            var read: UInt64 = 0
            log.seconds += log.secondsOfReading
            defer { log.bytes.append(read) }
            while LSN(position) < range.upperBound, position < 5000 {
                let end = position + (position == 1000 ? large : 10)
                if LSN(position) >= range.lowerBound {
                    read += end - position
                    log.seconds += log.secondsOfRecord
                    if !visit(Placed(timeline: timeline, start: LSN(position), end: LSN(end))) { return }
                }
                position = end
            }
        }
        pager.step = 100
        pager.limit = 800
        pager.elapsed = { log.seconds }
        return pager
    }

    private static let (one, two) = (TimelineID(1), TimelineID(2))

    private static func starts(_ page: RecordPager<Placed>.Page) -> [UInt64] {
        page.records.map(\.start.rawValue)
    }

    @Test func `a fork is crossed backwards and forwards, each record on the timeline that has it`() throws {
        let pager = Self.pager([
            .init(timeline: Self.one, from: LSN(40)), .init(timeline: Self.two, from: LSN(200)),
        ])
        let back = try pager.before(LSN(220))
        #expect(Self.starts(back) == [180, 190, 200, 210])
        #expect(back.records.map(\.timeline) == [Self.one, Self.one, Self.two, Self.two])
        #expect(back.earlier == LSN(180) && back.later == LSN(220) && back.notes.isEmpty)
        let on = try pager.from(LSN(180))
        #expect(Self.starts(on) == [180, 190, 200, 210] && on.earlier == LSN(180) && on.later == LSN(220))
        let around = try pager.around(LSN(210))
        #expect(Self.starts(around) == [190, 200, 210, 220])
        let start = try pager.before(LSN(60))
        #expect(Self.starts(start) == [40, 50] && start.earlier == nil)
    }

    @Test func `WAL of a parent that is missing is told beside what there is`() throws {
        let stretches = [
            WALStretch(timeline: Self.one, from: LSN(40)), WALStretch(timeline: Self.two, from: LSN(200)),
        ]
        let page = try Self.pager(stretches, missing: Self.one).before(LSN(220))
        #expect(Self.starts(page) == [200, 210])
        #expect(page.notes == ["Before 0/C8, on timeline 1: segment 7 is not there"])
        #expect(throws: Problem.self) { try Self.pager(stretches, missing: Self.two).before(LSN(220)) }
    }

    @Test func `a record larger than a page may read is said, and the way goes on in front of it`() throws {
        let log = Log()
        let pager = Self.pager([.init(timeline: Self.one, from: LSN(0))], large: 3000, log: log)
        let stuck = try pager.before(LSN(3900))
        #expect(stuck.records.isEmpty && stuck.earlier == LSN(3100))
        #expect(stuck.notes.count == 1 && log.bytes.reduce(0, +) <= 3 * 800)
        var position = LSN(3900)
        var pages = 0
        while let earlier = try pager.before(position).earlier, earlier > LSN(1000) {
            position = earlier
            pages += 1
        }
        #expect(pages < 6)
        let found = try pager.before(position)
        #expect(found.records.last?.start == LSN(1000), "\(found)")
        let on = try pager.from(LSN(990))
        #expect(Self.starts(on) == [990, 1000] && on.later == LSN(4000) && on.notes.count == 1)
    }

    @Test func `a page that takes too long ends with what it has, and the next one goes on from there`()
        throws
    {
        let log = Log()
        log.secondsOfRecord = 0.75
        let pager = Self.pager([.init(timeline: Self.one, from: LSN(0))], count: 8, log: log)
        let on = try pager.from(LSN(100))
        #expect(Self.starts(on) == [100, 110, 120] && on.later == LSN(130), "\(on)")
        #expect(on.notes.count == 1 && on.notes[0].contains("too long"))
        log.seconds = 0
        #expect(try Self.starts(pager.from(LSN(130))) == [130, 140, 150])
        // However slow, a page has a record.
        log.secondsOfRecord = 60
        log.seconds = 0
        let slow = try pager.from(LSN(160))
        #expect(Self.starts(slow) == [160] && slow.later == LSN(170))
        log.seconds = 0
        let around = try pager.around(LSN(500))
        #expect(Self.starts(around) == [460, 470, 480, 490, 500] && around.later == LSN(510), "\(around)")
        #expect(around.earlier == LSN(460) && around.notes.count == 1)
    }

    @Test func `the way back is not looked through for longer than a page can wait, and misses nothing`()
        throws
    {
        let log = Log()
        let stretches = [
            WALStretch(timeline: Self.one, from: LSN(40)), WALStretch(timeline: Self.two, from: LSN(200)),
        ]
        let pager = Self.pager(stretches, count: 8, log: log)
        log.secondsOfReading = 3
        let page = try pager.before(LSN(220))
        #expect(Self.starts(page) == [200, 210] && page.earlier == LSN(200), "\(page)")
        #expect(page.notes.count == 1 && page.notes[0].contains("too long"))
        log.seconds = 0
        let next = try pager.before(LSN(200))
        #expect(Self.starts(next) == [120, 130, 140, 150, 160, 170, 180, 190])
        log.seconds = 0
        let around = try pager.around(LSN(210))
        #expect(Self.starts(around) == [200, 210] && around.earlier == LSN(200), "\(around)")
    }

    @Test func `a way back over a large record stops where the next step would take too long`() throws {
        let log = Log()
        let pager = Self.pager([.init(timeline: Self.one, from: LSN(0))], large: 3000, log: log)
        log.secondsOfReading = 0.5
        let stuck = try pager.before(LSN(3900))
        #expect(stuck.records.isEmpty && stuck.earlier == LSN(3800) && log.bytes.count == 1, "\(stuck)")
        var position = LSN(3900)
        var pages = 0
        while true {
            log.seconds = 0
            let page = try pager.before(position)
            pages += 1
            guard page.records.isEmpty else {
                #expect(page.records.last?.start == LSN(1000) && pages == 29, "\(page), \(pages)")
                return
            }
            position = try #require(page.earlier)
        }
    }

    @Test func `a timeline's WAL begins with the segment that holds the fork`() {
        let size = WALSegmentSize.standard
        let history = TimelineHistory(root: Self.one)
        #expect(WALStretch.all(from: LSN(5), history, size) == [.init(timeline: Self.one, from: LSN(5))])
    }
}
