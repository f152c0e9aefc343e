import Notation

/// A timeline's number: 1 for a new cluster, one more than its parent after each promotion.
public struct TimelineID: Hashable, Comparable, Sendable, CodedNumber {
    public let rawValue: UInt32

    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Eight upper-case hexadecimal digits, as in file names.
    public var fileName: String { Hexadecimal.text(rawValue, digits: 8, .upper) }

    public static func < (left: TimelineID, right: TimelineID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A cluster's WAL segment size: a power of two from 1 MiB to 1 GiB, 16 MiB unless initdb was told otherwise.
public struct WALSegmentSize: Hashable, Sendable, Codable {
    /// In bytes.
    public let bytes: UInt64

    public static let standard = WALSegmentSize(unchecked: 16 << 20)
    /// The smallest that there is: with it the names of all sizes are names.
    public static let smallest = WALSegmentSize(unchecked: 1 << 20)

    public init?(bytes: UInt64) {
        guard (1 << 20...1 << 30).contains(bytes), bytes.nonzeroBitCount == 1 else { return nil }
        self.bytes = bytes
    }

    private init(unchecked bytes: UInt64) {
        self.bytes = bytes
    }

    /// Segments per 4 GiB of WAL: how many low numbers a file name has before the middle part counts up.
    var perXLogID: UInt64 { (1 << 32) / bytes }
}

/// One WAL segment: a timeline and a number, with the segment size that makes both a file name and a range.
///
/// The name is 24 upper-case hexadecimal digits: timeline, then the number split by 4 GiB of WAL
/// (PostgreSQL's `XLogFileName`).
public struct SegmentName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let timeline: TimelineID
    public let number: UInt64
    public let size: WALSegmentSize

    public init(timeline: TimelineID, number: UInt64, size: WALSegmentSize = .standard) {
        self.timeline = timeline
        self.number = number
        self.size = size
    }

    /// The segment that holds the byte at `lsn`.
    public init(timeline: TimelineID, containing lsn: LSN, size: WALSegmentSize) {
        self.init(timeline: timeline, number: lsn.rawValue / size.bytes, size: size)
    }

    /// Reads a 24-digit file name; nil for anything else, also for a low part beyond the segment size.
    public init?(fileName: String, size: WALSegmentSize) {
        let bytes = Array(fileName.utf8)
        guard bytes.count == 24,
            bytes.allSatisfy({ $0.isHexDigit && !(UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
        else { return nil }
        func part(_ range: Range<Int>) -> UInt32? {
            UInt32(String(decoding: bytes[range], as: UTF8.self), radix: 16)
        }
        guard let timeline = part(0..<8), let high = part(8..<16), let low = part(16..<24),
            timeline > 0, UInt64(low) < size.perXLogID
        else { return nil }
        self.init(
            timeline: TimelineID(timeline), number: UInt64(high) * size.perXLogID + UInt64(low), size: size)
    }

    public var fileName: String {
        timeline.fileName + Hexadecimal.text(number / size.perXLogID, digits: 8, .upper)
            + Hexadecimal.text(number % size.perXLogID, digits: 8, .upper)
    }

    public var description: String { fileName }
    public var start: LSN { LSN(number * size.bytes) }
    /// The first byte of the next segment; of the very last one, the largest position.
    public var end: LSN { start.advanced(by: size.bytes) }
    public var next: SegmentName { SegmentName(timeline: timeline, number: number + 1, size: size) }

    public static func < (left: SegmentName, right: SegmentName) -> Bool {
        (left.timeline, left.number) < (right.timeline, right.number)
    }
}
