import Planning
import PostgresFormat
import Repository

/// The timelines that a base backup can be recovered along, by the WAL and the histories that lie beside it.
///
/// Somebody else's histories are not trusted: one that the WAL itself contradicts leads nowhere.
struct FoundTimelines {
    /// By the timeline whose history it is.
    private(set) var histories: [TimelineID: TimelineHistory] = [:]
    /// WAL that is there and that no way leads to, each timeline with the reason.
    private(set) var remarks: [String] = []
    private let root: TimelineID
    /// All that a way leads over.
    private var passed: Set<TimelineID> = []

    /// - Parameters:
    ///   - root: the one on which the backup began.
    ///   - stop: where it ends.
    ///   - segments: all that there are from its first one on.
    ///   - texts: of history files.
    init(
        from root: TimelineID, to stop: LSN, _ segments: [FoundSegment], histories texts: [TimelineID: String]
    ) {
        self.root = root
        let written = Dictionary(grouping: segments) { $0.segment?.timeline }
        var unknown: [TimelineID] = []
        for timeline in Set(written.keys.compactMap { $0 }).union(texts.keys).sorted() {
            let file = ArchivedFileName.timelineHistory(timeline)
            guard let text = texts[timeline] else {
                unknown.append(timeline)
                continue
            }
            // One that cannot be read tells no way: its timeline is as if it were not there.
            guard let history = try? TimelineHistory(parsing: text, of: timeline) else { continue }
            if timeline <= root {
                histories[timeline] = history
            } else if !history.contains(root, upTo: stop) {
                guard written[timeline] != nil else { continue }
                remarks.append(
                    "by \(file), timeline \(timeline) does not go on from the base backup: it is passed over")
            } else if let other = Self.contradiction(to: history, from: root, written) {
                remarks.append(
                    "by \(file), timeline \(other.timeline) begins at \(other.begin), and its WAL begins "
                        + "before: timeline \(timeline) is passed over")
            } else {
                histories[timeline] = history
                passed.formUnion(TimelinePath(history).stretches.map(\.timeline))
            }
        }
        remarks += unknown.filter { !hasWay(to: $0) }.map { timeline in
            "there is WAL of timeline \(timeline), and no \(ArchivedFileName.timelineHistory(timeline)): "
                + "it is passed over"
        }
    }

    /// The newest of them.
    var newest: TimelineID { max(root, histories.keys.max() ?? root) }

    /// Whether WAL of a timeline is of use, to this backup or for what came before it.
    func hasWay(to timeline: TimelineID) -> Bool { timeline <= root || passed.contains(timeline) }

    /// A timeline on the way that has WAL of its own from before it begins.
    ///
    /// A server that begins a timeline copies what its first segment has before: pages in it that begin
    /// before keep the number of the timeline that wrote them.
    private static func contradiction(
        to history: TimelineHistory, from root: TimelineID, _ written: [TimelineID?: [FoundSegment]]
    ) -> (timeline: TimelineID, begin: LSN)? {
        let stretches = TimelinePath(history).stretches
        for (before, stretch) in zip(stretches, stretches.dropFirst()) where stretch.timeline > root {
            guard let begin = before.end else { continue }
            let isContradicted = (written[stretch.timeline] ?? []).contains { found in
                guard let segment = found.segment, segment.start < begin else { return false }
                return segment.end <= begin || found.summary.pageTimeline == stretch.timeline
            }
            if isContradicted { return (stretch.timeline, begin) }
        }
        return nil
    }
}
