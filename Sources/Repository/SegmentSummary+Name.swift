import Planning
import PostgresFormat

extension SegmentSummary {
    /// Whether the summary was made of the segment of that name.
    func describes(_ name: SegmentName) -> Bool {
        timeline == name.timeline && segmentNumber == name.number && segmentSize == name.size
    }
}
