public import PostgresFormat

/// What a whole archive was found to be.
public struct ArchiveReport: Sendable {
    /// What one segment was found to be.
    public struct Segment: Sendable {
        public var name: SegmentName
        public var isPartial: Bool
        /// Size of the compressed file.
        public var storedBytes: UInt64
        public var rawBytes: UInt64 = 0
        /// Records read in the segment, each with its checksum right; one that crosses into the next may be
        /// counted there.
        public var records: UInt64 = 0
        public var version: WALVersion?
        /// Why the WAL ends in this segment: allowed only in the last one of its timeline.
        public var end: WALEnd?
        /// What is wrong with it; nil when nothing is.
        public var damage: String?

        public init(name: SegmentName, isPartial: Bool, storedBytes: UInt64) {
            self.name = name
            self.isPartial = isPartial
            self.storedBytes = storedBytes
        }

        public var fileName: String { name.fileName + (isPartial ? ".partial" : "") }
    }

    /// Segments that are missing: between two that are there, or although a backup needs them.
    public struct Gap: Hashable, Sendable {
        public var first: SegmentName
        public var last: SegmentName

        public init(first: SegmentName, last: SegmentName) {
            self.first = first
            self.last = last
        }

        public var count: UInt64 { last.number - first.number + 1 }
    }

    public struct Timeline: Sendable {
        public var timeline: TimelineID
        public var first: SegmentName
        public var last: SegmentName
        public var segments: Int
        /// The timeline it came from and where; nil for the first one, and where the history is missing.
        public var parent: TimelineHistory.Entry?
        /// What is wrong with its history; nil when nothing is.
        public var damage: String?

        public init(
            timeline: TimelineID, first: SegmentName, last: SegmentName, segments: Int,
            parent: TimelineHistory.Entry?, damage: String?
        ) {
            self.timeline = timeline
            self.first = first
            self.last = last
            self.segments = segments
            self.parent = parent
            self.damage = damage
        }
    }

    public var segments: [Segment] = []
    public var gaps: [Gap] = []
    /// The first WAL that a backup needs; nil where there is none that can be used.
    public var need: Need?
    public var timelines: [Timeline] = []
    /// Files that do not belong into an archive.
    public var strangers: [String] = []

    public init() {}

    /// Whether everything is there and right; strangers do no harm.
    public var isSound: Bool {
        gaps.isEmpty && !segments.contains { $0.damage != nil } && !timelines.contains { $0.damage != nil }
    }
}

extension ArchiveReport {
    /// WAL that ends inside a segment is damage unless it is its timeline's last.
    public mutating func settleEnds() {
        for index in segments.indices {
            guard let end = segments[index].end, segments[index].damage == nil else { continue }
            let isLast =
                index + 1 == segments.count
                || segments[index + 1].name.timeline != segments[index].name.timeline
                || segments[index].isPartial
            let isTorn = end.flaw != nil && !segments[index].isPartial
            if isLast, !isTorn { continue }
            segments[index].damage = "its WAL ends at \(end.position): \(end.explanation)"
        }
    }
}
