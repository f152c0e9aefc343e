import Planning
public import Platform
public import PostgresFormat
import Repository
import WALEvents

/// WAL that is held along one timeline, record by record.
extension HeldSource {
    /// Visits the records that begin from one position up to another, in order, until `visit` answers false.
    ///
    /// - Parameter wants: whether a segment can be of interest; others are passed over without being read.
    /// - Throws: `.walMissing` where a segment between them is not held; what reading throws.
    public func records(
        from begin: LSN, to end: LSN, wants: (SegmentName) throws(Problem) -> Bool = { _ in true },
        _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) {
        var next: SegmentName?
        var isOver = false
        for segment in LogPath.segments(of: inventory)
        where segment.end > begin && segment.start < end && !isOver {
            if let next, next.number != segment.number { throw Self.missing(next) }
            if next == nil, segment.start > begin { throw Self.missing(segment) }
            next = segment.next
            guard try wants(segment) else { continue }
            var failure: Problem?
            try log.walRecords(startingIn: segment) { record in
                guard record.start >= begin else { return true }
                guard record.start < end else {
                    isOver = true
                    return false
                }
                do throws(Problem) {
                    if try visit(record) { return true }
                } catch {
                    failure = error
                }
                isOver = true
                return false
            }
            if let failure { throw failure }
        }
    }

    /// Where the first record may begin of a transaction that ends at a position: at the start of the oldest
    /// segment in which its number can have been given out.
    ///
    /// - Throws: `.walMissing` where that is older than what is held.
    public func begin(of transaction: TransactionID, endingAt end: LSN) throws(Problem) -> LSN {
        var oldest: SegmentName?
        for segment in LogPath.segments(of: inventory).reversed() where segment.start <= end {
            if let oldest, oldest.number != segment.number + 1 { throw Self.missing(segment.next) }
            if let latest = try latestNumber(in: segment), latest.precedes(transaction) { break }
            oldest = segment
        }
        guard let oldest else {
            throw Problem(.walMissing, "no WAL is held of transaction \(transaction)")
        }
        return oldest.start
    }

    /// The latest number that was met up to a segment's end; nil where nothing tells.
    private func latestNumber(in segment: SegmentName) throws(Problem) -> TransactionID? {
        guard case .archived(let archived)? = log.locations[segment], !archived.isPartial else { return nil }
        return try log.archive.index(of: archived, after: nil).summary.latestXID
    }

    /// Whether rows of any of these files were written in a segment, as far as its index tells.
    public func writes(to files: Set<RelationLocator>, in segment: SegmentName) throws(Problem) -> Bool {
        guard case .archived(let archived)? = log.locations[segment], !archived.isPartial else { return true }
        let index = try log.archive.index(of: archived, after: nil, extent: .detail)
        // A record that crosses into it may not be told.
        guard index.summary.isJoined else { return true }
        return index.knownChanges.contains { files.contains($0.relation) }
    }

    private static func missing(_ segment: SegmentName) -> Problem {
        Problem(
            .walMissing, "WAL segment \(segment) is not held",
            hint: "'pitr wal verify' lists what the archive holds.")
    }
}
