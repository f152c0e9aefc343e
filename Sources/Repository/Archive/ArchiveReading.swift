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

extension WALSelection {
    /// The timeline, and where a record has to begin.
    var stretch: (TimelineID, Range<LSN>) {
        switch self {
        case .segment(let name): (name.timeline, name.start..<name.end)
        case .range(let timeline, let range): (timeline, range)
        }
    }
}

extension WALArchive {
    /// Visits records in WAL order, until `visit` answers false.
    ///
    /// A record that begins in the selection is put together from as many segments as it needs. The answer
    /// says why the WAL ended before the selection did: nil if it did not, or the visitor had enough.
    /// Throws `.walMissing` when the first segment is not stored, `.walDamaged` when one is damaged.
    public func records(
        _ selection: WALSelection, _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> ReadingEnd? {
        try records(selection, beyond: { (_) throws(Problem) in nil }, visit)
    }

    /// The same with WAL that is not archived.
    ///
    /// - Parameter file: asked for a plain file with the content of a segment that is not stored; nil where
    ///   there is none. The file is read before it is asked for another one.
    public func records(
        _ selection: WALSelection, beyond file: (SegmentName) throws(Problem) -> String?,
        _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> ReadingEnd? {
        let size = try layout.identity().segmentSize
        let (timeline, range) = selection.stretch
        var name = SegmentName(timeline: timeline, containing: range.lowerBound, size: size)
        var decoder = WALDecoder(start: name.start, segmentSize: size, maximumTimeline: timeline)
        var isFirst = true
        while true {
            guard let content = try content(of: name, beyond: file) else {
                if isFirst { throw Self.missing(name) }
                let isOver = decoder.nextRecord >= range.upperBound
                return isOver ? nil : .segmentMissing(name, decoder.nextRecord)
            }
            isFirst = false
            var isOver = false
            var ended: WALEnd?
            try withPages(of: content) { (pages) throws(Problem) in
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
            if let ended { return .wal(ended) }
            name = name.next
            if decoder.nextRecord >= range.upperBound { return nil }
        }
    }

    private enum Content {
        case stored(ArchivedFileName)
        case file(String)
    }

    private func content(
        of name: SegmentName, beyond file: (SegmentName) throws(Problem) -> String?
    ) throws(Problem) -> Content? {
        if let stored = try storedName(name) { return .stored(stored) }
        if let path = try file(name) { return .file(path) }
        // It may have been archived meanwhile.
        return try storedName(name).map { .stored($0) }
    }

    private func withPages(
        of content: Content, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool
    ) throws(Problem) {
        switch content {
        case .stored(let name): try withContent(of: name, body)
        case .file(let path):
            try OpenFile(reading: path).forEachChunk { (bytes, _) throws(Problem) in try body(bytes) }
        }
    }

    /// The name under which a segment is stored, whole or partial.
    func storedName(_ name: SegmentName) throws(Problem) -> ArchivedFileName? {
        if contains(.segment(name)) { return .segment(name) }
        return contains(.partial(name)) ? .partial(name) : nil
    }

    private static func missing(_ name: SegmentName) -> Problem {
        Problem(
            .walMissing, "segment \(name) is not in the archive",
            hint: "'pitr wal verify' lists what the archive holds.")
    }
}
