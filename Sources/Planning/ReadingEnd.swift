public import PostgresFormat

/// Why reading ended before it was through.
public enum ReadingEnd: Hashable, Sendable {
    case wal(WALEnd)
    /// The segment that would be next is not stored; the position is where the next record starts or would.
    case segmentMissing(SegmentName, LSN)
    /// WAL goes on there, and cannot be read; what shows it, in words.
    case damaged(LSN, String)

    /// In words that go on after "the WAL ends at LSN:".
    public var explanation: String {
        switch self {
        case .wal(let end): end.explanation
        case .segmentMissing(let name, _): "segment \(name) is not there"
        case .damaged(_, let reason): reason
        }
    }

    public var position: LSN {
        switch self {
        case .wal(let end): end.position
        case .segmentMissing(_, let lsn), .damaged(let lsn, _): lsn
        }
    }
}
