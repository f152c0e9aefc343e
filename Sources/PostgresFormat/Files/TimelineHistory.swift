/// The ancestry of a timeline: which timeline the WAL was on up to which position. A `.history` file's
/// content.
public struct TimelineHistory: Hashable, Sendable {
    /// A finished stretch: the WAL up to `end` lies on `timeline`.
    public struct Entry: Hashable, Sendable {
        public let timeline: TimelineID
        /// Where the next timeline branched off: its first byte.
        public let end: LSN
        /// Why the timeline ended, in the server's words.
        public let reason: String

        public init(timeline: TimelineID, end: LSN, reason: String) {
            self.timeline = timeline
            self.end = end
            self.reason = reason
        }
    }

    /// Why a text is not the history of the timeline.
    public enum Failure: Error, Hashable, Sendable {
        /// Lines count from 1.
        case malformedLine(Int)
        /// Timelines must rise, and stay below the one whose history this is.
        case timelineOutOfOrder(Int)
        case switchPointOutOfOrder(Int)
    }

    public let timeline: TimelineID
    /// Oldest first; empty for a timeline without ancestors.
    public let entries: [Entry]

    /// A timeline without ancestors, such as a new cluster's first.
    public init(root timeline: TimelineID) {
        self.timeline = timeline
        entries = []
    }

    /// Reads the text of a `.history` file: lines of timeline, switch point and reason; `#` begins a comment.
    public init(parsing text: String, of timeline: TimelineID) throws(Failure) {
        self.timeline = timeline
        var entries: [Entry] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.drop { $0 == " " || $0 == "\t" }
            guard !content.isEmpty, content.first != "#", content != "\r" else { continue }
            let fields = content.split(
                maxSplits: 2, omittingEmptySubsequences: true, whereSeparator: { $0 == "\t" || $0 == " " })
            guard fields.count >= 2, let parent = UInt32(fields[0]), parent > 0,
                let end = LSN(String(fields[1]))
            else { throw .malformedLine(index + 1) }
            let last = entries.last
            guard parent < timeline.rawValue, last.map({ $0.timeline.rawValue < parent }) ?? true else {
                throw .timelineOutOfOrder(index + 1)
            }
            guard last.map({ $0.end <= end }) ?? true else { throw .switchPointOutOfOrder(index + 1) }
            entries.append(
                Entry(
                    timeline: TimelineID(parent), end: end, reason: fields.count > 2 ? String(fields[2]) : "")
            )
        }
        self.entries = entries
    }

    /// The text of the file, without comments.
    public func printed() -> String {
        entries.map { "\($0.timeline)\t\($0.end)\t\($0.reason)\n" }.joined()
    }

    /// The timeline on which the byte at `lsn` lies, seen from here.
    public func timeline(containing lsn: LSN) -> TimelineID {
        entries.first { lsn < $0.end }?.timeline ?? timeline
    }

    /// Where the timeline ended for this one: nil for this timeline itself and for one that is no ancestor.
    public func switchPoint(from ancestor: TimelineID) -> LSN? {
        entries.first { $0.timeline == ancestor }?.end
    }

    /// Whether the WAL of `other` up to `lsn` is part of this timeline's past (or is it itself).
    public func contains(_ other: TimelineID, upTo lsn: LSN) -> Bool {
        other == timeline || switchPoint(from: other).map { lsn <= $0 } ?? false
    }
}
