import Planning
public import PostgresFormat

/// How far the WAL beside a base backup reaches from it, and what is missing on the way.
public struct WALReach: Hashable, Sendable {
    /// WAL that is missing between two segments that are there.
    public struct Gap: Hashable, Sendable {
        public var first: SegmentName
        public var last: SegmentName
    }

    /// The newest one that the base backup can be recovered along.
    public var timeline: TimelineID
    /// Segments that the backup is of no use without.
    public var missing: [SegmentName] = []
    /// Everything before can be replayed: nothing is missing up to there.
    public var end: LSN
    /// The last commit or abort before.
    public var last: TransactionEnd?
    public var gaps: [Gap] = []
    /// Where a segment cannot be read on though WAL follows.
    public var damaged: [SegmentName] = []
    /// How many segments there are from the backup's first one on.
    public var segments = 0

    /// - Parameters:
    ///   - files: the best of each segment.
    ///   - stop: where the backup ends, which began on the timeline `start`.
    init(
        from start: LSN, to stop: LSN, on root: TimelineID, _ size: WALSegmentSize, files: [FoundSegment],
        histories texts: [TimelineID: String]
    ) {
        var histories: [TimelineID: TimelineHistory] = [:]
        for (timeline, text) in texts {
            // One that cannot be read tells no way: its timeline is as if it were not there.
            histories[timeline] = try? TimelineHistory(parsing: text, of: timeline)
        }
        let first = start.rawValue / size.bytes
        let known = Dictionary(
            files.compactMap { file in file.segment.map { ($0, file) } }.filter { $0.0.number >= first },
            uniquingKeysWith: { $1 })
        let candidates = Set(known.keys.map(\.timeline)).union(histories.keys).filter { timeline in
            timeline == root || histories[timeline]?.contains(root, upTo: stop) == true
        }
        timeline = candidates.max() ?? root
        let path = TimelinePath(histories[timeline] ?? TimelineHistory(root: timeline))
        let chosen = path.choose(from: known.keys, histories: histories)
        segments = chosen.count
        end = start
        let last = max(first, (max(stop.rawValue, 1) - 1) / size.bytes)
        let numbers = Set(chosen.map(\.name.number))
        missing = (first...last).filter { !numbers.contains($0) }.map { path.segment($0, size) }
        follow(chosen, known, from: first, path, size)
    }

    private mutating func follow(
        _ chosen: [PathSegment], _ known: [SegmentName: FoundSegment], from first: UInt64,
        _ path: TimelinePath, _ size: WALSegmentSize
    ) {
        var next = first
        var goesOn = true
        for segment in chosen {
            let number = segment.name.number
            if number > next {
                gaps.append(Gap(first: path.segment(next, size), last: path.segment(number - 1, size)))
                goesOn = false
            }
            next = number + 1
            guard let file = known[segment.file] else { continue }
            let reach = min(file.isWhole ? segment.name.end : file.reach, segment.limit ?? .max)
            if goesOn {
                end = reach
                if let stop = file.summary.lastStop, stop.end <= reach { last = stop }
            }
            if !file.isWhole, segment.limit.map({ reach < $0 }) ?? true {
                if segment != chosen.last || !file.isUnfinished { damaged.append(segment.name) }
                goesOn = false
            }
        }
    }
}
