import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct ValueTypeTests {
    @Test func `a WAL position reads back what it printed`() {
        var random = SeededRandom()
        for _ in 0..<2_000 {
            let lsn = LSN(random.edgyNumber())
            #expect(LSN(lsn.description) == lsn, "seed \(random.seed)")
        }
    }

    @Test(arguments: [
        "", "/", "0/", "/0", "0", "0/0/0", "g/0", "0/123456789", " 0/0", "0/0 ", "+1/0", "0x1/0",
    ])
    func `refuses what is no WAL position`(text: String) {
        #expect(LSN(text) == nil)
    }

    @Test func `a segment name reads back what it printed, at every segment size`() throws {
        var random = SeededRandom()
        for _ in 0..<2_000 {
            let size = try #require(WALSegmentSize(bytes: 1 << UInt64.random(in: 20...30, using: &random)))
            let name = SegmentName(
                timeline: TimelineID(UInt32(truncatingIfNeeded: random.edgyNumber() | 1)),
                containing: LSN(random.edgyNumber()), size: size)
            #expect(SegmentName(fileName: name.fileName, size: size) == name, "seed \(random.seed)")
        }
    }

    @Test func `names segments as PostgreSQL does`() throws {
        let name = SegmentName(timeline: TimelineID(1), containing: LSN(0x1_0000_0000), size: .standard)
        #expect(name.fileName == "000000010000000100000000")
        let before = SegmentName(timeline: TimelineID(1), containing: LSN(0xFFFF_FFFF), size: .standard)
        #expect(before.fileName == "0000000100000000000000FF")
        #expect(before.next == name)
        #expect(SegmentName(fileName: "000000010000000000000100", size: .standard) == nil)
        #expect(SegmentName(fileName: "00000001000000000000000a", size: .standard) == nil)
        #expect(SegmentName(fileName: "000000000000000000000001", size: .standard) == nil)
    }

    @Test func `the last segment ends at the largest position, which no server reaches`() {
        let name = SegmentName(timeline: TimelineID(1), containing: .max, size: .standard)
        #expect(name.start == LSN(UInt64.max - 0xFF_FFFF))
        #expect(name.end == .max)
        #expect(!LSN.max.isPlausible)
        #expect(!LSN(1 << 63).isPlausible)
        #expect(LSN((1 << 63) - 1).isPlausible)
    }

    @Test func `prints even the instants that only damaged bytes name`() {
        #expect(PostgresTimestamp(microseconds: .max).unixMicroseconds == .max)
        #expect(PostgresTimestamp(unixMicroseconds: .min).microseconds == .min)
        #expect(PostgresTimestamp(microseconds: .max).description.hasPrefix("294247-"))
        #expect(PostgresTimestamp(microseconds: .min).description.hasSuffix("Z"))
    }

    @Test func `seconds of any origin become an instant that a text can name`() throws {
        #expect(PostgresTimestamp(unixSeconds: 0).unixMicroseconds == 0)
        #expect(PostgresTimestamp(unixSeconds: 946_684_801).microseconds == 1_000_000)
        #expect(PostgresTimestamp(unixSeconds: .max).wholeSeconds == "9999-12-31T23:59:59Z")
        #expect(PostgresTimestamp(unixSeconds: .min).wholeSeconds == "0001-01-01T00:00:00Z")
        for seconds in [Int64.min, -1, 253_402_300_800, .max] {
            let instant = PostgresTimestamp(unixSeconds: seconds)
            let read = try TimestampParser.parse(instant.wholeSeconds).get().instant
            #expect(read == instant)
        }
    }

    @Test func `an instant reads back what it printed, in each of its forms`() throws {
        var random = SeededRandom()
        let years: ClosedRange<Int64> = -63_082_281_600...252_455_615_999  // from year 1 to 9999
        for _ in 0..<2_000 {
            let micros =
                Int64.random(in: years, using: &random) * 1_000_000
                + Int64.random(in: 0...999_999, using: &random)
            let time = PostgresTimestamp(microseconds: micros)
            #expect(try TimestampParser.parse(time.description).get().instant == time, "seed \(random.seed)")
            #expect(try TimestampParser.parse(time.sqlText).get().instant == time, "seed \(random.seed)")
            #expect(time.components.timestamp == time, "seed \(random.seed)")
        }
    }

    @Test func `a record's end steps over page headers`() {
        let size = WALCraft.smallSegment
        #expect(LSN(0x30_0028).endOfRecord(length: 30, segmentSize: size) == LSN(0x30_0048))
        #expect(LSN(0x30_1FE8).endOfRecord(length: 24, segmentSize: size) == LSN(0x30_2000))
        #expect(LSN(0x30_1FE8).endOfRecord(length: 25, segmentSize: size) == LSN(0x30_2020))
        #expect(LSN(0x3F_FFE8).endOfRecord(length: 25, segmentSize: size) == LSN(0x40_0030))
    }
}
