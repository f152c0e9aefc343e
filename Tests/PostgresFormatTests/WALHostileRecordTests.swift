import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct WALHostileRecordTests {
    private let noon = PostgresTimestamp(microseconds: 812_345_678_901_234)

    /// Records of which each is whole and has a right checksum, and says nonsense.
    private func nonsense(_ random: inout SeededRandom) -> WALCraft {
        var craft = WALCraft.small()
        for _ in 0..<2_000 {
            let manager = Bool.random(using: &random) ? 1 : UInt8.random(in: 0...21, using: &random)
            let info = UInt8.random(in: 0...255, using: &random)
            guard manager != 0 || info & 0xF0 != 0x40 else { continue }
            var data = random.bytes(Int.random(in: 0...60, using: &random))
            for index in data.indices where Int.random(in: 0..<3, using: &random) > 0 {
                data[index] = [0, 1, 0x7F, 0xFF].randomElement(using: &random) ?? 0
            }
            let body = Bool.random(using: &random) ? WALCraft.body(mainData: data) : data
            craft.append(manager, info: info, xid: 9, body: body)
        }
        return craft
    }

    @Test func `nonsense under a right checksum is read as nothing, at worst`() {
        var random = SeededRandom()
        let craft = nonsense(&random)
        var decoder = WALDecoder(start: craft.first.start, segmentSize: craft.first.size)
        var visited = 0
        _ = craft.pages.withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                visited += 1
                let length = record.withMainData { $0?.count ?? 0 }
                #expect(length + WALRecord.headerSize <= Int(record.totalLength), "seed \(random.seed)")
                if let ended = record.transactionEnd { #expect(ended.start == record.start) }
                if let point = record.restorePoint { #expect(point.name.unicodeScalars.count <= 64) }
                _ = record.parameterChange
                _ = record.tablespaceCreation
                record.readEverything()
                return true
            }
        }
        #expect(visited == craft.records.count, "seed \(random.seed)")
    }

    @Test func `the beginning of any record, cut anywhere, is read as nothing, at worst`() {
        var random = SeededRandom()
        let craft = nonsense(&random)
        for record in craft.records {
            let offset = Int(record.start.rawValue - craft.first.start.rawValue)
            for length in [0, 23, 24, 25, 26, 30, 33, 34, 40, 60, 96]
            where offset + length <= craft.bytes.count {
                craft.bytes[offset..<offset + length].withUnsafeBytes { bytes in
                    let ended = TransactionEnd(
                        recordBeginning: bytes, start: record.start, end: record.end, version: .v15)
                    #expect(ended == nil || length >= 34, "seed \(random.seed)")
                }
            }
        }
    }

    @Test func `the main data is what follows blocks, images, origin and top-level transaction`() {
        var craft = WALCraft.small()
        craft.heap(5, data: [9, 9, 9], image: 500)
        craft.heap(5, data: [])
        let headers: [UInt8] = [253, 1, 0, 252, 1, 2, 3, 4, 255, 3]
        craft.append(20, info: 0, body: headers + [1, 2, 3])
        craft.append(20, info: 0, body: [254, 3, 0, 0, 0, 1, 2, 3])
        craft.append(20, info: 0, body: [3, 0xA0, 2, 0, 0, 0, 0, 0, 255, 3, 7, 7, 1, 2, 3])
        var decoder = WALDecoder(start: craft.first.start, segmentSize: craft.first.size)
        var found: [[UInt8]?] = []
        _ = craft.pages.withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                found.append(record.withMainData { $0.map(Array.init) })
                return true
            }
        }
        #expect(found == [[UInt8]?](repeating: [1, 2, 3], count: 5))
    }

    @Test(
        arguments: [
            [3, 0xA0, 9, 0, 0, 0, 0, 0, 255, 3, 1, 2, 3], [255, 4, 1, 2, 3], [254, 3, 0], [33, 0, 0, 0],
            [0, 0x10, 0],
            [255, 2, 1, 2, 3], [252, 1, 2], [253, 1],
        ] as [[UInt8]])
    func `a body that contradicts its own lengths has no main data`(body: [UInt8]) {
        var craft = WALCraft.small()
        craft.append(20, info: 0, body: body)
        var decoder = WALDecoder(start: craft.first.start, segmentSize: craft.first.size)
        var hasData: Bool?
        _ = craft.pages.withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                hasData = record.withMainData { $0 != nil }
                return true
            }
        }
        #expect(hasData == false)
    }

    @Test func `a very long record is visited, and only its beginning is held`() {
        var craft = WALCraft.small()
        let long = craft.record(.logicalMessage, info: 0, mainData: [UInt8](repeating: 5, count: 2_000_000))
        let commit = craft.commit(6, at: noon, extra: 60_000)
        var decoder = WALDecoder(start: craft.first.start, segmentSize: craft.first.size)
        var seen: [LSN] = []
        _ = craft.pages.withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                seen.append(record.start)
                let isKept = record.withMainData { $0 != nil }
                #expect(isKept == (record.start == commit.start))
                return true
            }
        }
        #expect(seen == [long.start, commit.start])
    }
}
