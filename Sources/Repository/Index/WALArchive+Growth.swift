public import Platform
import PostgresFormat
public import WALEvents

extension WALArchive {
    /// What the indexes of stored segments tell of the sizes of files, each with the segment before it if
    /// that is stored; read on all processors. Nil for each that has no index to be believed, or one from
    /// before indexes told it.
    public func storedGrowth(
        of segments: [(segment: ArchivedSegment, before: ArchivedSegment?)]
    ) throws(Problem) -> [SegmentGrowth?] {
        try Workers.map(segments.count) { (place) throws(Problem) in
            storedGrowth(of: segments[place].segment, after: segments[place].before)
        }
    }

    private func storedGrowth(
        of segment: ArchivedSegment, after predecessor: ArchivedSegment?
    ) -> SegmentGrowth? {
        guard let summary = segment.summary else { return nil }
        do {
            guard let file = try OpenFile(readingIfPresent: layout.indexPath(of: segment.name)) else {
                return nil
            }
            let header = try IndexFile.header(
                of: Self.bytes(of: file, at: 0, count: IndexFile.headerSize))
            guard header.tellsGrowth, try file.size() == header.fileSize,
                Self.staleness(header.identity, segment.name, summary, predecessor) == nil
            else { return nil }
            let part = header.parts[IndexFile.Part.growth.rawValue]
            let stored = try Self.bytes(
                of: file, at: header.offset(of: .growth), count: Int(part.stored))
            return try SegmentGrowth(decoding: IndexFile.content(stored, of: part, try layout.decoder()))
        } catch {
            // As with all indexes: one that cannot be read is one that is not there.
            return nil
        }
    }
}
