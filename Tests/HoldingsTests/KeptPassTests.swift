import Platform
import PostgresFormat
import TestKit
import Testing
import WALEvents

@testable import Holdings

/// A timeline that goes on from where one before it stood tells what one from the beginning tells.
@Suite(.timeLimit(.minutes(2)))
struct KeptPassTests {
    private let first = SegmentName(timeline: TimelineID(1), number: 3)

    /// Two transactions have rows in archived segments and end behind them.
    private func source() throws -> CraftedSource {
        var craft = WALCraft(first)
        for _ in 0..<150 { craft.heap(700, data: [1, 2, 3]) }
        craft.switchSegment()
        for _ in 0..<200 { craft.heap(701, data: [1, 2, 3]) }
        craft.commit(701, at: PostgresTimestamp(microseconds: 5))
        for _ in 0..<120 { craft.heap(702, data: [1, 2, 3]) }
        craft.restorePoint("here", at: PostgresTimestamp(microseconds: 6))
        craft.switchSegment()
        for _ in 0..<10 { craft.heap(700, data: [1, 2, 3]) }
        craft.commit(700, at: PostgresTimestamp(microseconds: 7))
        craft.abort(702, at: PostgresTimestamp(microseconds: 8))
        craft.switchSegment()
        return try CraftedSource(craft, from: first, unarchived: 1)
    }

    private struct Told: Equatable {
        var events: [String] = []
        var commits: [Int64: Int] = [:]
        var segments = 0
        var segmentsRead = 0
        var notes: [String] = []
    }

    private func told(
        _ source: CraftedSource, least: Int64 = 100, _ keeper: PassKeeper = PassKeeper()
    ) throws -> Told {
        var reader = source.reader(minimumRows: least)
        reader.keeper = keeper
        var told = Told()
        let path = (0..<3).map { SegmentName(timeline: first.timeline, number: first.number + $0) }
        try reader.read(path: path, from: nil, to: nil) { events in
            told.events += events.map { "\($0.xid) \($0)" }
        }
        (told.commits, told.segments) = (reader.commits, reader.segments)
        (told.segmentsRead, told.notes) = (reader.segmentsRead, reader.notes)
        return told
    }

    @Test func `what was archived is gone through once, and what follows is told as if it were again`() throws
    {
        let source = try source()
        let plain = try told(source)
        #expect(plain.events.count == 3 && plain.segmentsRead == 1, "\(plain)")
        #expect(plain.events.last == "700 INSERT 16384 in database 5, 160 rows")
        let keeper = PassKeeper(source.listing) { true }
        #expect(try told(source, keeper) == plain)
        try source.removeArchived()
        #expect(try told(source, keeper) == plain)
        #expect(try told(source, keeper) == plain, "each goes on from a state of its own")
        #expect(throws: Problem.self, "of other rows than those it was made for") {
            try told(source, least: 99, keeper)
        }
    }

    @Test func `where a base backup could not be read wholly nothing is kept`() throws {
        let source = try source()
        let keeper = PassKeeper(source.listing) { false }
        let plain = try told(source)
        #expect(try told(source, keeper) == plain)
        try source.removeArchived()
        #expect(throws: Problem.self) { try told(source, keeper) }
    }
}
