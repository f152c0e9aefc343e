import Planning
import Platform
import PostgresFormat
import Repository
import WALEvents

/// Takes one stretch of WAL in, segment by segment: archived ones by their indexes, others record by record.
struct EventPass {
    let wal: HeldWAL
    let segmentSize: WALSegmentSize
    /// Where the catalogs to begin with stand.
    let start: LSN
    /// The first position that is not taken in.
    let limit: LSN
    var assembler: EventAssembler
    /// Where rows are asked for that only details tell: the transaction whose rows they are; nil for all.
    var transaction: TransactionID?
    /// By minutes since 2000-01-01 00:00:00 UTC.
    private(set) var commits: [Int64: Int] = [:]
    /// In which commits are counted besides, by their own time. Nil where nobody asked, and from where on it
    /// would take long or an index does not tell of each.
    var commitParts: CommitParts?
    /// Of the indexes that may still be read again for them.
    var partBytes: UInt64 = 0
    private(set) var segments = 0
    private(set) var segmentsRead = 0
    /// Segments into which a record crosses that is too long for their indexes.
    private(set) var untold: [SegmentName] = []
    private var before: SegmentName?
    private var decoder: WALDecoder?
    /// Indexes that were read before their turn; a few, whatever the WAL's length.
    private var ahead: [SegmentName: SegmentIndex] = [:]

    init(
        wal: HeldWAL, segmentSize: WALSegmentSize, start: LSN, limit: LSN = LSN(.max),
        assembler: EventAssembler
    ) {
        self.wal = wal
        self.segmentSize = segmentSize
        self.start = start
        self.limit = limit
        self.assembler = assembler
    }

    /// Whether the next segment would be taken in by an index, as all before it were.
    func goesByIndex(_ segment: SegmentName) -> Bool { decoder == nil && archived(segment) != nil }

    /// What was taken in by indexes, to go on from.
    struct Taken: Sendable {
        fileprivate var assembler: EventAssembler
        fileprivate var commits: [Int64: Int]
        fileprivate var segments: Int
        fileprivate var untold: [SegmentName]
        fileprivate var before: SegmentName?
    }

    /// Nil where somebody counts what is not kept, or where it takes much of memory.
    var taken: Taken? {
        guard commitParts == nil, transaction == nil, segmentsRead == 0, decoder == nil,
            assembler.catalog.pageCount <= Self.mostKeptPages
        else { return nil }
        return Taken(
            assembler: assembler.closed, commits: commits, segments: segments, untold: untold, before: before)
    }

    /// Of catalogs: 8 MiB where they are full.
    private static let mostKeptPages = 1024

    /// Goes on where another pass from the same catalogs stood.
    mutating func goOn(from taken: Taken, _ source: CatalogSource) {
        assembler = taken.assembler
        assembler.reopen(source)
        (commits, segments, untold, before) = (taken.commits, taken.segments, taken.untold, taken.before)
    }

    /// Which of the segments before the catalogs may hold work of transactions that were still open there.
    func needed(
        of older: ArraySlice<SegmentName>, before wanted: [SegmentName]
    ) throws(Problem) -> ArraySlice<SegmentName> {
        guard !older.isEmpty, let oldest = try oldestActive(in: wanted.prefix(2)) else { return older }
        var needed = older.suffix(0)
        var rest = older
        while let segment = rest.popLast(), let archived = archived(segment) {
            let latest = try wal.archive.index(of: archived, after: nil).summary.latestXID
            if let latest, latest.precedes(oldest) { break }
            needed = older.suffix(needed.count + 1)
        }
        return needed
    }

    /// The oldest transaction that ran when the backup began, as its checkpoint's record tells.
    private func oldestActive(in segments: ArraySlice<SegmentName>) throws(Problem) -> TransactionID? {
        var oldest: TransactionID?
        for segment in segments {
            guard let archived = archived(segment) else { return nil }
            for record in try wal.archive.index(of: archived, after: nil).kept {
                record.withRecord { record in
                    guard let checkpoint = record.checkpoint, checkpoint.redo == start, oldest == nil else {
                        return
                    }
                    oldest =
                        checkpoint.oldestActive.isNormal
                        ? checkpoint.oldestActive
                        : TransactionID(UInt32(truncatingIfNeeded: checkpoint.nextTransaction))
                }
            }
            if oldest != nil { break }
        }
        return oldest
    }

