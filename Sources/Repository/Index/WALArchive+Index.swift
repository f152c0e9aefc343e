import Planning
public import Platform
public import PostgresFormat
public import WALEvents

/// What is stored of a segment's index.
public enum StoredIndex: Sendable {
    /// It was made from the very segment that is stored, and is whole as far as it was read.
    case intact(SegmentIndex, storedBytes: UInt64)
    case missing
    /// It was made from other bytes, or before the segment ahead of it was there.
    case stale(String, storedBytes: UInt64)
    case damaged(IndexDamage, storedBytes: UInt64)

    public var index: SegmentIndex? {
        if case .intact(let index, _) = self { index } else { nil }
    }

    /// Of the index file; 0 where there is none.
    public var storedBytes: UInt64 {
        switch self {
        case .intact(_, let bytes), .stale(_, let bytes), .damaged(_, let bytes): bytes
        case .missing: 0
        }
    }
}

/// An index as its file has it.
final class ReadIndex: Sendable {
    /// Of the file.
    let storedBytes: UInt64
    /// Which segment it says it was made from; nil where its header cannot be read.
    let identity: SegmentIndex.Identity?
    let content: Result<SegmentIndex, IndexDamage>
    /// How much of memory's limit it takes; nil where it is damaged.
    let weight: Int?

    init(
        storedBytes: UInt64, identity: SegmentIndex.Identity?, _ content: Result<SegmentIndex, IndexDamage>,
        weight: Int? = nil
    ) {
        self.storedBytes = storedBytes
        self.identity = identity
        self.content = content
        self.weight = weight
    }
}

/// How much of an index is read.
public enum IndexExtent: Int, Comparable, Sendable {
    case summary, fragments, detail

    public static func < (left: IndexExtent, right: IndexExtent) -> Bool { left.rawValue < right.rawValue }
}

/// Indexes lie beside the segments and are no part of what is promised: each is believed only when its
/// checksums are right and it names the segment's own checksum, and can be made anew from the WAL.
extension WALArchive {
    /// The index of a stored segment. Nothing is written.
    ///
    /// - Parameters:
    ///   - predecessor: the segment before, if it is stored.
    ///   - seen: its file as it was a moment ago; nil to look now.
    public func storedIndex(
        of segment: ArchivedSegment, after predecessor: ArchivedSegment?, extent: IndexExtent = .summary,
        seen: FileVersion? = nil
    ) throws(Problem) -> StoredIndex {
        let found: ReadIndex?
        do throws(Problem) {
            found = try VersionMemory.value(
                of: layout.indexPath(of: segment.name), seen: seen,
                keptIn: layout.memory?.indexes(extent), weight: \.weight
            ) { (file) throws(Problem) in try read(file, extent) }
        } catch {
            // The WAL itself can still be read.
            return .damaged(IndexDamage(error.message), storedBytes: 0)
        }
        guard let found else { return .missing }
        return Self.judged(found, segment, after: predecessor)
    }

    /// Whether what was read is the index of this segment.
    private static func judged(
        _ found: ReadIndex, _ segment: ArchivedSegment, after predecessor: ArchivedSegment?
    ) -> StoredIndex {
        guard let summary = segment.summary else {
            return .stale("the segment is damaged", storedBytes: found.storedBytes)
        }
        if let identity = found.identity,
            let reason = staleness(identity, segment.name, summary, predecessor)
        {
            return .stale(reason, storedBytes: found.storedBytes)
        }
        switch found.content {
        case .success(let index): return .intact(index, storedBytes: found.storedBytes)
        case .failure(let damage): return .damaged(damage, storedBytes: found.storedBytes)
        }
    }

    /// What a file has of an index, whatever segment it is looked for.
    private func read(_ file: OpenFile, _ extent: IndexExtent) throws(Problem) -> ReadIndex {
        let storedBytes = try file.size()
        var identity: SegmentIndex.Identity?
        func failed(_ damage: IndexDamage) -> ReadIndex {
            ReadIndex(storedBytes: storedBytes, identity: identity, .failure(damage))
        }
        do {
            // One read brings all that a timeline needs of most segments.
            let beginning = try Self.bytes(of: file, at: 0, count: Self.firstRead)
            let header = try IndexFile.header(of: beginning)
            identity = header.identity
            guard header.fileSize == storedBytes else { throw IndexDamage("it has another size") }
            let decoder = try layout.decoder()
            func content(_ part: IndexFile.Part) throws -> [UInt8] {
                let stored = header.parts[part.rawValue]
                let start = header.offset(of: part)
                let end = start + UInt64(stored.stored)
                let bytes =
                    end <= UInt64(beginning.count)
                    ? Array(beginning[Int(start)..<Int(end)])
                    : try Self.bytes(of: file, at: start, count: Int(stored.stored))
                return try IndexFile.content(bytes, of: stored, decoder)
            }
            var index = SegmentIndex(
                identity: header.identity,
                summary: try SegmentIndex.Summary(decoding: content(.summary)))
            if extent >= .fragments {
                index.fragments = try SegmentFragments(decoding: content(.fragments))
            }
            if extent >= .detail {
                index.detail = try SegmentIndex.Detail(decoding: content(.detail))
                // Whoever reads all of it is told of damage anywhere.
                if header.tellsGrowth { _ = try SegmentGrowth(decoding: content(.growth)) }
            }
            let weight = header.parts.prefix(extent.rawValue + 1).reduce(IndexFile.headerSize) {
                $0 + Int($1.plain)
            }
            return ReadIndex(
                storedBytes: storedBytes, identity: header.identity, .success(index), weight: weight)
        } catch let damage as IndexDamage {
            return failed(damage)
        } catch let problem as Problem {
            return failed(IndexDamage(problem.message))
        } catch {
            return failed(IndexDamage("it cannot be read"))
        }
    }

