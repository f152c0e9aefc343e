public import WALEvents
import PostgresFormat

/// The state of the index beside one archived segment.
public struct WALIndexDocument: Codable, Sendable {
    @OrNull public var commits: UInt32?
    /// Of the index file.
    public var indexBytes: UInt64
    @OrNull public var reason: String?
    public var segment: String
    /// Of the compressed segment.
    public var segmentBytes: UInt64
    /// `present`, `missing`, `stale`, `damaged`, or `unusable` where the segment itself is damaged.
    public var state: String
    public var timeline: UInt32

    public init(_ entry: WALIndexEntry) {
        commits = entry.commits
        indexBytes = entry.indexBytes
        reason = entry.reason
        segment = entry.segment.fileName
        segmentBytes = entry.segmentBytes
        state = entry.state.rawValue
        timeline = entry.segment.timeline.rawValue
    }
}
