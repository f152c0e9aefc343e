import Planning
import Platform
import PostgresFormat

/// How much of a file in pg_wal is log.
enum WALFileProbe {
    enum Extent {
        /// Kept for reuse: nothing of this segment was written yet.
        case unused
        /// Records run through to the next segment.
        case complete
        /// The log ends inside.
        case unfinished
    }

    static func extent(of path: String, segment: SegmentName) throws(Problem) -> Extent {
        var summarizer = SegmentSummarizer(name: segment)
        try OpenFile(reading: path).forEachChunk { bytes, _ in
            summarizer.feed(bytes)
            return true
        }
        let summary = summarizer.finish()
        if summary.isComplete { return .complete }
        return summary.firstRecord == nil && summary.head == nil ? .unused : .unfinished
    }
}
