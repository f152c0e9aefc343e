public import Planning
public import Platform
public import PostgresClient
public import PostgresFormat

/// The WAL that a source holds beyond its archive, read without touching the source.
public struct SourceTail: Sendable {
    /// Plain files, one a segment, in WAL order.
    public var files: [(name: SegmentName, path: String)]
    /// The instant up to which the WAL is complete, on the source's clock.
    public var readAt: PostgresTimestamp
    /// What the source had flushed then; nil when its files were read.
    public var flushLSN: LSN?
    /// Where reading began; nil where nothing was to be read.
    public var start: LSN?
    /// From here on the files are zeros, as they were made; nil where that is not known.
    var zerosFrom: LSN?
    /// How far the WAL of a source that does not run goes at least.
    public var bounds: [WALTailBound] = []
    /// The one that the source is on.
    public var timeline: TimelineID
    /// That timeline's history, where it was asked for.
    public var history: String?
    /// Why the source itself was not read, where somebody else answers in its place.
    public var remark: String?

    public init(
        files: [(name: SegmentName, path: String)], readAt: PostgresTimestamp, flushLSN: LSN?,
        start: LSN? = nil, bounds: [WALTailBound] = [], timeline: TimelineID, history: String? = nil
    ) {
        self.files = files
        self.readAt = readAt
        self.flushLSN = flushLSN
        self.start = start
        self.bounds = bounds
        self.timeline = timeline
        self.history = history
    }

    /// Asks a running source for everything it has flushed after `from`.
    ///
    /// The clock is read first: whatever was acknowledged as committed before that instant is in the answer.
    /// No slot, no WAL switch, no write on the source.
    ///
    /// - Parameter position: tells, for the timeline that the source is on, where to begin reading; nil
    ///   reads nothing. It is handed the timeline's history unless that is known already.
    /// - Parameter limit: nothing from there on is read.
    public static func stream(
        parameters: ConnectionParameters, knownHistories: Set<TimelineID>,
        from position: (TimelineID, String?) throws(Problem) -> LSN?, upTo limit: LSN = .max,
        segmentSize: WALSegmentSize,
        systemIdentifier: UInt64, into directory: String, clock: any WallClock, cancellation: CancellationFlag
    ) throws(Problem) -> SourceTail {
        let connection = try ReplicationConnection(parameters)
        defer { connection.close() }
        let readAt = clock.now()
        let identity = try connection.identifySystem()
        guard identity.systemIdentifier == systemIdentifier else {
            throw Problem(
                .stateDamaged, "the running server is not the one its repository belongs to",
                detail: "system identifier \(identity.systemIdentifier) instead of \(systemIdentifier)")
        }
        let timeline = identity.timeline
        let isKnown = timeline == TimelineID(1) || knownHistories.contains(timeline)
        let history = isKnown ? nil : try connection.timelineHistory(timeline)
        let end = min(identity.flushLSN, limit)
        guard let start = try position(timeline, history), start < end else {
            return SourceTail(
                files: [], readAt: readAt, flushLSN: identity.flushLSN, timeline: timeline, history: history)
        }
        try DurableFiles.makeDirectories(directory, durable: false)
        var files: [(name: SegmentName, path: String)] = []
        var open: OpenFile?
        try connection.streamWAL(from: start, timeline: timeline, until: end) {
            (position, bytes) throws(Problem) in
            try cancellation.check()
            var position = position
            var rest = bytes
            while !rest.isEmpty {
                let segment = SegmentName(timeline: timeline, containing: position, size: segmentSize)
                if files.last?.name != segment {
                    let path = directory + "/" + segment.fileName
                    let file = try OpenFile(creating: path)
                    try file.truncate(to: segmentSize.bytes)
                    files.append((segment, path))
                    open = file
                }
                let room = Int(segment.end.distance(from: position))
                let piece = UnsafeRawBufferPointer(rebasing: rest[..<min(rest.count, room)])
                try open?.write(piece, at: position.distance(from: segment.start))
                position = position.advanced(by: UInt64(piece.count))
                rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
            }
        }
        var tail = SourceTail(
            files: files, readAt: readAt, flushLSN: identity.flushLSN, start: start, timeline: timeline,
            history: history)
        tail.zerosFrom = end
        return tail
    }

