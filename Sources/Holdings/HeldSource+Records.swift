import Planning
public import Platform
public import PostgresFormat
import Repository
import WALEvents

/// WAL that is held along one timeline, record by record.
extension HeldSource {
    /// Visits the records that begin from one position up to another, in order, until `visit` answers false.
    ///
    /// Each record has to name the one before it, and the last one to reach up to the end: nothing between
    /// them is passed over.
    ///
    /// - Returns: where the last record ended, to go on from: at most a page's header before the end.
    /// - Throws: `.walMissing` where a segment between them is not held or the WAL ends before, `.walDamaged`
    ///   where a record is not to be read; what reading throws.
    @discardableResult
    public func records(
        from begin: LSN, to end: LSN, _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> LSN {
        return try records(along: ServerWAL.segments(of: inventory), from: begin, to: end, visit)
    }

    /// As `records(from:to:)`, of what a server wrote itself since it was restored, also before its first
    /// backup.
    ///
    /// - Parameter fork: where its own timeline begins.
    @discardableResult
    public func ownRecords(
        since fork: LSN, from begin: LSN, to end: LSN,
        _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> LSN {
        let own = inventory.segments.map(\.name)
            .filter { $0.timeline == inventory.path.timeline && $0.end > fork }
            .sorted { $0.number < $1.number }
        return try records(along: own, from: begin, to: end, visit)
    }

    private func records(
        along segments: [SegmentName], from begin: LSN, to end: LSN,
        _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> LSN {
        var next = begin.rawValue / inventory.segmentSize.bytes
        var chain = RecordChain(begin: begin, end: end)
        for segment in segments
        where segment.end > begin && segment.start < end && !chain.isOver {
            guard segment.number == next else { break }
            next += 1
            var failure: Problem?
            try wal.walRecords(startingIn: segment) { record in
                guard chain.takes(record) else { return false }
                guard record.start >= begin else { return true }
                do throws(Problem) {
                    if try visit(record) { return true }
                    chain.isOver = true
                } catch {
                    failure = error
                }
                return false
            }
            if let failure { throw failure }
        }
        if let gap = chain.gap { throw unread(gap, along: segments) }
        return chain.read
    }

    /// Where the first record may begin of a transaction that ends at a position: at the start of the oldest
    /// segment in which its number can have been given out.
    ///
    /// - Throws: `.walMissing` where that may be older than what is held.
    public func begin(of transaction: TransactionID, endingAt end: LSN) throws(Problem) -> LSN {
        var oldest: SegmentName?
        for segment in ServerWAL.segments(of: inventory).reversed() where segment.start <= end {
            if let oldest, oldest.number != segment.number + 1 { throw Self.missing(segment.next) }
            if let latest = try latestNumber(in: segment), latest.precedes(transaction) {
                return oldest?.start ?? segment.start
            }
            oldest = segment
        }
        guard let oldest else {
            throw Problem(.walMissing, "no WAL is available of transaction \(transaction)")
        }
        // Numbers given out before the first checkpoint that is held may have written before it.
        var given: TransactionID?
        try wal.walRecords(startingIn: oldest) { record in
            guard let checkpoint = record.checkpoint else { return true }
            given = TransactionID(UInt32(truncatingIfNeeded: checkpoint.nextTransaction))
            return false
        }
        guard let given, !transaction.precedes(given) else {
            throw Problem(
                .walMissing, "transaction \(transaction) may have begun before the oldest available WAL",
                detail: "the available WAL begins at \(oldest.start)",
                hint: "What it did before that cannot be told. Restore to just before it ended, and compare.")
        }
        return oldest.start
    }

    /// The latest number that was met up to a segment's end; nil where nothing tells: an index that was made
    /// without the one before it knows of its own segment alone.
    private func latestNumber(in segment: SegmentName) throws(Problem) -> TransactionID? {
        guard case .archived(let archived)? = wal.locations[segment], !archived.isPartial else { return nil }
        let index = try wal.archive.index(of: archived, after: nil)
        return index.identity.predecessorCRC32C == nil ? nil : index.summary.latestXID
    }

    /// Why there is no record in a gap, along segments in the order of their numbers.
    private func unread(_ gap: RecordChain.Gap, along segments: [SegmentName]) -> Problem {
        let damaged = inventory.damaged.filter { $0.name.end > gap.begin && $0.begin < gap.end }
        if let damage = damaged.min(by: { $0.begin < $1.begin }) {
            return Problem(
                .walDamaged, "the WAL is damaged at \(damage.begin)", detail: damage.reason,
                hint: Self.verifying)
        }
        let size = inventory.segmentSize
        let held = Set(segments.map(\.number))
        let wanted = gap.begin.rawValue / size.bytes...(gap.end.rawValue - 1) / size.bytes
        if let number = wanted.first(where: { !held.contains($0) }) {
            return Self.missing(inventory.path.segment(number, size))
        }
        if !gap.isFollowed, let last = segments.last, last.end >= gap.end, isPart(last) {
            return Problem(
                .walMissing, "the available WAL ends at \(gap.begin), and is wanted up to \(gap.end)",
                hint: "What the server wrote since then is there once it is archived or received.")
        }
        return Problem(
            .walDamaged, "the WAL cannot be read from \(gap.begin) to \(gap.end)", hint: Self.verifying)
    }

    private static let verifying = "'pitr wal verify' tells what is damaged."

    /// Whether WAL may end in it without being damaged.
    private func isPart(_ segment: SegmentName) -> Bool {
        switch wal.locations[segment] {
        case .archived(let archived)?: archived.isPartial
        case .part?, .file?: true
        case nil: false
        }
    }

    private static func missing(_ segment: SegmentName) -> Problem {
        Problem(
            .walMissing, "WAL segment \(segment) is not available",
            hint: "'pitr wal verify' lists what the archive holds.")
    }
}

/// Sees to it that no record is missing between others.
private struct RecordChain {
    /// Where records should be, and none is.
    struct Gap {
        var begin: LSN
        var end: LSN
        /// Whether a record was read behind it.
        var isFollowed: Bool
    }

    /// Of the first page of a segment, in bytes; no record fits into what a shorter one leaves.
    private static let longestHeader: UInt64 = 40
    private let begin: LSN
    private let end: LSN
    private var lastStart: LSN?
    private var lastEnd: LSN?
    private var jump: Gap?
    var isOver = false

    init(begin: LSN, end: LSN) {
        self.begin = begin
        self.end = end
    }

    /// Where the last record ended; one that switches segments ends with its segment.
    var read: LSN { lastEnd ?? begin }

    /// Whether the record is one of those asked for; none behind it is, if not.
    mutating func takes(_ record: borrowing WALRecord) -> Bool {
        if let lastStart, record.previous != lastStart {
            jump = Gap(begin: read, end: record.start, isFollowed: true)
            isOver = true
            return false
        }
        guard record.start < end else {
            isOver = true
            return false
        }
        lastStart = record.start
        lastEnd = record.end
        return true
    }

    /// Between the last record and the end there is nothing, or the header of a page that it ended with.
    var gap: Gap? {
        if let jump { return jump }
        guard !isOver, read < end else { return nil }
        let page = UInt64(WALPageHeader.pageSize)
        if read.rawValue % page == 0, end <= read.advanced(by: Self.longestHeader) { return nil }
        return Gap(begin: read, end: end, isFollowed: false)
    }
}
