public import PostgresFormat

/// A base backup that is kept, as far as it needs WAL.
public struct KeptBackup: Hashable, Sendable {
    public var name: String
    public var timeline: TimelineID
    /// Where replay must begin.
    public var start: LSN
    /// Where the backup becomes consistent.
    public var stop: LSN

    public init(name: String, timeline: TimelineID, start: LSN, stop: LSN) {
        self.name = name
        self.timeline = timeline
        self.start = start
        self.stop = stop
    }
}

/// What an archive must have: all WAL from the oldest backup on, along every timeline that it can be
/// recovered along. What lies before that has expired.
extension ArchiveReport {
    /// The first WAL that is needed.
    public struct Need: Hashable, Sendable {
        public var lsn: LSN
        public var segment: SegmentName
        /// The backup whose replay begins there.
        public var backup: String
    }

    /// Adds what is missing although a backup needs it, and takes away gaps in front of all that is needed.
    ///
    /// - Parameter backups: those that can be used; listed before the segments were, or one that has just
    ///   been finished would miss its WAL.
    /// - Parameter histories: of all timelines that have one.
    public mutating func addNeeds(
        of backups: [KeptBackup], _ histories: [TimelineID: TimelineHistory], _ size: WALSegmentSize
    ) {
        guard let oldest = backups.min(by: { $0.start < $1.start }) else { return }
        need = Need(
            lsn: oldest.start,
            segment: SegmentName(timeline: oldest.timeline, containing: oldest.start, size: size),
            backup: oldest.name)
        gaps.removeAll { $0.last.end <= oldest.start }
        let held = segments.map(\.name)
        var missing = gaps
        for timeline in Set(held.map(\.timeline) + backups.map(\.timeline)) {
            let path = TimelinePath(histories[timeline] ?? TimelineHistory(root: timeline))
            missing += Self.missing(along: path, from: held, histories, backups, size)
        }
        gaps = Self.united(missing, size)
    }

    /// What is missing from the oldest backup on a path on to the last that is known of its timeline.
    private static func missing(
        along path: TimelinePath, from held: [SegmentName], _ histories: [TimelineID: TimelineHistory],
        _ backups: [KeptBackup], _ size: WALSegmentSize
    ) -> [Gap] {
        let usable = backups.filter { path.use(ofBackupOn: $0.timeline, endingAt: $0.stop) == .usable }
        let ends =
            held.filter { $0.timeline == path.timeline }.map(\.end)
            + usable.filter { $0.timeline == path.timeline }.map(\.stop)
        guard let begin = usable.map(\.start).min(), let end = ends.max(), begin < end else { return [] }
        let last = (end.rawValue - 1) / size.bytes
        var next = begin.rawValue / size.bytes
        var missing: [Gap] = []
        for segment in path.choose(from: held, histories: histories)
        where segment.name.number >= next && segment.name.number <= last {
            // Of the last one only as much is needed as a backup needs of it.
            if let limit = segment.limit, limit < min(segment.name.end, end) { continue }
            let number = segment.name.number
            if number > next { missing += gaps(next...number - 1, on: path, size) }
            next = number + 1
        }
        if next <= last { missing += gaps(next...last, on: path, size) }
        return missing
    }

    /// The names of missing segments, apart for each timeline.
    private static func gaps(
        _ numbers: ClosedRange<UInt64>, on path: TimelinePath, _ size: WALSegmentSize
    ) -> [Gap] {
        var first = numbers.lowerBound
        var found: [Gap] = []
        for stretch in path.stretches where first <= numbers.upperBound {
            // The segment in which a timeline is left is the next one's.
            let after = stretch.end.map { $0.rawValue / size.bytes } ?? .max
            guard first < after else { continue }
            let last = min(numbers.upperBound, after - 1)
            found.append(
                Gap(
                    first: SegmentName(timeline: stretch.timeline, number: first, size: size),
                    last: SegmentName(timeline: stretch.timeline, number: last, size: size)))
            first = last + 1
        }
        return found
    }

    /// The same segments, each in one gap.
    private static func united(_ gaps: [Gap], _ size: WALSegmentSize) -> [Gap] {
        var united: [Gap] = []
        for gap in gaps.sorted(by: { $0.first < $1.first }) {
            if let last = united.last?.last, last.timeline == gap.first.timeline,
                gap.first.number <= last.number + 1
            {
                united[united.count - 1].last = max(last, gap.last)
            } else {
                united.append(gap)
            }
        }
        return united
    }
}
