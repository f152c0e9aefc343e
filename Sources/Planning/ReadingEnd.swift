public import PostgresFormat

/// Why reading ended before it was through.
public enum ReadingEnd: Hashable, Sendable {
    case log(WALEnd)
    /// The segment that would be next is not stored; the position is where the next record starts or would.
    case segmentMissing(SegmentName, LSN)

    /// In words that go on after "the WAL ends at LSN:".
    public var explanation: String {
        switch self {
        case .log(let end): end.explanation
        case .segmentMissing(let name, _): "segment \(name) is not there"
        }
    }

    public var position: LSN {
        switch self {
        case .log(let end): end.position
        case .segmentMissing(_, let lsn): lsn
        }
    }
}
