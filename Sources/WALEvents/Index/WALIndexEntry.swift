public import PostgresFormat

/// What is stored of the index of one archived segment.
public struct WALIndexEntry: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        case present, missing, stale, damaged
        /// The segment itself cannot be read.
        case unusable
    }

    public let segment: SegmentName
    public let state: State
    /// Why it is not believed.
    public let reason: String?
    /// Of the compressed segment.
    public let segmentBytes: UInt64
    /// Of the index; 0 where there is none.
    public let indexBytes: UInt64
    /// Transactions that committed in the segment, where the index says.
    public let commits: UInt32?

    public init(
        segment: SegmentName, state: State, reason: String?, segmentBytes: UInt64, indexBytes: UInt64,
        commits: UInt32?
    ) {
        self.segment = segment
        self.state = state
        self.reason = reason
        self.segmentBytes = segmentBytes
        self.indexBytes = indexBytes
        self.commits = commits
    }
}

extension WALIndexEntry {
    /// A push writes its segment's index a moment later; beyond so many seconds it did not.
    private static let pushSeconds: Int64 = 3600

    /// Whether maintenance makes the index anew.
    ///
    /// - Parameter stored: when the segment was stored; both in seconds since 1970.
    public func isDue(storedAt stored: Int64, now: Int64) -> Bool {
        switch state {
        case .present, .unusable: false
        case .missing, .stale, .damaged: now - stored > Self.pushSeconds
        }
    }
}
