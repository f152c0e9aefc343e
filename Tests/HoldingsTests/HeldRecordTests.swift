import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

@testable import Holdings

/// Records are read one behind the other, and where one is missing the reason is told.
@Suite(.timeLimit(.minutes(5)))
struct HeldRecordTests {
    private let first = SegmentName(timeline: TimelineID(1), number: 3)
    private let craft: WALCraft
    private let source: CraftedSource
    private var begin: LSN { first.start }
    private var end: LSN { craft.records.last?.start ?? .zero }

    /// Three segments; a record goes from each into the next one.
    init() throws {
        var craft = WALCraft(first)
        for _ in 0..<3 {
            for _ in 0..<5 { craft.heap(700, data: [1, 2, 3]) }
            craft.commit(700, at: PostgresTimestamp(microseconds: 5), extra: 700_000)
        }
        craft.heap(701, data: [1, 2, 3])
        craft.switchSegment()
        self.craft = craft
        source = try CraftedSource(craft, from: first)
    }

    private func failure(_ held: HeldSource, to end: LSN? = nil) -> Problem? {
        #expect(throws: Problem.self) { try held.records(from: begin, to: end ?? self.end) { _ in true } }
    }

    @Test func `all records are read where nothing is missing, and no word is said of it`() throws {
        #expect(source.segments.map(\.name.number) == [3, 4, 5])
        var read = 0
        let last = try source.held().records(from: begin, to: end) { _ in
            read += 1
            return true
        }
        #expect(read == craft.records.count - 1)
        #expect(last == end)
    }

    @Test(arguments: [3, 4, 5] as [UInt64])
    func `a segment that is not held is missing, at the end too, and no WAL is damaged`(
        _ number: UInt64
    ) throws {
        let problem = try #require(failure(source.held(without: [number])))
        #expect(problem.code == .walMissing)
        #expect(problem.message.contains(SegmentName(timeline: first.timeline, number: number).fileName))
    }

    @Test func `WAL that ends before is told with its end, which is no damage`() throws {
        let last = craft.records[craft.records.count - 2]
        let short = source.held(ending: (5, last.start))
        let problem = try #require(failure(short))
        #expect(problem.code == .walMissing)
        #expect(problem.message == "the available WAL ends at \(last.start), and is wanted up to \(end)")
    }

    @Test func `where damage is known it is named, and where it is not the place is`() throws {
        let place = craft.records[3].start
        let damage = DamagedSegment(name: first, reason: "of a test", position: place)
        let known = try #require(failure(source.held(ending: (3, place), damaged: [damage])))
        #expect(known.code == .walDamaged && known.detail == "of a test")
        #expect(known.message == "the WAL is damaged at \(place)")
        // Records follow behind it: the WAL did not end there.
        let unknown = try #require(failure(source.held(ending: (3, place))))
        #expect(unknown.code == .walDamaged)
        #expect(unknown.message.hasPrefix("the WAL cannot be read from \(place) to "))
    }
}
