public import PostgresFormat

/// A record that begins in one segment and goes on in the next, as far as their summaries tell.
public struct StraddlingRecord: Hashable, Sendable {
    /// Whether the record's checksum could be tried.
    public enum Checksum: Hashable, Sendable {
        case correct
        case wrong
        /// The summaries do not hold all of the record.
        case untried
    }

    public let start: LSN
    public let end: LSN
    /// The number; `resourceManager` is nil for an extension's.
    public let resourceManagerID: UInt8
    public let info: UInt8
    public let xid: TransactionID
    /// Header and data, in bytes.
    public let totalLength: UInt32
    /// The commit, abort or prepare that it is; the number of a prepared transaction is `.none` where it lies
    /// too far in.
    public let transactionEnd: TransactionEnd?
    public let checksum: Checksum

    public var resourceManager: ResourceManager? { ResourceManager(rawValue: resourceManagerID) }

    /// What the header tells: a tablespace counts as ordinary.
    public var hazards: SegmentHazards {
        resourceManager.map { RecordHazard.of($0, operation: info & 0xF0) } ?? []
    }
}

/// The record that crosses from one segment into the next; nil if none does, or the two do not fit together.
///
/// They fit when `head` is the segment directly after `previous`, of the same cluster, and begins with
/// exactly the bytes that the record at the end of `previous` still lacks.
public func join(tail previous: SegmentSummary, head next: SegmentSummary) -> StraddlingRecord? {
    guard let before = previous.segment, let after = next.segment, before.size == after.size,
        before.number + 1 == after.number, previous.systemIdentifier == next.systemIdentifier,
        let tail = previous.tail, let head = next.head, tail.available < tail.length,
        head.length == tail.length - tail.available
    else { return nil }
    let isContiguous = tail.available == tail.bytes.count
    let checksum = CrossingChecksum(of: tail, previous.tailChecksum).adding(head, next.headChecksum).verdict
    let bytes = isContiguous ? tail.bytes + head.bytes : tail.bytes
    let end = tail.start.endOfRecord(length: tail.length, segmentSize: before.size)
    guard let version = previous.pageMagic.flatMap(WALVersion.init(pageMagic:)) else { return nil }
    return bytes.withUnsafeBytes { bytes in
        guard bytes.count >= WALRecord.headerSize else { return nil }
        return StraddlingRecord(
            start: tail.start, end: end, resourceManagerID: bytes.little(17), info: bytes.little(16),
            xid: TransactionID(bytes.little(4)), totalLength: tail.length,
            transactionEnd: TransactionEnd(
                recordBeginning: bytes, start: tail.start, end: end, version: version),
            checksum: checksum)
    }
}

/// Tries the checksum of a record whose pieces lie in several segments, by the checksums of the pieces.
struct CrossingChecksum {
    /// The record's first bytes, as far as they are known.
    private var beginning: [UInt8]
    private let length: UInt32
    private var arrived: UInt32
    /// Of the data so far; nil where a piece has none.
    private var data: UInt32?

    init(of tail: WALFragment, _ checksum: UInt32?) {
        beginning = tail.bytes
        length = tail.length
        arrived = tail.available
        data = checksum
    }

    /// The bytes that are still to come.
    fileprivate var missing: UInt32 { length &- arrived }

    /// Whether the whole record has come.
    var isWhole: Bool { arrived == length }

    /// The same with the piece of the next segment, which has to be the one that is missing.
    func adding(_ head: WALFragment, _ checksum: UInt32?) -> CrossingChecksum {
        var sum = self
        let header = UInt32(WALRecord.headerSize)
        // What of the header stands in the piece is none of the data.
        let ofHeader = min(arrived < header ? header - arrived : 0, head.available)
        if arrived < header { sum.beginning += head.bytes.prefix(Int(ofHeader)) }
        sum.arrived = arrived &+ head.available
        sum.data = nil
        guard let data, let checksum, head.bytes.count >= ofHeader else { return sum }
        let length = UInt64(head.available - ofHeader)
        let join = ChecksumCombination(secondLength: length)
        let ofData = join.second(
            of: checksum, after: CRC32C.checksum(Array(head.bytes.prefix(Int(ofHeader)))))
        sum.data = join.combine(data, ofData)
        return sum
    }

    var verdict: StraddlingRecord.Checksum {
        guard isWhole, let data, beginning.count >= WALRecord.headerSize else { return .untried }
        return beginning.withUnsafeBytes { bytes in
            let header = CRC32C.checksum(Array(bytes[..<20]))
            return ChecksumCombination(secondLength: 20).combine(data, header) == bytes.little(20)
                ? .correct : .wrong
        }
    }
}

/// Where records begin that cross segments and do not have the checksum they claim, in the order of WAL.
///
/// - Parameter segments: in order; records that go on in a segment that is not among them are left out.
public func wrongCrossings(_ segments: [InventorySegment]) -> [LSN] {
    var found: [LSN] = []
    for (place, segment) in segments.enumerated() {
        guard let tail = segment.summary.tail else { continue }
        var sum = CrossingChecksum(of: tail, segment.summary.tailChecksum)
        var number = segment.name.number
        for next in segments[(place + 1)...] {
            // A record that was torn by a crash is written over: then the next segment begins with another.
            guard next.name.number == number + 1, let head = next.summary.head,
                sum.isFollowed(by: head)
            else { break }
            number += 1
            sum = sum.adding(head, next.summary.headChecksum)
            if sum.isWhole { break }
        }
        if sum.verdict == .wrong { found.append(tail.start) }
    }
    return found
}

extension CrossingChecksum {
    /// Whether a continuation says that it is the rest of the record.
    fileprivate func isFollowed(by head: WALFragment) -> Bool { head.length == missing }
}
