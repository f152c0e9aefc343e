public import PostgresFormat

/// The WAL of one timeline: its own, and before that its ancestors' up to where it left each of them.
public struct TimelinePath: Hashable, Sendable {
    /// A part of the path on one timeline.
    public struct Stretch: Hashable, Sendable, Codable {
        public var timeline: TimelineID
        /// The first byte that belongs to the next stretch; nil for the last one.
        public var end: LSN?
    }

    /// Whether a backup can be recovered along the path.
    public enum Use: Hashable, Sendable {
        case usable
        /// The path left the backup's timeline there, before the backup had ended.
        case forkedTooEarly(LSN)
        /// The path never was on the backup's timeline.
        case notInHistory
    }

    public let history: TimelineHistory

    public init(_ history: TimelineHistory) {
        self.history = history
    }

    public var timeline: TimelineID { history.timeline }

    /// Oldest first.
    public var stretches: [Stretch] {
        history.entries.map { Stretch(timeline: $0.timeline, end: $0.end) }
            + [Stretch(timeline: timeline, end: nil)]
    }

    /// Where the path's own timeline begins; nil when it has no ancestors.
    public var begin: LSN? { history.entries.last?.end }

    public func use(ofBackupOn timeline: TimelineID, endingAt stop: LSN) -> Use {
        if history.contains(timeline, upTo: stop) { return .usable }
        return history.switchPoint(from: timeline).map { .forkedTooEarly($0) } ?? .notInHistory
    }

    /// Up to where the WAL of another timeline is the same; zero if they have nothing in common.
    public func shared(with other: TimelineHistory) -> LSN {
        var common = LSN.zero
        for (left, right) in zip(stretches, TimelinePath(other).stretches) {
            guard left.timeline == right.timeline else { break }
            let ends = (left.end ?? .max, right.end ?? .max)
            common = min(ends.0, ends.1)
            if ends.0 != ends.1 { break }
        }
        return common
    }

    /// The path up to a position.
    public func stretches(upTo end: LSN) -> [Stretch] {
        var result: [Stretch] = []
        for stretch in stretches {
            result.append(stretch)
            if stretch.end.map({ end <= $0 }) ?? true { break }
        }
        return result
    }

    /// The timeline on which replay is when it has come to `end`.
    public func timeline(endingAt end: LSN) -> TimelineID {
        history.timeline(containing: LSN(max(end.rawValue, 1) - 1))
    }

    /// The name under which a segment of the path is looked for first: that of the timeline at its end.
    public func segment(_ number: UInt64, _ size: WALSegmentSize) -> SegmentName {
        let name = SegmentName(timeline: timeline, number: number, size: size)
        return SegmentName(timeline: timeline(endingAt: name.end), number: number, size: size)
    }
}

/// A segment of a path, and the file that has it.
public struct PathSegment: Hashable, Sendable {
    /// As recovery along the path asks for it.
    public var name: SegmentName
    /// The file: it may be that of a timeline which branched off later, and has what came before with it.
    public var file: SegmentName
    /// The bytes of the file from here on belong to another timeline; nil when all of it is the path's.
    public var limit: LSN?

    public init(name: SegmentName, file: SegmentName, limit: LSN? = nil) {
        self.name = name
        self.file = file
        self.limit = limit
    }
}

extension TimelinePath {
    /// The path's segments among those held, in order.
    ///
    /// A number is looked for as PostgreSQL does, under the newest timeline that may have it; and if it is
    /// not there, under any other timeline that has the same WAL at the segment's beginning: content counts,
    /// not the name.
    public func choose(
        from held: some Sequence<SegmentName>, histories: [TimelineID: TimelineHistory]
    ) -> [PathSegment] {
        let stretches = stretches
        let sorted = held.sorted { ($0.number, $0.timeline) < ($1.number, $1.timeline) }
        var chosen: [PathSegment] = []
        chosen.reserveCapacity(sorted.count)
        var rest = sorted[...]
        while let first = rest.first {
            let names = rest.prefix { $0.number == first.number }
            rest = rest[names.endIndex...]
            let segment = Self.own(names, stretches) ?? foreign(names, histories)
            if let segment { chosen.append(segment) }
        }
        return chosen
    }

    private static func own(_ names: ArraySlice<SegmentName>, _ stretches: [Stretch]) -> PathSegment? {
        for (index, stretch) in stretches.enumerated().reversed() {
            let begin = index > 0 ? stretches[index - 1].end : nil
            guard let name = names.first(where: { $0.timeline == stretch.timeline }),
                begin.map({ $0 < name.end }) ?? true, stretch.end.map({ $0 > name.start }) ?? true
            else { continue }
            let limit = stretch.end.flatMap { $0 < name.end ? $0 : nil }
            return PathSegment(name: name, file: name, limit: limit)
        }
        return nil
    }

    /// - Parameter names: by timeline.
    private func foreign(
        _ names: ArraySlice<SegmentName>, _ histories: [TimelineID: TimelineHistory]
    ) -> PathSegment? {
        var best: PathSegment?
        var reach = LSN.zero
        for file in names {
            guard let other = histories[file.timeline] else { continue }
            let common = shared(with: other)
            guard common > file.start, common > reach else { continue }
            reach = common
            let name = SegmentName(
                timeline: timeline(endingAt: min(common, file.end)), number: file.number, size: file.size)
            best = PathSegment(name: name, file: file, limit: common < file.end ? common : nil)
        }
        return best
    }
}

/// The timeline that a restore follows, and why that one.
public struct TimelineChoice: Hashable, Sendable {
    public enum Reason: String, Hashable, Sendable, Codable {
        /// The source is on it.
        case current
        /// The source cannot be asked: the newest one of which there is WAL or a backup.
        case newest
        /// A backup was asked for, and is on it.
        case backup
        case asked
    }

    public var path: TimelinePath
    public var reason: Reason
    /// Other timelines that could be asked for.
    public var others: [TimelineID]
    /// All timelines whose histories are held.
    public var histories: Set<TimelineID> = []
    /// Backups that cannot be recovered along the path.
    public var rejected: [RejectedBackup]
    /// Whether nothing of the timeline's own WAL is held, only its history.
    public var isWithoutWAL: Bool

    public init(
        path: TimelinePath, reason: Reason, others: [TimelineID] = [], rejected: [RejectedBackup] = [],
        isWithoutWAL: Bool = false
    ) {
        self.path = path
        self.reason = reason
        self.others = others
        self.rejected = rejected
        self.isWithoutWAL = isWithoutWAL
    }

    /// Why a backup is not on the path; nil when it is.
    public func objection(toBackupOn timeline: TimelineID, endingAt stop: LSN) -> String? {
        switch path.use(ofBackupOn: timeline, endingAt: stop) {
        case .usable: nil
        case .forkedTooEarly(let fork):
            "timeline \(path.timeline) left timeline \(timeline) at \(fork), "
                + "before this backup ended at \(stop)"
        case .notInHistory:
            "it is on timeline \(timeline), which is not in the history of timeline \(path.timeline)"
        }
    }
}
