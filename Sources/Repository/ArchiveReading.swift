public import Planning
public import Platform
public import PostgresFormat

/// Which records are asked for.
public enum WALSelection: Hashable, Sendable {
    /// Those that begin in one segment.
    case segment(SegmentName)
    /// Those that begin in a stretch of one timeline.
    case range(TimelineID, Range<LSN>)
}

extension WALArchive {
    /// Visits records in the order of the log, until `visit` answers false.
    ///
    /// A record that begins in the selection is put together from as many segments as it needs. The answer
    /// says why the log ended before the selection did: nil if it did not, or the visitor had enough.
    /// Throws `.walMissing` when the first segment is not stored, `.walDamaged` when one is damaged.
    public func records(
        _ selection: WALSelection, _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> ReadingEnd? {
        let size = try layout.identity().segmentSize
        let timeline: TimelineID
        let range: Range<LSN>
        switch selection {
        case .segment(let name): (timeline, range) = (name.timeline, name.start..<name.end)
        case .range(let wanted, let stretch): (timeline, range) = (wanted, stretch)
        }
        var name = SegmentName(timeline: timeline, containing: range.lowerBound, size: size)
        var decoder = WALDecoder(start: name.start, segmentSize: size, maximumTimeline: timeline)
        var isFirst = true
        while true {
            guard let stored = try storedName(name) else {
                if isFirst { throw Self.missing(name) }
                let isOver = decoder.nextRecord >= range.upperBound
                return isOver ? nil : .segmentMissing(name, decoder.nextRecord)
            }
            isFirst = false
            var isOver = false
            var ended: WALEnd?
            try withContent(of: stored) { (pages) throws(Problem) in
                ended = try decoder.feed(pages) { (record) throws(Problem) in
                    if record.start >= range.upperBound {
                        isOver = true
                        return false
                    }
                    if record.start >= range.lowerBound, try !visit(record) { isOver = true }
                    return !isOver
                }
                // What lies behind the last record asked for need not be read.
                if decoder.nextRecord >= range.upperBound, decoder.tailFragment == nil { isOver = true }
                if case .switched = ended { ended = nil }
                return !isOver && ended == nil
            }
            if isOver { return nil }
            if let ended { return .log(ended) }
            name = name.next
            if decoder.nextRecord >= range.upperBound { return nil }
        }
    }

    /// The name under which a segment is stored, whole or partial.
    private func storedName(_ name: SegmentName) throws(Problem) -> ArchivedFileName? {
        if contains(.segment(name)) { return .segment(name) }
        return contains(.partial(name)) ? .partial(name) : nil
    }

    private static func missing(_ name: SegmentName) -> Problem {
        Problem(
            .walMissing, "segment \(name) is not in the archive",
            hint: "'pitr wal verify' lists what the archive holds.")
    }
}