    /// The files of segments' indexes as they are now; nil for each that is not there.
    public func indexFiles(of segments: [SegmentName]) throws(Problem) -> [FileVersion?] {
        var folders: [TimelineID: OpenDirectory] = [:]
        for timeline in Set(segments.map(\.timeline)) {
            folders[timeline] = OpenDirectory(layout.timeline(timeline))
        }
        let opened = folders
        return try Workers.map(segments.count, portion: 1024) { (place) throws(Problem) in
            let segment = segments[place]
            return opened[segment.timeline]?.version(of: RepositoryLayout.indexName(of: segment))
        }
    }

    /// A stored segment whose index is wanted.
    public struct WantedIndex: Sendable {
        public var segment: ArchivedSegment
        /// The segment before it, if that is stored.
        public var before: ArchivedSegment?
        /// The index's file as it was seen a moment ago; nil to look now.
        public var seen: FileVersion?

        public init(of segment: ArchivedSegment, after before: ArchivedSegment?, seen: FileVersion?) {
            self.segment = segment
            self.before = before
            self.seen = seen
        }
    }

    /// The indexes of stored segments, read on all processors. Nil for each of which none that can be
    /// believed is stored.
    public func storedIndexes(
        of wanted: [WantedIndex], extent: IndexExtent = .summary
    ) throws(Problem) -> [SegmentIndex?] {
        let known = layout.memory?.indexes(extent)?.known(wanted.map(\.seen))
        var indexes = wanted.enumerated().map { (place, wanted) -> SegmentIndex? in
            guard let found = known?[place] else { return nil }
            return Self.judged(found, wanted.segment, after: wanted.before).index
        }
        let unknown = wanted.indices.filter { known?[$0] == nil }
        guard !unknown.isEmpty else { return indexes }
        let read = try Workers.map(unknown.count, portion: max(unknown.count / 8, 1)) {
            (number) throws(Problem) in
            let wanted = wanted[unknown[number]]
            return try storedIndex(
                of: wanted.segment, after: wanted.before, extent: extent, seen: wanted.seen
            ).index
        }
        for (number, place) in unknown.enumerated() { indexes[place] = read[number] }
        return indexes
    }

    /// The index of a stored segment, made in memory where none that can be believed is stored. Nothing is
    /// written.
    ///
    /// - Parameter catalogs: places to which a rewrite moved catalogs, where the reader knows of any: an
    ///   index that passed them over is made anew, too.
    public func index(
        of segment: ArchivedSegment, after predecessor: ArchivedSegment?, extent: IndexExtent = .summary,
        catalogs: Set<RelationLocator> = []
    ) throws(Problem) -> SegmentIndex {
        let stored = try storedIndex(of: segment, after: predecessor, extent: extent)
        if let index = stored.index, catalogs.isSubset(of: index.summary.catalogs) { return index }
        let built = try buildIndex(
            of: segment, after: try self.predecessor(predecessor), catalogs: catalogs.sorted())
        guard extent == .detail else { return built.index }
        do throws(IndexDamage) {
            return try built.whole()
        } catch {
            throw Problem(.system, "the index of \(segment.name) cannot be read back", detail: "\(error)")
        }
    }

    /// Makes the index of a stored segment and stores it, in place of whatever is there; not flushed.
    ///
    /// - Returns: the size of the file, in bytes.
    @discardableResult
    public func rebuildIndex(
        of segment: ArchivedSegment, after predecessor: ArchivedSegment?
    ) throws(Problem) -> UInt64 {
        let built = try buildIndex(of: segment, after: try self.predecessor(predecessor), catalogs: [])
        return try store(built)
    }

