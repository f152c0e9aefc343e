public import Planning
public import Platform
public import PostgresFormat
import Synchronization

extension WALArchive {
    /// Counts the records of a selection, on all processors, and tells why the WAL ended before the selection
    /// did, as `records` does.
    ///
    /// A thread takes a few segments at a time and reads the last record of them to its end. What the threads
    /// found is added up in WAL order, where the first record of one piece points back to the last
    /// one of the piece before; where it does not, one thread reads it all. Memory does not grow with the
    /// archive: what waits to be added is a few pieces.
    ///
    /// - Parameter file: as for `records`.
    /// - Parameter pieceLength: segments that a thread takes at a time.
    public func statistics(
        _ selection: WALSelection, beyond file: (SegmentName) throws(Problem) -> String?,
        pieceLength: UInt64 = 4, cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) -> (WALStatistics, ReadingEnd?) {
        let (timeline, range) = selection.stretch
        var statistics = WALStatistics()
        var rest = selection
        if let (joined, end) = try joinedPieces(timeline, range, pieceLength, cancellation) {
            statistics = joined
            guard case .segmentMissing(let name, let position)? = end, try file(name) != nil else {
                return (statistics, end)
            }
            rest = .range(timeline, position..<range.upperBound)
        }
        let end = try records(rest, beyond: file) { (record) throws(Problem) in
            try cancellation.check()
            statistics.add(record)
            return true
        }
        return (statistics, end)
    }

    /// Nil where the WAL is not worth several threads, or their pieces do not fit together.
    private func joinedPieces(
        _ timeline: TimelineID, _ range: Range<LSN>, _ length: UInt64, _ cancellation: CancellationFlag
    ) throws(Problem) -> (WALStatistics, ReadingEnd?)? {
        let pieces = try pieces(timeline, range, length)
        guard pieces.count > 1 else { return nil }
        let size = try layout.identity().segmentSize
        let board = PieceBoard()
        try Workers.spread(pieces.count) { (number) throws(Problem) in
            guard !board.isOver else { return }
            var piece = CountedPiece()
            do throws(Problem) {
                piece.end = try records(.range(timeline, pieces[number])) { (record) throws(Problem) in
                    try cancellation.check()
                    piece.add(record, size)
                    return true
                }
            } catch {
                // It matters only where the WAL does not end before.
                piece.problem = error
            }
            board.add(piece, number)
        }
        return try board.result()
    }

    /// The stretch in pieces that end with a segment; only as far as segments are stored without a gap.
    private func pieces(
        _ timeline: TimelineID, _ range: Range<LSN>, _ length: UInt64
    ) throws(Problem) -> [Range<LSN>] {
        let size = try layout.identity().segmentSize
        let stored = Set(try names().compactMap(\.walSegment).filter { $0.timeline == timeline })
        var pieces: [Range<LSN>] = []
        var name = SegmentName(timeline: timeline, containing: range.lowerBound, size: size)
        var begin = range.lowerBound
        while stored.contains(name), begin < range.upperBound {
            let held = (0..<length).prefix { ahead in
                stored.contains(SegmentName(timeline: timeline, number: name.number + ahead, size: size))
            }.count
            name = SegmentName(timeline: timeline, number: name.number + UInt64(held), size: size)
            let end = min(name.start, range.upperBound)
            pieces.append(begin..<end)
            begin = end
        }
        // The last one finds out why the WAL ends.
        if let last = pieces.popLast() { pieces.append(last.lowerBound..<range.upperBound) }
        return pieces
    }
}

/// What was counted in a piece of WAL.
private struct CountedPiece: Sendable {
    var statistics = WALStatistics()
    var first: (start: LSN, previous: LSN)?
    /// Where the last record starts, and where the one behind it has to.
    var last: (start: LSN, next: LSN)?
    var end: ReadingEnd?
    var problem: Problem?

    mutating func add(_ record: borrowing WALRecord, _ size: WALSegmentSize) {
        if first == nil { first = (record.start, record.previous) }
        var next = record.end.rawValue
        if record.resourceManagerID == ResourceManager.xlog.rawValue,
            record.operation == XLogOperation.switchSegment
        {
            next = (next + size.bytes - 1) / size.bytes * size.bytes
        }
        if next % UInt64(WALPageHeader.pageSize) == 0 {
            next += WALPageHeader.size(at: next, segmentSize: size)
        }
        last = (record.start, LSN(next))
        statistics.add(record)
    }
}

/// Adds pieces up in WAL order, whatever order they come in.
private final class PieceBoard: Sendable {
    private struct State {
        var waiting: [Int: CountedPiece] = [:]
        var next = 0
        var whole = CountedPiece()
        var isOver = false
        var fits = true
    }

    private let state = Mutex(State())

    /// Whether what lies behind is of no interest any more.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Nil where two pieces do not fit together.
    func result() throws(Problem) -> (WALStatistics, ReadingEnd?)? {
        let (whole, fits) = state.withLock { ($0.whole, $0.fits) }
        if let problem = whole.problem { throw problem }
        return fits ? (whole.statistics, whole.end) : nil
    }

    func add(_ piece: CountedPiece, _ number: Int) {
        state.withLock { state in
            state.waiting[number] = piece
            while !state.isOver, let piece = state.waiting.removeValue(forKey: state.next) {
                state.next += 1
                if let first = piece.first, let last = state.whole.last,
                    first.previous != last.start || first.start != last.next
                {
                    (state.fits, state.isOver) = (false, true)
                    return
                }
                state.whole.statistics.append(piece.statistics)
                state.whole.last = piece.last ?? state.whole.last
                state.whole.end = piece.end
                state.whole.problem = piece.problem
                state.isOver = piece.end != nil || piece.problem != nil
            }
        }
    }
}
