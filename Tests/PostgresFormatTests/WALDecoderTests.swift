import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct WALDecoderTests {
    private let noon = PostgresTimestamp(microseconds: 812_345_678_901_234)

    @Test func `finds every record of crafted WAL, however the pages are fed`() {
        var random = SeededRandom()
        let craft = WALCraft.random(&random)
        let whole = craft.decoded()
        #expect(whole.records == craft.records, "seed \(random.seed)")
        #expect(whole.next.rawValue >= craft.position, "seed \(random.seed)")
        for _ in 0..<8 {
            let portions = (0..<50).map { _ in Int.random(in: 1...30, using: &random) }
            #expect(craft.decoded(portions: portions) == whole, "seed \(random.seed)")
        }
    }

    @Test func `a record that ends with its page leaves the next one to start behind the header`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 40)
        #expect(craft.roomOnPage == 40)
        let last = craft.commit(5, at: noon)
        #expect(last.end.rawValue % 8192 == 0)
        let next = craft.commit(6, at: noon)
        #expect(next.start.rawValue % 8192 == 24)
        #expect(craft.decoded().records == craft.records)
    }

    @Test(arguments: [8, 16, 24, 32])
    func `reads a commit whose header is cut by the page's end`(room: Int) throws {
        var craft = WALCraft.small()
        craft.fill(leaving: room)
        #expect(craft.roomOnPage == room)
        let commit = craft.commit(77, at: noon)
        let ended = try #require(craft.decoded().transactions.last)
        #expect(
            ended
                == TransactionEnd(
                    kind: .commit, xid: TransactionID(77), time: noon, start: commit.start, end: commit.end))
    }

    @Test func `reads the xid of a prepared transaction behind all other parts`() throws {
        var craft = WALCraft.small()
        let parts = TransactionParts(
            subtransactions: [9, 10], relationFiles: 3, droppedStatistics: 2, invalidations: 5,
            hasDatabase: true)
        craft.prepare(100, at: noon)
        craft.endPrepared(100, commit: true, at: noon.advanced(bySeconds: 1), with: parts)
        craft.endPrepared(101, commit: false, at: noon.advanced(bySeconds: 2), with: parts)
        let ends = craft.decoded().transactions
        #expect(ends.map(\.kind) == [.prepare, .commitPrepared, .abortPrepared])
        #expect(ends.map(\.xid.rawValue) == [100, 100, 101])
        #expect(ends.map(\.time) == [0, 1, 2].map { noon.advanced(bySeconds: $0) })
    }

    @Test func `goes on in the next segment after a switch`() {
        var craft = WALCraft.small()
        craft.commit(5, at: noon)
        let switched = craft.switchSegment()
        #expect(craft.decoded().end == .switched(switched.end))
        craft.commit(6, at: noon)
        let wal = craft.decoded()
        #expect(wal.records == craft.records)
        #expect(wal.records[1].end.rawValue % craft.first.size.bytes == 0)
        #expect(craft.decoded(portions: [1]) == wal)
    }

    @Test func `a tail of zeros is the end, and says where`() {
        var craft = WALCraft.small()
        let last = craft.commit(5, at: noon)
        #expect(craft.decoded().end == .zeroedTail(last.end))
        let segment = craft.segments[0].bytes
        let wal = DecodedWAL(segment, from: craft.first.start, segmentSize: craft.first.size, portions: [1])
        #expect(wal.end == .zeroedTail(last.end))
        #expect(wal.next == last.end)
    }

    @Test func `a page of zeros after a full page is the end`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 0)
        let segment = craft.segments[0].bytes
        let wal = DecodedWAL(segment, from: craft.first.start, segmentSize: craft.first.size)
        #expect(wal.end == .zeroedTail(LSN(craft.first.start.rawValue + 8192 + 24)))
    }

    @Test func `a page of an earlier use of the file is the end, and the record before it is not given`() {
        var old = WALCraft.small(number: 3)
        var new = WALCraft.small(number: 4)
        old.fill(leaving: 8, ofSegment: true)
        new.fill(leaving: 0)
        let cut = new.commit(5, at: noon, extra: 600)
        let mixed = Array(new.pages.prefix(16_384)) + old.segments[0].bytes.dropFirst(16_384)
        let wal = DecodedWAL(mixed, from: new.first.start, segmentSize: new.first.size)
        #expect(wal.end == .recycledPage(cut.start))
        #expect(wal.records == Array(new.records.dropLast()))
    }

    @Test func `a record overwritten after a crash is left out`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 48)
        craft.commit(5, at: noon, extra: 40)
        craft.abandonLastRecord()
        craft.record(.xlog, info: 0xD0, mainData: [UInt8](repeating: 0, count: 16))
        craft.commit(6, at: noon)
        #expect(craft.decoded().records == craft.records)
        #expect(craft.decoded(portions: [1]).records == craft.records)
    }

    @Test(arguments: [UInt32(1) << 30 - 1, 1 << 30, .max])
    func `a torn record is passed over however long it claims to be`(_ length: UInt32) {
        var craft = WALCraft.small()
        craft.fill(leaving: 48)
        let torn = craft.commit(5, at: noon, extra: 40)
        craft.abandonLastRecord()
        craft.record(.xlog, info: 0xD0, mainData: [UInt8](repeating: 0, count: 16))
        craft.commit(6, at: noon)
        var pages = craft.pages
        let place = Int(torn.start.distance(from: craft.first.start))
        withUnsafeBytes(of: length.littleEndian) { pages.replaceSubrange(place..<place + 4, with: $0) }
        let wal = DecodedWAL(pages, from: craft.first.start, segmentSize: craft.first.size)
        #expect(wal.records == craft.records)
    }

    @Test func `beginning inside a record keeps its first bytes and goes on behind it`() throws {
        var craft = WALCraft.small()
        craft.fill(leaving: 64, ofSegment: true)
        let long = craft.record(.logicalMessage, info: 0, mainData: [UInt8](repeating: 9, count: 30_000))
        let next = craft.commit(8, at: noon)
        let second = craft.segments[1].bytes
        var decoder = WALDecoder(start: craft.first.end, segmentSize: craft.first.size)
        var starts: [LSN] = []
        _ = second.withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                starts.append(record.start)
                return true
            }
        }
        #expect(starts == [next.start])
        let head = try #require(decoder.headFragment)
        #expect(head.length == long.totalLength - 64)
        #expect(head.available == head.length)
        #expect(head.bytes == [UInt8](repeating: 9, count: 96))
    }

    @Test func `ending inside a record keeps its first bytes`() throws {
        var craft = WALCraft.small()
        craft.fill(leaving: 256, ofSegment: true)
        let long = craft.commit(8, at: noon, extra: 100)
        var decoder = WALDecoder(start: craft.first.start, segmentSize: craft.first.size)
        _ = craft.segments[0].bytes.withUnsafeBytes { bytes in decoder.feed(bytes) { _ in true } }
        let tail = try #require(decoder.tailFragment)
        #expect(tail.start == long.start)
        #expect(tail.length == long.totalLength)
        #expect(tail.available == 256)
        #expect(tail.bytes.count == 96)
        #expect(decoder.nextRecord == long.start)
    }

    @Test func `stops when the visitor says so`() {
        var craft = WALCraft.small()
        let first = craft.commit(5, at: noon)
        craft.commit(6, at: noon)
        var decoder = WALDecoder(start: craft.first.start, segmentSize: craft.first.size)
        let end = craft.pages.withUnsafeBytes { bytes in decoder.feed(bytes) { _ in false } }
        #expect(end == .stopped(first.end))
    }

    @Test func `tells restore points, parameters and tablespaces`() {
        let parameters = WALParameters(
            maxConnections: 77, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 5,
            maxLocksPerTransaction: 64, walLevel: .logical)
        var craft = WALCraft.small()
        craft.restorePoint("before the drop", at: noon)
        craft.parameterChange(parameters)
        craft.createTablespace(at: "/srv/fast")
        craft.createTablespace(at: "")
        var decoder = WALDecoder(start: craft.first.start, segmentSize: craft.first.size)
        var point: WALRestorePoint?
        var changed: WALParameters?
        var spaces: [WALTablespaceCreation] = []
        _ = craft.pages.withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                point = record.restorePoint ?? point
                changed = record.parameterChange ?? changed
                if let space = record.tablespaceCreation { spaces.append(space) }
                return true
            }
        }
        #expect(point?.name == "before the drop")
        #expect(point?.time == noon)
        #expect(changed == parameters)
        #expect(spaces == [.ordinary(path: "/srv/fast"), .inPlace])
    }
}