    /// Makes those indexes anew that were made beside the one before, and so could not learn from it where
    /// catalogs had been moved, or which transactions are older.
    ///
    /// - Parameter segments: in WAL order.
    public func inheritAcrossIndexes(_ segments: [ArchivedSegment]) throws(Problem) {
        for (before, segment) in zip(segments, segments.dropFirst()) where before.name.next == segment.name {
            guard let past = try storedIndex(of: before, after: nil).index?.summary,
                let own = try storedIndex(of: segment, after: before).index?.summary
            else { continue }
            let knowsCatalogs = past.catalogs.allSatisfy { own.catalogs.contains($0) }
            if knowsCatalogs, past.latestXID == nil || own.latestXID != nil { continue }
            try rebuildIndex(of: segment, after: before)
        }
    }

    // MARK: Parts

    private static let firstRead = 16 << 10

    static func bytes(of file: OpenFile, at offset: UInt64, count: Int) throws(Problem) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let got = try span.withUnsafeMutableBytes { (buffer) throws(Problem) in
            try file.read(into: buffer, at: offset)
        }
        bytes.removeLast(count - got)
        return bytes
    }

    static func staleness(
        _ identity: SegmentIndex.Identity, _ name: SegmentName, _ summary: SegmentSummary,
        _ predecessor: ArchivedSegment?
    ) -> String? {
        guard identity.segment == name else { return "it is that of \(identity.segment)" }
        guard identity.rawBytes == summary.rawBytes, identity.rawCRC32C == summary.rawCRC32C,
            identity.systemIdentifier == summary.systemIdentifier
        else { return "it was made from other bytes" }
        guard let before = predecessor?.summary, identity.predecessorCRC32C != before.rawCRC32C else {
            return nil
        }
        return identity.predecessorCRC32C == nil
            ? "it was made before the segment ahead was there"
            : "the segment ahead had other bytes"
    }

    /// What the segment before tells, from its index or from the WAL itself.
    private func predecessor(_ segment: ArchivedSegment?) throws(Problem) -> SegmentPredecessor? {
        guard let segment, segment.summary != nil else { return nil }
        if let index = try storedIndex(of: segment, after: nil, extent: .fragments).index {
            return SegmentPredecessor(index)
        }
        return SegmentPredecessor(try buildIndex(of: segment, after: nil, catalogs: []).index)
    }

    private func buildIndex(
        of segment: ArchivedSegment, after predecessor: SegmentPredecessor?, catalogs: [RelationLocator]
    ) throws(Problem) -> BuiltIndex {
        guard segment.summary != nil else {
            throw Problem(
                .walDamaged, "\(segment.archivedName) is damaged in the archive",
                detail: segment.damage?.description)
        }
        return try Self.index(segment.name, after: predecessor, catalogs: catalogs) {
            (body) throws(Problem) in
            try withContent(of: segment.archivedName) { (chunk) throws(Problem) in
                body(chunk)
                return true
            }
        }.index
    }

    /// Summarises and indexes what `read` hands over; twice where only the end tells where the catalogs were
    /// moved.
    static func index<Failure: Error>(
        _ name: SegmentName, after predecessor: SegmentPredecessor?, catalogs: [RelationLocator],
        _ read: ((UnsafeRawBufferPointer) -> Void) throws(Failure) -> Void
    ) throws(Failure) -> (summary: SegmentSummary, index: BuiltIndex) {
        var summarizer = SegmentSummarizer(name: name)
        var indexing = SegmentIndexing(name, after: predecessor, catalogs: catalogs)
        try read { indexing.feed($0, &summarizer) }
        let new = indexing.newCatalogs
        if !new.isEmpty {
            summarizer = SegmentSummarizer(name: name)
            indexing = SegmentIndexing(name, after: predecessor, catalogs: catalogs + new)
            try read { indexing.feed($0, &summarizer) }
        }
        let tail = summarizer.wholeTail
        let summary = summarizer.finish()
        return (summary, indexing.finish(summary, tail: tail))
    }

    /// What a push needs of the segment before: nil where its index is missing or not to be believed.
    func predecessorAtPush(of segment: SegmentName) -> SegmentPredecessor? {
        guard segment.number > 0 else { return nil }
        let name = SegmentName(
            timeline: segment.timeline, number: segment.number - 1, size: segment.size)
        do throws(Problem) {
            guard let before = try self.segment(name) else { return nil }
            return try storedIndex(of: before, after: nil, extent: .fragments).index
                .flatMap(SegmentPredecessor.init)
        } catch {
            return nil
        }
    }

    /// Stores an index in place of whatever is there; not flushed, since a damaged one is found out.
    @discardableResult
    func store(_ built: BuiltIndex) throws(Problem) -> UInt64 {
        let segment = built.index.identity.segment
        let bytes = try IndexFile.encode(built, encoder: try layout.encoder())
        var incoming = try IncomingFile(directory: layout.incoming, name: segment.fileName + ".index")
        try incoming.file.write(bytes, at: 0)
        try incoming.replace(layout.indexPath(of: segment))
        return UInt64(bytes.count)
    }
}
