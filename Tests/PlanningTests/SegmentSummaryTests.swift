import Planning
import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct SegmentSummaryTests {
    @Test func `reads back what it encoded, whatever it holds`() throws {
        var random = SeededRandom()
        for _ in 0..<1_000 {
            let summary = SegmentSummary.random(&random)
            let bytes = summary.encode()
            #expect(bytes.count <= SegmentSummary.maximumSize, "seed \(random.seed)")
            #expect(try SegmentSummary(decoding: bytes) == summary, "seed \(random.seed)")
            #expect(try SegmentSummary(decoding: bytes + [0, 0, 0]) == summary, "seed \(random.seed)")
        }
    }

    @Test func `every changed byte is noticed`() {
        var random = SeededRandom()
        let bytes = SegmentSummary.random(&random).encode()
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            #expect(throws: SegmentSummaryError.self, "seed \(random.seed), byte \(place)") {
                try SegmentSummary(decoding: damaged)
            }
        }
    }

    @Test func `anything cut short or followed by other bytes is noticed`() {
        var random = SeededRandom()
        let bytes = SegmentSummary.random(&random).encode()
        for length in bytes.indices {
            #expect(throws: SegmentSummaryError.self) {
                try SegmentSummary(decoding: Array(bytes.prefix(length)))
            }
        }
        #expect(throws: SegmentSummaryError.damaged) { try SegmentSummary(decoding: bytes + [1]) }
    }

    @Test func `what the first format wrote is still read`() throws {
        var random = SeededRandom()
        var summary = SegmentSummary.random(&random)
        (summary.headChecksum, summary.tailChecksum) = (nil, nil)
        // Without the two absent checksums, which it did not know.
        var bytes = Array(summary.encode().dropLast(4 + 2))
        bytes[4] = 1
        withUnsafeBytes(of: UInt16(bytes.count + 4).littleEndian) { bytes.replaceSubrange(6..<8, with: $0) }
        withUnsafeBytes(of: CRC32C.checksum(bytes).littleEndian) { bytes.append(contentsOf: $0) }
        #expect(try SegmentSummary(decoding: bytes) == summary, "seed \(random.seed)")
    }

    @Test func `a later format is told apart from damage`() {
        var random = SeededRandom()
        var bytes = SegmentSummary.random(&random).encode()
        bytes[4] = 3
        #expect(throws: SegmentSummaryError.formatTooNew(3)) { try SegmentSummary(decoding: bytes) }
        #expect(throws: SegmentSummaryError.notASummary) {
            try SegmentSummary(decoding: [UInt8](repeating: 0, count: 1000))
        }
    }

    @Test func `random content under a right checksum never does worse than fail`() {
        var random = SeededRandom()
        let good = SegmentSummary.random(&random).encode()
        for _ in 0..<2_000 {
            var bytes = Array(good.dropLast(4))
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 8..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            withUnsafeBytes(of: CRC32C.checksum(bytes).littleEndian) { bytes.append(contentsOf: $0) }
            if let read = try? SegmentSummary(decoding: bytes) {
                #expect(read.encode() == bytes, "seed \(random.seed)")
            }
        }
    }
}

extension SegmentSummary {
    static func random(_ random: inout SeededRandom) -> SegmentSummary {
        func maybe<Value>(_ make: () -> Value) -> Value? { Bool.random(using: &random) ? make() : nil }
        func lsn() -> LSN { LSN(random.edgyNumber()) }
        func small() -> UInt32 { UInt32(truncatingIfNeeded: random.edgyNumber()) }
        func time() -> PostgresTimestamp { PostgresTimestamp(microseconds: Int64(bitPattern: random.next())) }
        func ended() -> TransactionEnd {
            TransactionEnd(
                kind: TransactionEnd.Kind.allCases.randomElement(using: &random) ?? .commit,
                xid: TransactionID(small()), time: time(), start: lsn(), end: lsn())
        }
        func fragment() -> WALFragment {
            WALFragment(
                start: lsn(), length: small(), available: small(),
                bytes: random.bytes(Int.random(in: 0...WALFragment.keptBytes, using: &random)))
        }
        let reasons: [EndReason] =
            [.zeroedTail, .recycledPage, .truncated] + WALFlaw.allCases.map { .broken($0) }
        let size = WALSegmentSize(bytes: 1 << UInt64.random(in: 20...30, using: &random))
        var summary = SegmentSummary(
            segment: maybe {
                SegmentName(
                    timeline: TimelineID(small()), number: random.edgyNumber(), size: size ?? .standard)
            }, rawBytes: random.edgyNumber(), rawCRC32C: small())
        summary.systemIdentifier = maybe { random.edgyNumber() }
        summary.pageMagic = maybe { UInt16(truncatingIfNeeded: random.next()) }
        summary.pageTimeline = maybe { TimelineID(small()) }
        summary.outcome =
            maybe { .endsAt(lsn(), reasons.randomElement(using: &random) ?? .zeroedTail) } ?? .complete
        summary.endsWithSwitch = Bool.random(using: &random)
        (summary.firstRecord, summary.lastRecordStart, summary.lastRecordEnd) = (
            maybe(lsn), maybe(lsn), maybe(lsn)
        )
        (summary.commits, summary.aborts, summary.prepares) = (small(), small(), small())
        (summary.firstEnd, summary.lastEnd, summary.lastStop) = (maybe(ended), maybe(ended), maybe(ended))
        (summary.minStopTime, summary.maxStopTime, summary.maxTime) = (maybe(time), maybe(time), maybe(time))
        summary.hazards = SegmentHazards(rawValue: small())
        (summary.headChecksum, summary.tailChecksum) = (maybe(small), maybe(small))
        summary.lastParameters = maybe {
            WALParameters(
                maxConnections: Int32(bitPattern: small()), maxWorkerProcesses: 8, maxWalSenders: 10,
                maxPreparedTransactions: 0, maxLocksPerTransaction: 64,
                walLevel: WALLevel.allCases.randomElement(using: &random) ?? .replica)
        }
        (summary.head, summary.tail) = (maybe(fragment), maybe(fragment))
        return summary
    }
}
