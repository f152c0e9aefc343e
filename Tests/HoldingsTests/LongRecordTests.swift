import PostgresFormat
import Repository
import TestKit
import Testing
import WALEvents

@testable import Holdings

/// Indexes put records together up to 64 MiB; what a longer one did is not made up.
struct LongRecordTests {
    @Test(arguments: [(3_000_000, false), (6_000_000, true)])
    func `a commit too long for the indexes becomes a note, and what follows it is told`(
        _ messages: Int, _ isTooLong: Bool
    ) throws {
        let first = SegmentName(timeline: TimelineID(1), number: 3)
        var craft = WALCraft(first)
        for _ in 0..<150 { craft.heap(700, data: [1, 2, 3]) }
        // Of 46 and of 92 MiB, through segments of 16.
        let long = craft.commit(700, at: PostgresTimestamp(microseconds: 5), extra: messages)
        for _ in 0..<120 { craft.heap(701, data: [1, 2, 3]) }
        craft.commit(701, at: PostgresTimestamp(microseconds: 6))
        craft.switchSegment()

        let source = try CraftedSource(craft, from: first)
        let held = source.segments
        var reader = source.reader(minimumRows: 100)
        var told: [String] = []
        try reader.read(path: held.map(\.name), from: nil, to: nil) { events in
            told += events.map(\.description)
        }

        let last = try #require(held.last?.name)
        #expect(last.start < long.end && long.end <= last.end && held.count == (isTooLong ? 6 : 3))
        if isTooLong {
            #expect(told == ["INSERT 16384 in database 5, 120 rows"])
            #expect(
                reader.notes == [
                    "A record that ends in \(last) is too long for its index: a transaction may be missing."
                ])
        } else {
            #expect(told == ["INSERT 16384 in database 5, 150 rows", "INSERT 16384 in database 5, 120 rows"])
            #expect(reader.notes == [])
        }
        #expect(reader.segmentsRead == 0 && reader.segments == held.count)
    }
}
