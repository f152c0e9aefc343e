import PostgresFormat
import TestKit
import Testing

/// The copy of a record that makes a tablespace, changed so that it makes one inside the copy.
struct WALPatchTests {
    private static let path = "/srv/" + String(repeating: "space", count: 120)

    /// WAL with a tablespace's creation that begins that many bytes before the end of a page or segment.
    private static func wal(_ room: Int, ofSegment: Bool, path: String = path) -> (WALCraft, LSN) {
        var craft = WALCraft.small()
        craft.commit(7, at: PostgresTimestamp(microseconds: 1))
        craft.fill(leaving: room, ofSegment: ofSegment)
        let made = craft.createTablespace(at: path)
        craft.commit(8, at: PostgresTimestamp(microseconds: 2))
        return (craft, made.start)
    }

    private static func decode(
        _ bytes: [UInt8], _ first: SegmentName, _ visit: (borrowing WALRecord) -> Void
    ) -> WALEnd? {
        var decoder = WALDecoder(start: first.start, segmentSize: first.size)
        return bytes.withUnsafeBytes { pages in
            decoder.feed(pages) { record in
                visit(record)
                return true
            }
        }
    }

    @Test(arguments: [8, 24, 32, 48, 640, 4096], [false, true])
    func `a blanked record makes a tablespace in place, wherever it lies, and the rest stays as it was`(
        _ room: Int, ofSegment: Bool
    ) throws {
        let (craft, start) = Self.wal(room, ofSegment: ofSegment)
        var bytes = craft.pages
        var patches: [WALPatch]?
        var before: [LSN] = []
        _ = Self.decode(bytes, craft.first) { record in
            before.append(record.start)
            if let found = record.tablespaceBlanking(segmentSize: craft.first.size) {
                #expect(record.start == start)
                patches = found
            }
        }
        for patch in try #require(patches) {
            let offset = Int(patch.position.distance(from: craft.first.start))
            #expect(offset % 8192 + patch.bytes.count <= 8192, "a piece crosses a page")
            bytes.replaceSubrange(offset..<offset + patch.bytes.count, with: patch.bytes)
        }
        var after: [LSN] = []
        let end = Self.decode(bytes, craft.first) { record in
            after.append(record.start)
            if record.start == start {
                #expect(record.tablespaceCreation == .inPlace)
                #expect(record.createdTablespace == 16_400)
            }
        }
        #expect(after == before)
        #expect(end?.flaw == nil)
        #expect(bytes.count == craft.pages.count)
    }

    @Test func `nothing else is ever changed`() {
        let (craft, _) = Self.wal(640, ofSegment: false, path: "")
        _ = Self.decode(craft.pages, craft.first) { record in
            #expect(record.tablespaceBlanking(segmentSize: craft.first.size) == nil)
        }
    }
}