    /// Takes in a segment from before the catalogs: a transaction that changed rows here may end later.
    mutating func readOlder(_ segment: SegmentName) throws(Problem) {
        defer { before = segment }
        guard let archived = archived(segment) else { return }
        let index = try index(of: archived, catalogs: [])
        assembler.add(index.knownChanges)
        for end in index.detail?.ends ?? index.ends { assembler.endOlder(end) }
    }

    /// Takes in the next segment.
    mutating func read(_ segment: SegmentName) throws(Problem) {
        defer {
            before = segment
            ahead[segment] = nil
        }
        segments += 1
        if decoder == nil, let archived = archived(segment) {
            try readIndex(of: archived)
        } else {
            segmentsRead += 1
            try readWAL(of: segment)
        }
    }

    // MARK: By indexes

    private func archived(_ segment: SegmentName) -> ArchivedSegment? {
        guard case .archived(let archived)? = wal.locations[segment], !archived.isPartial else { return nil }
        return archived
    }

    private func index(
        of segment: ArchivedSegment, catalogs: Set<RelationLocator>
    ) throws(Problem) -> SegmentIndex {
        let index: SegmentIndex
        if let held = ahead[segment.name], catalogs.isSubset(of: held.summary.catalogs) {
            index = held
        } else {
            index = try wal.archive.index(
                of: segment, after: before.flatMap(archived), extent: usualExtent, catalogs: catalogs)
        }
        guard index.detail == nil, needsDetail(of: index.summary) else { return index }
        return try wal.archive.index(
            of: segment, after: before.flatMap(archived), extent: .detail, catalogs: catalogs)
    }

    /// Summaries tell of changes of many rows.
    private var wantsDetails: Bool { assembler.interest.minimumRows < SegmentIndex.bulkRows }

    private var usualExtent: IndexExtent { wantsDetails && transaction == nil ? .detail : .summary }

    /// A segment from before a transaction got its number has nothing of it.
    private func needsDetail(of summary: SegmentIndex.Summary) -> Bool {
        guard wantsDetails, let transaction, let latest = summary.latestXID else { return wantsDetails }
        return !latest.precedes(transaction)
    }

    /// How many of these segments `readAhead` is to be given at once: indexes take megabytes each where
    /// catalogs are much at work, or their details are wanted.
    func aheadCount(of part: WantedPart, from place: Int) -> Int {
        var bytes: UInt64 = 0
        let isDetailed = usualExtent == .detail
        let most = part.indexFiles(from: place).prefix(isDetailed ? 64 : 512)
        let fitting = most.prefix { file in
            bytes += file?.size ?? 0
            return bytes <= (isDetailed ? Self.aheadBytes / 4 : Self.aheadBytes)
        }
        return max(fitting.count, min(most.count, 1))
    }

    /// Of index files, whose content is several times as large.
    private static let aheadBytes: UInt64 = 1 << 20

    /// Reads the indexes of the segments that `read` is to take in next, on all processors.
    mutating func readAhead(_ part: WantedPart, _ places: Range<Int>) throws(Problem) {
        ahead = [:]
        guard decoder == nil else { return }
        var wanted: [WALArchive.WantedIndex] = []
        var last = before
        for place in places {
            let name = part.segments[place]
            if let segment = archived(name) {
                let seen = part.indexFiles(from: place).first ?? nil
                wanted.append(.init(of: segment, after: last.flatMap(archived), seen: seen))
            }
            last = name
        }
        let indexes = try wal.archive.storedIndexes(of: wanted, extent: usualExtent)
        for (place, index) in indexes.enumerated() {
            ahead[wanted[place].segment.name] = index
        }
    }

