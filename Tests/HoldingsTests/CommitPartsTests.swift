import PostgresFormat
import Repository
import TestKit
import Testing
import WALEvents

@testable import Holdings

/// Commits counted closer than by minutes, out of the indexes of archived WAL.
@Suite(.timeLimit(.minutes(5)))
struct CommitPartsTests {
    private static let first = SegmentName(timeline: TimelineID(1), number: 3)

    private static func time(_ seconds: Double) -> PostgresTimestamp {
        PostgresTimestamp(microseconds: Int64((seconds * 1_000_000).rounded()))
    }

    /// Commits around 100 s to 110 s in two of three segments; an abort and another minute's besides.
    private static func source() throws -> CraftedSource {
        var craft = WALCraft(first)
        var xid: UInt32 = 700
        func commit(_ seconds: Double) {
            craft.heap(xid, data: [1, 2, 3])
            craft.commit(xid, at: time(seconds))
            xid += 1
        }
        for seconds in [99.999_999, 100, 100.2] { commit(seconds) }
        craft.abort(xid, at: time(103))
        craft.switchSegment()
        for seconds in [104.9, 109.999_999, 110, 110.000_001] { commit(seconds) }
        craft.switchSegment()
        commit(300)
        craft.switchSegment()
        return try CraftedSource(craft, from: first)
    }

    /// - Parameter minimumRows: from 100 on the indexes are read without what tells of each commit.
    private static func read(_ source: CraftedSource, minimumRows: Int64, bytes: UInt64? = nil) throws
        -> EventReader
    {
        var reader = source.reader(minimumRows: minimumRows)
        reader.commitParts = CommitParts(from: time(100), to: time(110), count: 10)
        if let bytes { reader.partBytes = bytes }
        try reader.read(path: source.segments.map(\.name), from: nil, to: nil) { _ in }
        return reader
    }

    @Test(arguments: [1, 100] as [Int64])
    func `each commit is counted where it falls, however the indexes are read`(minimumRows: Int64) throws {
        let reader = try Self.read(Self.source(), minimumRows: minimumRows)
        #expect(reader.commitParts?.counts == [2, 0, 0, 0, 1, 0, 0, 0, 0, 2])
        #expect(reader.commits == [1: 7, 5: 1], "by minutes as before")
    }

    @Test func `where it would take long there are minutes alone, and never a part of the commits`() throws {
        let source = try Self.source()
        for bytes in [0, 64] as [UInt64] {
            let reader = try Self.read(source, minimumRows: 100, bytes: bytes)
            #expect(reader.commitParts == nil && reader.commits == [1: 7, 5: 1])
        }
        // The third segment has nothing of these ten seconds, and is not read for them.
        #expect(try Self.read(source, minimumRows: 100, bytes: 2 << 16).commitParts != nil)
        #expect(try Self.read(source, minimumRows: 1, bytes: 0).commitParts != nil, "read in any case")
    }

    @Test(arguments: [(-1, false), (0, false), (1, true), (2, true), (3, false)] as [(Int64, Bool)])
    func `a minute is looked at that may have a commit inside`(minute: Int64, meets: Bool) {
        let parts = CommitParts(from: Self.time(60), to: Self.time(120), count: 7)
        #expect(parts.meets(minute: minute) == meets)
    }

    @Test(arguments: [20, 121, 999_983] as [Int64])
    func `parts have all the commits of their stretch, and their ends`(length: Int64) {
        let from = PostgresTimestamp(microseconds: 1_234_567)
        var parts = CommitParts(from: from, to: from.advanced(byMicroseconds: length), count: 7)
        for step in -2...(length + 2) where length < 1000 || step % 997 == 0 || step == length {
            parts.add(from.advanced(byMicroseconds: step))
        }
        let inside = (0...length).count { length < 1000 || $0 % 997 == 0 || $0 == length }
        #expect(parts.counts.reduce(0, +) == inside)
        #expect(parts.counts.allSatisfy { $0 >= inside / 7 - 1 && $0 <= inside / 7 + 2 }, "\(parts.counts)")
    }
}
