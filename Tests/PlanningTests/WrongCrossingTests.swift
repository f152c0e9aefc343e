import PostgresFormat
import TestKit
import Testing

@testable import Planning

/// Records that cross segments are tried by the summaries alone.
struct WrongCrossingTests {
    @Test(.timeLimit(.minutes(1)))
    func `finds a changed byte in any record that crosses segments, and nothing else`() throws {
        var random = SeededRandom()
        var crossed = 0
        for _ in 0..<120 {
            var craft = WALCraft.small()
            let size = Int(WALCraft.smallSegment.bytes)
            // As near to the segment's end as it comes: also a header may be cut in two.
            let room = Int.random(in: 8...200, using: &random) & ~7
            while size - craft.bytes.count > 9000 { craft.append(10, info: 0, body: random.bytes(3000)) }
            while size - craft.bytes.count > room + 64 { craft.append(10, info: 0, body: random.bytes(8)) }
            let length = [30, 300, 20_000, 1_200_000].randomElement(using: &random) ?? 30
            let record = craft.append(
                10, info: 0, body: random.bytes(length + Int.random(in: 0..<64, using: &random)))
            craft.append(10, info: 0, body: random.bytes(100))
            let segments = craft.segments
            #expect(wrongCrossings(try Self.summaries(segments)) == [], "seed \(random.seed)")

            let first = segments[0].name.start
            let begin = record.start.distance(from: first), end = record.end.distance(from: first)
            let data = (begin + 64..<max(begin + 65, end - 8)).filter { $0 % 8192 >= 40 && $0 < end - 8 }
            guard let place = data.randomElement(using: &random) else { continue }
            var damaged = segments
            damaged[Int(place) / size].bytes[Int(place) % size] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
            let crosses = begin / UInt64(size) != (end - 1) / UInt64(size)
            crossed += crosses ? 1 : 0
            #expect(
                wrongCrossings(try Self.summaries(damaged)) == (crosses ? [record.start] : []),
                "seed \(random.seed): \(begin) to \(end), changed at \(place)")
        }
        #expect(crossed > 20)
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
