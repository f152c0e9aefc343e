import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct WALDamageTests {
    private let noon = PostgresTimestamp(microseconds: 812_345_678_901_234)

    private func decoded(_ craft: WALCraft, _ change: (inout [UInt8]) -> Void) -> DecodedWAL {
        var pages = craft.pages
        change(&pages)
        return DecodedWAL(pages, from: craft.first.start, segmentSize: craft.first.size)
    }

    /// Three commits on the first page; the second one starts at byte 80 and is 34 bytes long.
    private var threeCommits: WALCraft {
        var craft = WALCraft.small()
        for xid: UInt32 in 5...7 { craft.commit(xid, at: noon) }
        return craft
    }

    @Test func `a changed byte never gives a record that was not written`() {
        var random = SeededRandom()
        let craft = WALCraft.random(&random)
        let written = Set(craft.records)
        let pages = craft.pages
        for _ in 0..<150 {
            var damaged = pages
            let place = Int.random(in: 0..<pages.count, using: &random)
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            let wal = DecodedWAL(damaged, from: craft.first.start, segmentSize: craft.first.size)
            #expect(wal.records.allSatisfy(written.contains), "seed \(random.seed), byte \(place)")
            #expect(
                wal.records == Array(craft.records.prefix(wal.records.count)),
                "seed \(random.seed), byte \(place)")
        }
    }

    @Test func `every changed byte of a record is noticed`() {
        let craft = threeCommits
        for place in 80..<114 {
            var segment = craft.segments[0].bytes
            segment[place] ^= 0x10
            let wal = DecodedWAL(segment, from: craft.first.start, segmentSize: craft.first.size)
            #expect(wal.records == Array(craft.records.prefix(1)), "byte \(place)")
            #expect(wal.end?.position == craft.records[1].start, "byte \(place)")
        }
    }

    @Test func `random bytes behind a good page header never do worse than end the WAL`() {
        var random = SeededRandom()
        for _ in 0..<300 {
            var pages = WALCraft.small().pages
            var craft = WALCraft.small()
            craft.commit(5, at: noon)
            pages = Array(craft.pages.prefix(80)) + random.bytes(8192 - 80)
            pages += random.bytes(8192)
            let wal = DecodedWAL(pages, from: craft.first.start, segmentSize: craft.first.size)
            #expect(wal.records == craft.records, "seed \(random.seed)")
        }
    }

    @Test func `a claimed length reserves no memory and ends where the pages contradict it`() {
        let craft = threeCommits
        let start = craft.records[1].start
        let huge = decoded(craft) { $0.replaceSubrange(80..<84, with: [0, 0, 0, 0x3F]) }
        #expect(huge.next == start)
        #expect(huge.records.count == 1)
        // Nothing contradicts it before the next page is there.
        #expect(decoded(craft) { $0[83] = 0x7F }.next == start)
        #expect(decoded(craft) { $0[80] = 23 }.end == .brokenRecord(start, .recordTooShort))
        #expect(decoded(craft) { $0[80] = 0 }.end == .brokenRecord(start, .recordTooShort))
        #expect(decoded(craft) { $0[97] = 22 }.end == .brokenRecord(start, .resourceManager))
        #expect(decoded(craft) { $0[88] = 1 }.end == .brokenRecord(start, .previousRecord))
        #expect(decoded(craft) { $0[110] ^= 1 }.end == .brokenRecord(start, .recordChecksum))
    }

    @Test func `a record longer than any is refused where a page goes on with it`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 24)
        let cut = craft.commit(5, at: noon, extra: 10)
        let place = Int(cut.start.distance(from: craft.first.start))
        let wal = decoded(craft) {
            $0.replaceSubrange(place..<place + 4, with: [24, 0, 0, 0x40])
            $0.replaceSubrange(8208..<8212, with: [0, 0, 0, 0x40])
        }
        #expect(wal.end == .brokenRecord(cut.start, .recordTooLong))
    }

    @Test func `tells what is wrong with a page header`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 0)
        craft.commit(5, at: noon)
        let start = LSN(craft.first.start.rawValue + 8192 + 24)
        func end(_ change: (inout [UInt8]) -> Void) -> WALEnd? { decoded(craft, change).end }
        #expect(end { $0[8192] = 0 } == .brokenPage(start, .pageMagic))
        #expect(end { $0[8194] = 0x10 } == .brokenPage(start, .pageFlags))
        #expect(end { $0[8194] = 0x02 } == .brokenPage(start, .pageFlags))
        #expect(end { $0[8194] = 0x01 } == .brokenPage(start, .continuation))
        #expect(end { $0[8196] = 0 } == .brokenPage(start, .pageTimeline))
        #expect(end { $0[8207] = 1 } == .brokenPage(start, .pageAddress))
        #expect(end { $0[8208] = 9 } == .brokenPage(start, .continuation))
        #expect(end { $0[2] = 0 }?.flaw == .pageFlags)
        #expect(end { $0[34] = 0x20 }?.flaw == .segmentSize)
        #expect(end { $0.removeLast() } == .brokenPage(start, .incompletePage))
    }

    @Test func `a segment of another cluster does not continue the WAL`() {
        var ours = WALCraft.small(number: 3)
        ours.switchSegment()
        var other = WALCraft(
            SegmentName(timeline: TimelineID(1), number: 4, size: WALCraft.smallSegment), systemIdentifier: 1)
        other.commit(5, at: noon)
        let wal = DecodedWAL(
            ours.pages + other.pages, from: ours.first.start, segmentSize: ours.first.size)
        #expect(wal.end?.flaw == .systemIdentifier)
        #expect(wal.records == ours.records)
    }

    @Test func `a page may belong to a later timeline, not to an earlier one`() {
        var rising = WALCraft.small()
        rising.fill(leaving: 0)
        rising.timeline = TimelineID(2)
        rising.commit(5, at: noon)
        #expect(rising.decoded().records == rising.records)
        var falling = WALCraft.small(timeline: 2)
        falling.fill(leaving: 0)
        falling.timeline = TimelineID(1)
        falling.commit(5, at: noon)
        #expect(falling.decoded().end?.flaw == .pageTimeline)
    }

    @Test func `a continuation of the wrong length ends the WAL at the record's start`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 24)
        let cut = craft.commit(5, at: noon, extra: 10)
        #expect(decoded(craft) { $0[8208] ^= 8 }.end == .brokenPage(cut.start, .continuation))
        #expect(decoded(craft) { $0[8194] = 0 }.end == .brokenPage(cut.start, .continuation))
        #expect(decoded(craft) { $0[8192 + 30] ^= 1 }.end == .brokenRecord(cut.start, .recordChecksum))
    }
}
