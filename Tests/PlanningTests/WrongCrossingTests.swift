import PostgresFormat
import TestKit
import Testing
import TestValues

@testable import Planning

/// Records that cross segments are tried by the summaries alone.
struct WrongCrossingTests {
    @Test(.timeLimit(.minutes(5)))
    func `finds a changed byte in any record that crosses segments, and nothing else`() throws {
        var random = SeededRandom()
        var crossed = 0
        let filler = random.bytes(7000)
        for _ in 0..<40 {
            var craft = WALCraft.small()
            let size = Int(WALCraft.smallSegment.bytes)
            // As near to the segment's end as it comes: also a header may be cut in two.
            let room = Int.random(in: 8...200, using: &random) & ~7
            while size - craft.bytes.count > 17_000 { craft.append(10, info: 0, body: filler) }
            while size - craft.bytes.count > room + 64 {
                craft.append(10, info: 0, body: [1, 2, 3, 4, 5, 6, 7, 8])
            }
            let length = [30, 300, 20_000, 1_200_000].randomElement(using: &random) ?? 30
            let count = length + Int.random(in: 0..<64, using: &random)
            let record = craft.append(10, info: 0, body: [UInt8](repeating: 7, count: count))
            craft.append(10, info: 0, body: random.bytes(100))
            let segments = craft.segments
            #expect(wrongCrossings(try Self.summaries(segments)) == [], "seed \(random.seed)")

            let first = segments[0].name.start
            let begin = record.start.distance(from: first), end = record.end.distance(from: first)
            // Neither in the record's header nor in a page's, and not in the padding.
            var place = begin
            for _ in 0..<100 where place == begin || place % 8192 < 40 {
                place = UInt64.random(in: begin + 64...max(begin + 64, end - 9), using: &random)
            }
            guard place % 8192 >= 40, place < end - 8 else { continue }
            var damaged = segments
            damaged[Int(place) / size].bytes[Int(place) % size] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
            let crosses = begin / UInt64(size) != (end - 1) / UInt64(size)
            crossed += crosses ? 1 : 0
            #expect(
                wrongCrossings(try Self.summaries(damaged)) == (crosses ? [record.start] : []),
                "seed \(random.seed): \(begin) to \(end), changed at \(place)")
        }
        #expect(crossed > 5)
    }

    /// As they are stored: through bytes and back.
    private static func summaries(_ segments: [(name: SegmentName, bytes: [UInt8])]) throws
        -> [InventorySegment]
    {
        try segments.map { name, bytes in
            var summarizer = SegmentSummarizer(name: name)
            bytes.withUnsafeBytes { summarizer.feed($0) }
            return InventorySegment(
                name: name, summary: try SegmentSummary(decoding: summarizer.finish().encode()))
        }
    }
}