    /// Copies what a stopped or crashed source left in its pg_wal after `from`.
    ///
    /// - Parameter limit: no segment that begins there or later is copied.
    public static func read(
        dataDirectory: String, knownHistories: Set<TimelineID>,
        from position: (TimelineID, String?) throws(Problem) -> LSN?, upTo limit: LSN = .max,
        segmentSize: WALSegmentSize, into directory: String, clock: any WallClock,
        cancellation: CancellationFlag
    ) throws(Problem) -> SourceTail? {
        let walDirectory = dataDirectory + "/pg_wal"
        guard let timeline = try timeline(of: walDirectory, segmentSize: segmentSize) else { return nil }
        let readAt = clock.now()
        let bounds = try WALTailBound.bounds(
            dataDirectory: dataDirectory, timeline: timeline, segmentSize: segmentSize)
        var history: String?
        if !knownHistories.contains(timeline),
            let bytes = try DurableFiles.readIfPresent(walDirectory + "/\(timeline.fileName).history")
        {
            history = String(decoding: bytes, as: UTF8.self)
        }
        let start = try position(timeline, history)
        let names = try DurableFiles.list(walDirectory)
            .compactMap { SegmentName(fileName: $0, size: segmentSize) }
            .filter { $0.timeline == timeline && $0.start >= start ?? .zero && $0.start < limit }
            .sorted()
        var files: [(name: SegmentName, path: String)] = []
        var expected: SegmentName?
        for name in names {
            try cancellation.check()
            // Files kept for reuse carry the names of later segments: the WAL ends where a segment's first
            // page is not its own.
            if let expected, name != expected { break }
            var target: OpenFile?
            let path = directory + "/" + name.fileName
            try OpenFile(reading: walDirectory + "/" + name.fileName).forEachChunk {
                bytes, offset throws(Problem) in
                if offset == 0 {
                    let page = UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, 8192)])
                    guard WALPageHeader(page)?.address == name.start else { return false }
                    try DurableFiles.makeDirectories(directory, durable: false)
                    target = try OpenFile(creating: path)
                }
                try target?.write(bytes, at: offset)
                return true
            }
            guard target != nil else { break }
            files.append((name, directory + "/" + name.fileName))
            expected = name.next
        }
        return SourceTail(
            files: files, readAt: readAt, flushLSN: nil, start: start, bounds: bounds, timeline: timeline,
            history: history)
    }

    /// The timeline that a server's own WAL is on: the newest of its segments. Nil when it has none.
    public static func timeline(of walDirectory: String, segmentSize: WALSegmentSize) throws(Problem)
        -> TimelineID?
    {
        try DurableFiles.listIfPresent(walDirectory)
            .compactMap { SegmentName(fileName: $0, size: segmentSize)?.timeline }.max()
    }

    /// The summaries of the files, for the planner.
    public func summaries() throws(Problem) -> [InventorySegment] {
        var result: [InventorySegment] = []
        for (name, path) in files {
            var summarizer = SegmentSummarizer(name: name)
            var read: UInt64 = 0
            try OpenFile(reading: path).forEachChunk(of: 1 << 18) { bytes, _ in
                summarizer.feed(bytes)
                read += UInt64(bytes.count)
                return zerosFrom.map { name.start.advanced(by: read) < $0 } ?? true
            }
            // What was not read of a file that has the size of a segment.
            let zeros = [UInt8](repeating: 0, count: zerosFrom == nil || read == 0 ? 0 : 1 << 18)
            while !zeros.isEmpty, read < name.size.bytes {
                let rest = Int(min(UInt64(zeros.count), name.size.bytes - read))
                zeros.span.bytes.withUnsafeBytes {
                    summarizer.feed(UnsafeRawBufferPointer(rebasing: $0[..<rest]))
                }
                read += UInt64(rest)
            }
            result.append(InventorySegment(name: name, summary: summarizer.finish()))
        }
        return result
    }
}
