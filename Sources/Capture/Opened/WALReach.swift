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
    /// More than anybody reads; what claims to end far away must not take all memory.
    static let mostMissing = 1000

    /// Segments that the backup is of no use without, the first thousand of them.
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
    ///   - stop: where the backup ends.
    init(
        from start: LSN, to stop: LSN, along timelines: FoundTimelines, _ size: WALSegmentSize,
        files: [FoundSegment]
    ) {
        let histories = timelines.histories
        let first = start.rawValue / size.bytes
        let known = Dictionary(
            files.compactMap { file in file.segment.map { ($0, file) } }.filter { $0.0.number >= first },
            uniquingKeysWith: { $1 })
        timeline = timelines.newest
        let path = TimelinePath(histories[timeline] ?? TimelineHistory(root: timeline))
        let chosen = path.choose(from: known.keys, histories: histories)
        segments = chosen.count
        end = start
        let last = max(first, (max(stop.rawValue, 1) - 1) / size.bytes)
        let numbers = Set(chosen.map(\.name.number))
        let absent = (first...last).lazy.filter { !numbers.contains($0) }.prefix(Self.mostMissing)
        missing = Array(absent).map { path.segment($0, size) }
        follow(chosen, known, from: first, path, size)
    }

    private mutating func follow(
        _ chosen: [PathSegment], _ known: [SegmentName: FoundSegment], from first: UInt64,
        _ path: TimelinePath, _ size: WALSegmentSize
    ) {
        var next = first
        var goesOn = true
        var chain: [InventorySegment] = []
        for segment in chosen {
            let number = segment.name.number
            if number > next {
                gaps.append(Gap(first: path.segment(next, size), last: path.segment(number - 1, size)))
                goesOn = false
            }
            // What follows the bytes that are the path's is missing, where the file is another timeline's.
            next = segment.limit == nil ? number + 1 : number
            guard let file = known[segment.file] else { continue }
            let previous = goesOn ? chain.last?.summary : nil
            if let previous, let start = Self.misfit(previous, file.summary) {
                end = start
                damaged.append(segment.name)
                goesOn = false
                continue
            }
            let isKnown = !goesOn || file.summary.isComplete || file.isSwitch(after: previous)
            let isWhole = file.isWhole && isKnown
            let reach = min(isWhole ? segment.name.end : file.reach, segment.limit ?? .max)
            if goesOn {
                end = reach
                if let stop = file.summary.lastStop, stop.end <= reach { last = stop }
                chain.append(InventorySegment(name: segment.name, summary: file.summary))
            }
            if !isWhole, segment.limit.map({ reach < $0 }) ?? true {
                if segment != chosen.last || !file.isUnfinished(isWhole: isWhole) {
                    damaged.append(segment.name)
                }
                goesOn = false
            }
        }
        tryCrossings(chain)
    }

    /// Where a record begins that goes on in a segment which has the rest of another one.
    private static func misfit(_ previous: SegmentSummary, _ next: SegmentSummary) -> LSN? {
        guard let tail = previous.tail, let head = next.head, tail.available < tail.length,
            head.length != tail.length - tail.available
        else { return nil }
        return tail.start
    }

    /// Ends before the first record that crosses segments and does not have its checksum.
    private mutating func tryCrossings(_ chain: [InventorySegment]) {
        guard let wrong = wrongCrossings(chain).first, wrong < end else { return }
        end = wrong
        last = chain.compactMap(\.summary.lastStop).last { $0.end <= wrong }
        if let torn = chain.last(where: { $0.name.start <= wrong }) { damaged.append(torn.name) }
    }
}
