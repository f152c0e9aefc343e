import Planning
public import Platform
public import PostgresFormat

/// How much of a file in pg_wal is WAL.
public enum WALFileProbe {
    public enum Extent {
        /// Kept for reuse: nothing of this segment was written yet.
        case unused
        /// Records run through to the next segment.
        case complete
        /// WAL ends inside.
        case unfinished
    }

    public static func extent(of path: String, segment: SegmentName) throws(Problem) -> Extent {
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
