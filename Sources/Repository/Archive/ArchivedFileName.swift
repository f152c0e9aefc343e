public import PostgresFormat

/// The name of a file that PostgreSQL hands to its archive command.
public enum ArchivedFileName: Hashable, Sendable, CustomStringConvertible {
    case segment(SegmentName)
    /// The last, unfinished segment of a timeline that was left by a promotion.
    case partial(SegmentName)
    /// `<segment>.<offset>.backup`: tells that a base backup was taken, and when.
    case backupHistory(SegmentName, offset: UInt32)
    case timelineHistory(TimelineID)

    /// Reads a file name; nil for anything that PostgreSQL does not archive.
    public init?(fileName: String, segmentSize: WALSegmentSize = .standard) {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let segment = SegmentName(fileName: parts[0], size: segmentSize)
        switch (parts.count, segment) {
        case (1, let segment?): self = .segment(segment)
        case (2, let segment?) where parts[1] == "partial": self = .partial(segment)
        case (3, let segment?) where parts[2] == "backup":
            guard let offset = Self.eightDigits(parts[1]) else { return nil }
            self = .backupHistory(segment, offset: offset)
        case (2, nil) where parts[1] == "history":
            guard let timeline = Self.eightDigits(parts[0]), timeline > 0 else { return nil }
            self = .timelineHistory(TimelineID(timeline))
        default: return nil
        }
    }

    public var fileName: String {
        switch self {
        case .segment(let segment): segment.fileName
        case .partial(let segment): segment.fileName + ".partial"
        case .backupHistory(let segment, let offset):
            segment.fileName + "." + TimelineID(offset).fileName + ".backup"
        case .timelineHistory(let timeline): timeline.fileName + ".history"
        }
    }

    public var description: String { fileName }

    public var timeline: TimelineID {
        switch self {
        case .segment(let segment), .partial(let segment), .backupHistory(let segment, _): segment.timeline
        case .timelineHistory(let timeline): timeline
        }
    }

    /// The segment whose bytes the file holds, whole or partial; nil for the two kinds of history file.
    public var walSegment: SegmentName? {
        switch self {
        case .segment(let segment), .partial(let segment): segment
        case .backupHistory, .timelineHistory: nil
        }
    }

    private static func eightDigits(_ text: String) -> UInt32? {
        guard let value = UInt32(text, radix: 16), TimelineID(value).fileName == text else { return nil }
        return value
    }
}
