public import Planning
public import Platform
public import PostgresFormat
public import Repository

/// Where the bytes of one segment are.
public indirect enum SegmentLocation: Sendable {
    case archived(ArchivedSegment)
    /// The beginning of an archived segment; the bytes from the position on belong to another timeline.
    case part(ArchivedSegment, upTo: LSN)
    /// A plain file read from the source for this restore alone.
    case file(String)
}

/// All WAL that is held of one server: its archive, and what was read from the source beyond it.
public struct HeldWAL: Sendable {
    public let archive: WALArchive
    public let locations: [SegmentName: SegmentLocation]
    /// Histories that the archive does not have.
    public let histories: [TimelineID: String]
    /// What it was chosen from; nil where nothing is kept of what is read.
    let basis: Basis?
    /// Each number has one segment; what follows on it may have the name of another timeline.
    private let names: [UInt64: SegmentName]

    init(
        archive: WALArchive, locations: [SegmentName: SegmentLocation],
        histories: [TimelineID: String] = [:], basis: Basis? = nil
    ) {
        self.archive = archive
        self.locations = locations
        self.histories = histories
        self.basis = basis
        names = Dictionary(locations.keys.map { ($0.number, $0) }) { $1 }
    }

    /// With the names of segments it tells where each archived one is, and how much of it counts.
    struct Basis: Sendable {
        let listing: ArchiveListing
        let path: TimelinePath
        let histories: [TimelineID: TimelineHistory]
    }

    /// Feeds the raw bytes of a segment in pieces of whole pages; `body` answers false to stop.
    public func pages(of segment: SegmentName, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool)
        throws(Problem)
    {
        switch locations[segment] {
        case .archived(let archived)?:
            try archive.withSegmentPages(archived, body)
        case .part(let archived, let limit)?:
            var position = segment.start
            try archive.withSegmentPages(archived) { bytes throws(Problem) in
                defer { position = position.advanced(by: UInt64(bytes.count)) }
                return try Self.masked(bytes, at: position, from: limit, body)
            }
        case .file(let path)?:
            try OpenFile(reading: path).forEachChunk { bytes, _ throws(Problem) in try body(bytes) }
        case nil:
            throw Problem(.walMissing, "WAL segment \(segment) is not available")
        }
    }

    /// Hands over the bytes with zeros from `limit` on.
    public static func masked<Result>(
        _ bytes: UnsafeRawBufferPointer, at position: LSN, from limit: LSN,
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        let kept = limit.distance(from: position)
        if kept >= UInt64(bytes.count) { return try body(bytes) }
        var copy = Array(bytes)
        for index in Int(kept)..<copy.count { copy[index] = 0 }
        return try copy.span.bytes.withUnsafeBytes(body)
    }
}

extension HeldWAL: RecordSource {
    public func records(startingIn segment: SegmentName, _ visit: (RecordFacts) -> Bool) throws {
        try walRecords(startingIn: segment) { visit(RecordFacts($0)) }
    }

    /// Archived segments have an index that tells.
    public func told(of transaction: TransactionID, in segment: SegmentName) throws -> ToldTransaction? {
        guard let archived = whole(segment) else { return nil }
        return try archive.told(of: transaction, in: archived, after: predecessor(of: archived))
    }

    public func checkpoints(in segment: SegmentName) throws -> [RecordFacts]? {
        guard let archived = whole(segment) else { return nil }
        return try archive.checkpoints(in: archived, after: predecessor(of: archived))
    }

    private func predecessor(of segment: ArchivedSegment) -> ArchivedSegment? {
        guard segment.name.number > 0, let before = names[segment.name.number - 1].flatMap(whole),
            before.name.next == segment.name
        else { return nil }
        return before
    }

    /// Whether a segment was read from the source itself.
    func isFile(_ segment: SegmentName) -> Bool {
        if case .file? = locations[segment] { true } else { false }
    }

    /// The archived segment that a segment is, all of it.
    func whole(_ segment: SegmentName) -> ArchivedSegment? {
        guard case .archived(let archived)? = locations[segment], !archived.isPartial else { return nil }
        return archived
    }
}

extension HeldWAL {
    /// Calls `visit` for every record that starts in the segment, in order, until it answers false.
    public func walRecords(startingIn segment: SegmentName, _ visit: (borrowing WALRecord) -> Bool)
        throws(Problem)
    {
        var decoder = WALDecoder(start: segment.start, segmentSize: segment.size)
        var stopped = false
        var current = segment
        while locations[current] != nil {
            var ended = false
            try pages(of: current) { bytes throws(Problem) in
                let end = decoder.feed(bytes) { record in
                    guard record.start < segment.end else {
                        stopped = true
                        return false
                    }
                    let goOn = visit(record)
                    if !goOn { stopped = true }
                    return goOn
                }
                if let end, case .switched = end { return true }
                ended = end != nil
                return end == nil
            }
            // Only a record that began in the segment and is still incomplete leads into the next one.
            if stopped || ended || decoder.tailFragment == nil { return }
            guard let next = names[current.number + 1] else { return }
            current = next
        }
    }
}
