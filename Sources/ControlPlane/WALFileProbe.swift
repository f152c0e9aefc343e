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
        let file = try OpenFile(reading: path)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: UInt64 = 0
        while true {
            let count = try buffer.withUnsafeMutableBytes { bytes throws(Problem) in
                try file.read(into: bytes, at: offset)
            }
            if count == 0 { break }
            offset += UInt64(count)
            buffer.withUnsafeBytes { summarizer.feed(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        let summary = summarizer.finish()
        if summary.isComplete { return .complete }
        return summary.firstRecord == nil && summary.head == nil ? .unused : .unfinished
    }
}
