import Planning
import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct SegmentSummarizerTests {
    private let noon = PostgresTimestamp(microseconds: 812_345_678_901_234)

    @Test func `says what a crafted segment holds`() throws {
        let parameters = WALParameters(
            maxConnections: 77, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 5,
            maxLocksPerTransaction: 64, walLevel: .minimal)
        var craft = WALCraft.small()
        let first = craft.commit(5, at: noon.advanced(bySeconds: 50))
        craft.abort(6, at: noon)
        craft.record(.sequence, info: 0, mainData: [1, 2, 3])
        craft.endPrepared(3, commit: true, at: noon.advanced(bySeconds: 20))
        let prepare = craft.prepare(7, at: noon.advanced(bySeconds: 99))
        craft.parameterChange(parameters)
        let last = craft.createTablespace(at: "")
        let bytes = craft.segments[0].bytes
        let summary = bytes.summary(craft.first)
        #expect(summary.segment == craft.first)
        #expect(summary.rawBytes == 1 << 20)
        #expect(summary.rawCRC32C == CRC32C.checksum(bytes))
        #expect(summary.systemIdentifier == craft.systemIdentifier)
        #expect(summary.pageMagic == 0xD110)
        #expect(summary.outcome == .endsAt(last.end, .zeroedTail))
        #expect(summary.firstRecord == first.start)
        #expect(summary.lastRecordStart == last.start)
        #expect(summary.lastRecordEnd == last.end)
        #expect((summary.commits, summary.aborts, summary.prepares) == (2, 1, 1))
        #expect(summary.firstEnd?.xid == TransactionID(5))
        #expect(summary.lastEnd?.start == prepare.start)
        #expect(summary.lastStop?.kind == .commitPrepared)
        #expect(summary.minStopTime == noon)
        #expect(summary.maxStopTime == noon.advanced(bySeconds: 50))
        #expect(summary.maxTime == noon.advanced(bySeconds: 99))
        #expect(
            summary.hazards
                == [.sequence, .prepare, .parameterChange, .walLevelMinimal, .tablespaceCreateInPlace])
        #expect(summary.lastParameters == parameters)
        #expect(summary.tail == nil && summary.head == nil)
    }

    @Test func `the portions in which a file comes make no difference`() {
        var random = SeededRandom()
        var craft = WALCraft.small()
        while craft.bytes.count < 1_300_000 {
            craft.heap(9, data: random.bytes(Int.random(in: 0...400, using: &random)))
            craft.commit(9, at: noon, extra: Int.random(in: 0...9, using: &random))
        }
        for (name, bytes) in craft.segments {
            let whole = bytes.summary(name)
            for largest in [1_000, 8_192, 20_000, 700_000] {
                var summarizer = SegmentSummarizer(name: name)
                var rest = bytes[...]
                while !rest.isEmpty {
                    let part = rest.prefix(Int.random(in: 1...largest, using: &random))
                    part.withUnsafeBytes { summarizer.feed($0) }
                    rest = rest.dropFirst(part.count)
                }
                #expect(summarizer.finish() == whole, "seed \(random.seed)")
            }
        }
    }

    @Test func `a segment ended by a switch is complete`() {
        var craft = WALCraft.small()
        craft.commit(5, at: noon)
        let last = craft.switchSegment()
        let summary = craft.segments[0].bytes.summary(craft.first)
        #expect(summary.isComplete)
        #expect(summary.endsWithSwitch)
        #expect(summary.lastRecordEnd == last.end)
        #expect(last.end == craft.first.end)
    }

    @Test func `a full segment is complete, and its last record may go on in the next`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 64, ofSegment: true)
        let cut = craft.commit(5, at: noon, extra: 9)
        let summary = craft.segments[0].bytes.summary(craft.first)
        #expect(summary.isComplete)
        #expect(!summary.endsWithSwitch)
        #expect(summary.tail?.start == cut.start)
        #expect(summary.commits == 0)
        #expect(summary.lastRecordEnd == cut.start)
    }

    @Test func `a file shorter or longer than a segment says so`() {
        var craft = WALCraft.small()
        craft.fill(leaving: 0, ofSegment: true)
        let bytes = craft.segments[0].bytes
        for length in [16_384, 100_000, 40, 0] {
            let short = Array(bytes.prefix(length)).summary(craft.first)
            guard case .endsAt(_, .truncated) = short.outcome else {
                Issue.record("\(length) bytes: \(short.outcome)")
                continue
            }
            #expect(short.rawBytes == UInt64(length))
            #expect(short.endDescription.hasSuffix("then the file is too short"))
        }
        let long = (bytes + [0, 0, 0]).summary(craft.first)
        #expect(long.rawBytes == (1 << 20) + 3)
        #expect(long.endDescription.hasSuffix("then the file is longer than a segment"))
        #expect(!long.isComplete)
    }

    @Test func `damage ends the walk where it is`() {
        var craft = WALCraft.small()
        craft.commit(5, at: noon)
        let second = craft.commit(6, at: noon)
        craft.fill(leaving: 0, ofSegment: true)
        var bytes = craft.segments[0].bytes
        bytes[90] ^= 1
        let summary = bytes.summary(craft.first)
        #expect(summary.outcome == .endsAt(second.start, .broken(.previousRecord)))
        #expect(summary.commits == 1)
        #expect(summary.rawCRC32C == CRC32C.checksum(bytes))
    }

    @Test func `bytes under another segment's name are not taken for it`() {
        var craft = WALCraft.small()
        craft.commit(5, at: noon)
        let summary = craft.segments[0].bytes.summary(craft.first.next)
        #expect(summary.commits == 0)
        #expect(!summary.isComplete)
    }

    @Test func `bytes of a later timeline than the name says are not taken, of an earlier one they are`() {
        var later = WALCraft.small(timeline: 2)
        later.commit(5, at: noon)
        let first = WALCraft.small(timeline: 1).first
        let wrong = later.segments[0].bytes.summary(first)
        #expect(wrong.commits == 0)
        guard case .endsAt(_, .broken(.pageTimeline)) = wrong.outcome else {
            Issue.record("the walk ended otherwise: \(wrong.outcome)")
            return
        }
        var copied = WALCraft.small(timeline: 1)
        copied.commit(5, at: noon)
        let summary = copied.segments[0].bytes.summary(later.first)
        #expect(summary.commits == 1)
        #expect(summary.pageTimeline == TimelineID(1))
    }

    @Test func `of a file that is no WAL it tells size and checksum`() throws {
        let text = Array("1\t0/3000148\tno recovery target specified\n".utf8)
        let summary = text.summary(nil)
        #expect(summary.segment == nil)
        #expect(summary.rawBytes == UInt64(text.count))
        #expect(summary.rawCRC32C == CRC32C.checksum(text))
        #expect(!summary.isComplete)
        #expect(try SegmentSummary(decoding: summary.encode()) == summary)
    }
}

extension [UInt8] {
    /// The summary of these bytes as the file of that name.
    func summary(_ name: SegmentName?) -> SegmentSummary {
        var summarizer = SegmentSummarizer(name: name)
        withUnsafeBytes { summarizer.feed($0) }
        return summarizer.finish()
    }
}