    private mutating func readIndex(of segment: ArchivedSegment) throws(Problem) {
        var position: LSN?
        var isFirst = true
        var followed = -1
        repeat {
            followed = assembler.catalog.followings
            let index = try index(of: segment, catalogs: assembler.catalog.rewrittenFiles)
            if isFirst {
                isFirst = false
                if !index.summary.isJoined, before.flatMap(archived) != nil { untold.append(segment.name) }
                assembler.add(index.knownChanges)
                for activity in index.summary.activity {
                    commits[activity.minute, default: 0] += Int(activity.commits)
                }
                try countParts(index, of: segment)
            }
            var ends = (index.detail?.ends ?? [])[...]
            for record in index.kept where position.map({ record.start > $0 }) ?? true {
                if record.start >= limit { break }
                while let end = ends.first, end.start < record.start {
                    take(end)
                    ends.removeFirst()
                }
                record.withRecord { record in
                    if record.start >= start {
                        assembler.apply(record, countingRows: false)
                    } else {
                        assembler.applyOlder(record, countingRows: false)
                    }
                }
                position = record.start
                // From here on the records of another file are needed as well.
                if assembler.catalog.followings != followed { break }
            }
            if assembler.catalog.followings == followed { for end in ends { take(end) } }
        } while assembler.catalog.followings != followed
    }

    /// Summaries tell of minutes only: where one of these lies in what is asked for, the index is read whole.
    private mutating func countParts(_ index: SegmentIndex, of segment: ArchivedSegment) throws(Problem) {
        guard var parts = commitParts else { return }
        guard index.summary.activity.contains(where: { parts.meets(minute: $0.minute) }) else { return }
        var detail = index.detail
        if detail == nil {
            // One that is not stored would be made of the whole segment.
            let bytes = try wal.archive.indexFiles(of: [segment.name])[0]?.size ?? segmentSize.bytes
            guard bytes <= partBytes else { return commitParts = nil }
            partBytes -= bytes
            detail = try wal.archive.index(
                of: segment, after: before.flatMap(archived), extent: .detail
            ).detail
        }
        let times = (detail?.ends ?? []).filter(\.kind.isCommit).map(\.time)
        // Those of all commits, or none: a lane that lacks some would show a calm that there was not.
        guard times.count == Int(index.summary.commits) else { return commitParts = nil }
        for time in times { parts.add(time) }
        commitParts = parts
    }

    private mutating func take(_ end: IndexedTransactionEnd) {
        guard end.start < limit else { return }
        if end.start >= start { assembler.end(end) } else { assembler.endOlder(end) }
    }

    // MARK: Record by record

    /// Once begun it goes on so, as a segment may end with a record that crosses into the next one.
    private mutating func readWAL(of segment: SegmentName) throws(Problem) {
        if decoder == nil {
            // What crosses into this segment begins in the one before, of which nothing else is left to do.
            let first = before ?? segment
            decoder = WALDecoder(start: first.start, segmentSize: segmentSize)
            if first != segment {
                try feed(first) { _, _ in }
            }
        }
        try feed(segment) { (pass, record) in
            guard record.start < pass.limit else { return }
            if let end = record.transactionEnd, end.kind.isCommit {
                pass.commits[Self.minute(end.time), default: 0] += 1
                pass.commitParts?.add(end.time)
            }
            if record.start >= pass.start {
                pass.assembler.apply(record, countingRows: true)
            } else {
                pass.assembler.applyOlder(record, countingRows: true)
            }
        }
    }

    private mutating func feed(
        _ segment: SegmentName, _ visit: (inout EventPass, borrowing WALRecord) -> Void
    ) throws(Problem) {
        guard var decoder else { return }
        self.decoder = nil
        try wal.pages(of: segment) { (bytes) throws(Problem) in
            let end = decoder.feed(bytes) { record in
                visit(&self, record)
                return true
            }
            if let end, case .switched = end { return true }
            return end == nil
        }
        self.decoder = decoder
    }

    private static func minute(_ time: PostgresTimestamp) -> Int64 {
        let minute = time.microseconds / 60_000_000
        return time.microseconds % 60_000_000 < 0 ? minute - 1 : minute
    }
}
