import PostgresFormat
import TestKit
import Testing

@testable import WALEvents

/// What is held of a record that crosses into a segment has a limit, whatever length the record claims.
struct CrossingRecordTests {
    private static let limit = 1 << 16
    private static let segment = SegmentName(timeline: TimelineID(1), number: 2)

    /// The pages with which a segment begins that a record of `length` more bytes crosses into.
    private static func pages(_ length: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = length
        while rest > 0 {
            let isFirst = bytes.isEmpty
            let address = segment.start.rawValue + UInt64(bytes.count)
            var page = little(UInt16(0xD110)) + little(UInt16(isFirst ? 3 : 1)) + little(UInt32(1))
            page += little(address) + little(UInt32(rest)) + little(UInt32(0))
            if isFirst { page += little(UInt64(7)) + little(UInt32(16 << 20)) + little(UInt32(8192)) }
            let count = min(rest, 8192 - page.count)
            page += [UInt8](repeating: UInt8(truncatingIfNeeded: bytes.count >> 13), count: count)
            rest -= count
            bytes += page + [UInt8](repeating: 0, count: 8192 - page.count)
        }
        return bytes
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private func collected(_ pages: [UInt8], pagesAtOnce: Int = .max) -> WALFragment? {
        var collector = HeadCollector(limit: Self.limit)
        var offset = 0
        while offset < pages.count {
            let end = pagesAtOnce < pages.count / 8192 ? offset + 8192 * pagesAtOnce : pages.count
            pages[offset..<min(end, pages.count)].withUnsafeBytes { collector.feed($0) }
            offset = end
        }
        return collector.fragment
    }

    private func fragment(_ length: Int, available: Int, from start: UInt64 = 100) -> WALFragment {
        WALFragment(
            start: LSN(start), length: UInt32(length), available: UInt32(available),
            bytes: [UInt8](repeating: 1, count: available))
    }

    // MARK: What a segment begins with

    @Test(arguments: [1, 100, 8152, 8153, 50_000, 1 << 16])
    func `a continuation up to the limit is gathered whole`(_ length: Int) throws {
        let found = try #require(collected(Self.pages(length)))
        #expect(found.start == Self.segment.start && found.length == UInt32(length))
        #expect(found.available == UInt32(length) && found.bytes.count == length)
        #expect(collected(Self.pages(length), pagesAtOnce: 3) == found)
    }

    @Test func `of a longer one no more is held than a page beyond the limit, and all is counted`() throws {
        let length = Self.limit + 50_000
        let found = try #require(collected(Self.pages(length)))
        #expect(found.available == UInt32(length))
        #expect(found.bytes.count >= Self.limit && found.bytes.count < Self.limit + 8192)
        let tail = fragment(length + 50, available: 50)
        #expect(
            SegmentFragments.join(tail: tail, head: found, version: .v15, segmentSize: .standard) == nil)
    }

    @Test func `pages that do not go on as the first one said end it`() throws {
        var pages = Self.pages(30_000)
        pages[8192 + 16] ^= 1
        let found = try #require(collected(pages))
        #expect(found.available == 8152 && found.bytes.count == 8152)
        #expect(collected([UInt8](repeating: 0, count: 8192)) == nil)
    }

    // MARK: Through a whole segment

    @Test func `a record that fills a segment goes on whole as long as it is small enough`() throws {
        let half = Self.limit / 2
        let tail = fragment(3 * half, available: half)
        var head = fragment(2 * half, available: half, from: 500)
        let whole = try #require(tail.extended(by: head, limit: Self.limit))
        #expect(whole.start == tail.start && whole.available == UInt32(2 * half))
        #expect(whole.bytes.count == 2 * half)
        // One byte more is one too many.
        let longer = fragment(3 * half + 1, available: half + 1)
        let cut = try #require(longer.extended(by: head, limit: Self.limit))
        #expect(cut.available == UInt32(2 * half + 1) && cut.bytes.count == half + 1)
        // And once it is not whole it does not become so again.
        head = fragment(half, available: half / 2, from: 900)
        let further = try #require(cut.extended(by: head, limit: Self.limit))
        #expect(further.available == UInt32(2 * half + 1 + half / 2) && further.bytes.count == half + 1)
    }

    @Test func `what does not fit or ends in the segment is not carried on`() {
        let tail = fragment(1000, available: 400)
        #expect(tail.extended(by: fragment(500, available: 100)) == nil)
        #expect(tail.extended(by: fragment(600, available: 600)) == nil)
        #expect(fragment(400, available: 400).extended(by: fragment(600, available: 1)) == nil)
    }

    // MARK: What the index says of it

    @Test(arguments: [(ResourceManager.transaction, false), (.btree, true)] as [(ResourceManager, Bool)])
    func `an index says when it could not put a record together that it should tell of`(
        _ manager: ResourceManager, _ isJoined: Bool
    ) {
        let length = 20_000
        var bytes = [UInt8](repeating: 1, count: 50)
        bytes[17] = manager.rawValue
        let tail = WALFragment(start: LSN(100), length: UInt32(length + 50), available: 50, bytes: bytes)
        #expect(summary(of: Self.pages(length), after: tail).isJoined == isJoined)
        // What does not go on was never completed: there is nothing to tell.
        #expect(summary(of: [UInt8](repeating: 0, count: 8192), after: tail).isJoined)
    }

    private func summary(of pages: [UInt8], after tail: WALFragment) -> SegmentIndex.Summary {
        var indexer = SegmentIndexer(
            segment: Self.segment, after: SegmentPredecessor(rawCRC32C: 1, tail: tail))
        pages.withUnsafeBytes { indexer.observe($0) }
        return indexer.finish(
            identity: SegmentIndex.Identity(
                segment: Self.segment, rawBytes: 16 << 20, rawCRC32C: 1, version: .v15), tail: nil
        ).index.summary
    }

    @Test func `a commit that fills several segments is told in the one it ends in`() throws {
        var craft = WALCraft.small()
        for _ in 0..<150 { craft.heap(700, data: [1, 2, 3]) }
        // A little more than five segments of one mebibyte.
        craft.commit(700, at: PostgresTimestamp(microseconds: 5), extra: 330_000)
        craft.heap(701, data: [1, 2, 3])
        craft.commit(701, at: PostgresTimestamp(microseconds: 6))
        var indexes: [SegmentIndex] = []
        for segment in craft.segments {
            indexes.append(
                try ObservedServer.index(segment, after: indexes.last.flatMap { SegmentPredecessor($0) }, []))
        }
        #expect(indexes.count >= 6 && indexes.dropFirst().allSatisfy(\.summary.isJoined))
        #expect(indexes.map { $0.detail?.ends.map(\.xid.rawValue) ?? [] }.last == [700, 701])
        #expect(indexes.dropLast().allSatisfy { $0.detail?.ends.isEmpty ?? false })
        var assembler = EventAssembler(catalog: CatalogState(version: .v15), minimumRows: 100)
        for index in indexes {
            assembler.add(index.knownChanges)
            for record in index.kept { record.withRecord { assembler.apply($0, countingRows: false) } }
        }
        #expect(assembler.finish().map(\.description) == ["INSERT 16384 in database 5, 150 rows"])
    }
}
