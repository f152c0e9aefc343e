public import PostgresFormat

/// `min_wal_size` and `max_wal_size`: PostgreSQL starts with neither below two segments.
public struct WALSizeSettings: Sendable, Hashable {
    /// 80 MB, or two segments where those are more.
    public let smallest: String
    /// 1 GB, or two segments where those are more.
    public let largest: String

    public init(_ segment: WALSegmentSize) {
        let two = Int(segment.bytes >> 20) * 2
        smallest = "\(max(80, two))MB"
        largest = two > 1024 ? "\(two)MB" : "1GB"
    }
}
