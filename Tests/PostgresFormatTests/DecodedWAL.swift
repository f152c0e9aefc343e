import PostgresFormat
import TestKit
import TestValues

/// What a decoder made of some pages.
struct DecodedWAL: Equatable {
    var records: [WALCraft.Record] = []
    var transactions: [TransactionEnd] = []
    var end: WALEnd?
    var next = LSN.zero

    /// Decodes pages fed in portions of the given numbers of pages; the last number is used for the rest.
    init(_ pages: [UInt8], from start: LSN, segmentSize: WALSegmentSize, portions: [Int] = [Int.max]) {
        var decoder = WALDecoder(start: start, segmentSize: segmentSize)
        var rest = pages[...]
        var portion = 0
        while !rest.isEmpty {
            let count = portions[min(portion, portions.count - 1)]
            portion += 1
            let part = rest.prefix(count.multipliedReportingOverflow(by: 8192).overflow ? .max : count * 8192)
            rest = rest.dropFirst(part.count)
            end = part.withUnsafeBytes { bytes in
                decoder.feed(bytes) { record in
                    add(record)
                    return true
                }
            }
        }
        next = decoder.nextRecord
    }

    private mutating func add(_ record: borrowing WALRecord) {
        records.append(
            WALCraft.Record(
                start: record.start, end: record.end, manager: record.resourceManagerID, info: record.info,
                xid: record.xid, totalLength: record.totalLength))
        if let ended = record.transactionEnd { transactions.append(ended) }
    }
}

extension WALCraft {
    /// What a decoder makes of the WAL as it stands.
    func decoded(portions: [Int] = [Int.max]) -> DecodedWAL {
        DecodedWAL(pages, from: first.start, segmentSize: first.size, portions: portions)
    }

    /// WAL of records of all sizes, some as long as several pages, over a little more than two small
    /// segments.
    static func random(_ random: inout SeededRandom) -> WALCraft {
        var craft = WALCraft.small(number: UInt64.random(in: 0...5_000, using: &random))
        let time = PostgresTimestamp(microseconds: 800_000_000_000_000)
        while craft.bytes.count < 2_200_000 {
            let xid = UInt32.random(in: 3...90_000, using: &random)
            let when = time.advanced(bySeconds: Int64.random(in: -100...100, using: &random))
            switch Int.random(in: 0..<40, using: &random) {
            case 0..<16: craft.heap(xid, data: random.bytes(Int.random(in: 0...300, using: &random)))
            case 16..<26: craft.heap(xid, data: [], image: Int.random(in: 100...8_000, using: &random))
            case 26..<31: craft.commit(xid, at: when, extra: Int.random(in: 0...40, using: &random))
            case 31..<33: craft.abort(xid, at: when)
            case 33: craft.prepare(xid, at: when, extra: Int.random(in: 0...500, using: &random))
            case 34: craft.endPrepared(xid, commit: Bool.random(using: &random), at: when)
            case 35: craft.restorePoint("point \(xid)", at: when)
            case 36: craft.fill(leaving: Int.random(in: 0...10, using: &random) * 8)
            case 37 where Int.random(in: 0..<20, using: &random) == 0: craft.switchSegment()
            case 38:
                let long = random.bytes(Int.random(in: 0...60_000, using: &random))
                craft.record(.logicalMessage, info: 0, xid: xid, mainData: long)
            default: craft.record(.sequence, info: 0, xid: xid, mainData: random.bytes(90))
            }
        }
        return craft
    }
}
