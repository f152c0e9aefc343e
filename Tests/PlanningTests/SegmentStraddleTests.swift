import Planning
import PostgresFormat
import TestKit
import Testing

@Suite struct SegmentStraddleTests {
    private let noon = PostgresTimestamp(microseconds: 812_345_678_901_234)

    private func summaries(_ craft: WALCraft) -> [SegmentSummary] {
        craft.segments.map { $0.bytes.summary($0.name) }
    }

    @Test(arguments: [8, 16, 24, 32])
    func `a commit that crosses into the next segment is known from both summaries`(room: Int) throws {
        var craft = WALCraft.small()
        craft.fill(leaving: room, ofSegment: true)
        let commit = craft.commit(77, at: noon)
        let parts = summaries(craft)
        let crossing = try #require(join(tail: parts[0], head: parts[1]))
        #expect(crossing.start == commit.start)
        #expect(crossing.end == commit.end)
        #expect(crossing.resourceManager == .transaction)
        #expect(crossing.xid == TransactionID(77))
        #expect(crossing.totalLength == commit.totalLength)
        #expect(crossing.checksum == .correct)
        #expect(
            crossing.transactionEnd
                == TransactionEnd(
                    kind: .commit, xid: TransactionID(77), time: noon, start: commit.start, end: commit.end))
    }

    @Test(arguments: [8, 40, 96, 104, 400])
    func `so is a long one, of which the summaries hold the beginning`(room: Int) throws {
        var craft = WALCraft.small()
        craft.fill(leaving: room, ofSegment: true)
        let commit = craft.commit(77, at: noon, extra: 3_000)
        let parts = summaries(craft)
        let crossing = try #require(join(tail: parts[0], head: parts[1]))
        #expect(crossing.end == commit.end)
        #expect(crossing.checksum == .correct)
        #expect(crossing.transactionEnd?.time == noon)
        var older = parts
        older[1].headChecksum = nil
        #expect(join(tail: older[0], head: older[1])?.checksum == .untried)
    }

    @Test func `a prepared transaction's number is left out where it lies too far in`() throws {
        var craft = WALCraft.small()
        craft.fill(leaving: 32, ofSegment: true)
        craft.endPrepared(90, commit: true, at: noon, with: TransactionParts(invalidations: 100))
        var parts = summaries(craft)
        let far = try #require(join(tail: parts[0], head: parts[1])?.transactionEnd)
        #expect(far.kind == .commitPrepared)
        #expect(far.time == noon)
        #expect(far.xid == .none)
        craft = WALCraft.small()
        craft.fill(leaving: 32, ofSegment: true)
        craft.endPrepared(90, commit: false, at: noon)
        parts = summaries(craft)
        #expect(join(tail: parts[0], head: parts[1])?.transactionEnd?.xid == TransactionID(90))
    }

    @Test func `a record over three segments is known from the first two`() throws {
        var craft = WALCraft.small()
        craft.fill(leaving: 200, ofSegment: true)
        let long = craft.record(.logicalMessage, info: 0, mainData: [UInt8](repeating: 1, count: 1_500_000))
        let next = craft.commit(5, at: noon)
        let parts = summaries(craft)
        #expect(parts.count == 3)
        #expect(parts[1].isComplete)
        #expect(parts[1].firstRecord == nil)
        #expect(parts[2].firstRecord == next.start)
        let crossing = try #require(join(tail: parts[0], head: parts[1]))
        #expect(crossing.end == long.end)
        #expect(crossing.hazards == .logicalMessage)
        #expect(join(tail: parts[1], head: parts[2]) == nil)
    }

    @Test func `nothing crosses where the first segment ends with a record or a switch`() {
        var full = WALCraft.small()
        full.fill(leaving: 0, ofSegment: true)
        full.commit(5, at: noon)
        var parts = summaries(full)
        #expect(join(tail: parts[0], head: parts[1]) == nil)
        var switched = WALCraft.small()
        switched.switchSegment()
        switched.commit(5, at: noon)
        parts = summaries(switched)
        #expect(join(tail: parts[0], head: parts[1]) == nil)
    }

    @Test func `segments that do not follow each other are not joined`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 32, ofSegment: true)
        craft.commit(5, at: noon)
        craft.fill(leaving: 32, ofSegment: true)
        craft.commit(6, at: noon, extra: 1)
        let parts = summaries(craft)
        #expect(join(tail: parts[0], head: parts[2]) == nil)
        #expect(join(tail: parts[1], head: parts[0]) == nil)
        var other = parts[1]
        other.systemIdentifier = 1
        #expect(join(tail: parts[0], head: other) == nil)
        var longer = parts[1]
        longer.head = parts[2].head
        #expect(join(tail: parts[0], head: longer) == nil)
    }

    @Test func `a changed byte in a short crossing record is told`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 32, ofSegment: true)
        craft.commit(5, at: noon)
        var bytes = craft.segments.map(\.bytes)
        bytes[1][41] ^= 1
        let crossing = join(tail: bytes[0].summary(craft.first), head: bytes[1].summary(craft.first.next))
        #expect(crossing?.checksum == .wrong)
    }
}
