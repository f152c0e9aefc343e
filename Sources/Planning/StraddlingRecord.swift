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
            checksum: checksum(of: bytes, length: tail.length))
    }
}

private func checksum(of record: UnsafeRawBufferPointer, length: UInt32) -> StraddlingRecord.Checksum {
    guard record.count == length else { return .untried }
    var checksum = CRC32C()
    checksum.update(record.part(WALRecord.headerSize, record.count - WALRecord.headerSize))
    checksum.update(record.part(0, 20))
    return checksum.value == record.little(20) ? .correct : .wrong
}
