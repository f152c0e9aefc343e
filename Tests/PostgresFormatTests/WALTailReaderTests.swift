import PostgresFormat
import TestKit
import Testing

@Suite struct WALTailReaderTests {
    private let noon = PostgresTimestamp(microseconds: 812_345_678_901_234)

    private func reader(_ craft: WALCraft, flushed: LSN?, _ change: (inout [UInt8]) -> Void = { _ in })
        -> WALTailReader
    {
        var reader = WALTailReader(
            start: craft.first.start, segmentSize: craft.first.size, flushed: flushed)
        var bytes = craft.segments.flatMap(\.bytes)
        change(&bytes)
        bytes.withUnsafeBytes { reader.feed($0, at: craft.first.start) }
        return reader
    }

    /// Small records and one of three pages.
    private var craft: WALCraft {
        var craft = WALCraft.small()
        for xid: UInt32 in 5...30 { craft.commit(xid, at: noon) }
        craft.commit(40, at: noon, extra: 20_000)
        for xid: UInt32 in 50...80 { craft.commit(xid, at: noon) }
        return craft
    }

    /// A server flushes up to a record's end or a page's.
    @Test func `sound WAL is whole wherever the server has flushed to`() {
        let craft = craft
        let end = Int(craft.records.last?.end.distance(from: craft.first.start) ?? 0)
        let pages = stride(from: 8192, through: end, by: 8192).map {
            craft.first.start.advanced(by: UInt64($0))
        }
        for flushed in craft.records.map(\.end) + pages {
            var reader = reader(craft, flushed: flushed)
            guard case .whole = reader.verdict(flushed: flushed) else {
                Issue.record("flushed up to \(flushed): \(reader.verdict(flushed: flushed))")
                continue
            }
        }
    }

    @Test func `every changed byte of a record below what was flushed is damage`() throws {
        let craft = craft
        let end = try #require(craft.records.last?.end)
        for index in [3, 26, 27, craft.records.count - 1] {
            let record = craft.records[index]
            let place = Int(record.start.distance(from: craft.first.start))
            for offset in 0..<30 {
                var reader = reader(craft, flushed: end) { $0[place + offset] ^= 0x10 }
                switch reader.verdict(flushed: end) {
                case .damaged(let damage), .unclear(let damage):
                    #expect(damage.position == record.start, "record \(index), byte \(offset)")
                case .whole: Issue.record("record \(index), byte \(offset)")
                }
            }
        }
    }

    @Test func `a page of zeros or of an earlier use below what was flushed is damage`() throws {
        let craft = craft
        let end = try #require(craft.records.last?.end)
        for change in [
            { (bytes: inout [UInt8]) in
                bytes.replaceSubrange(8192..<16_384, with: [UInt8](repeating: 0, count: 8192))
            }, { $0[8192 + 10] ^= 1 },
        ] {
            var reader = reader(craft, flushed: end, change)
            guard case .damaged = reader.verdict(flushed: end) else {
                Issue.record("\(reader.verdict(flushed: end))")
                continue
            }
        }
    }

    @Test func `a server that stopped has its last checkpoint, one that crashed what follows the damage`()
        throws
    {
        let craft = craft
        let bad = craft.records[10]
        let last = try #require(craft.records.last)
        let place = Int(bad.start.distance(from: craft.first.start)) + 30
        let sound = reader(craft, flushed: nil)
        #expect(sound.verdict(bounds: [.shutdownCheckpoint(last.start)]) == .whole(last.end))
        #expect(sound.verdict(bounds: []) == .whole(last.end))
        let damaged = reader(craft, flushed: nil) { $0[place] ^= 1 }
        for bounds in [[WALTailBound.shutdownCheckpoint(last.start)], []] {
            guard case .damaged(let damage) = damaged.verdict(bounds: bounds) else {
                Issue.record("\(bounds)")
                continue
            }
            #expect(damage.position == bad.start)
        }
        let torn = Int(last.start.distance(from: craft.first.start)) + 30
        let ended = reader(craft, flushed: nil) { $0[torn] ^= 1 }
        #expect(ended.verdict(bounds: []) == .whole(last.start))
    }
}
