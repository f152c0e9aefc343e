import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import Repair

/// Where alone rows of a copy and of its source's latest moment can differ, as WAL of both tells.
final class ForkedPages {
    private let plane: ControlPlane
    private let row: ServerRow
    private let source: HeldSource
    private let tailDirectory: String
    /// Where the copy's own timeline begins.
    private let fork: LSN
    /// Where the last of its records ended that was read.
    private var ownEnd: LSN
    private var touched = TouchedPages()

    /// Reads what the source wrote since the fork.
    ///
    /// - Parameters:
    ///   - end: of the latest moment.
    ///   - tailDirectory: made while WAL is read from the copy, which goes there.
    ///
    /// Throws `.walMissing` and `.walDamaged` where not all of it is to be had.
    init(
        _ plane: ControlPlane, copy row: ServerRow, fork: LSN, source: HeldSource, end: LSN,
        tailDirectory: String
    ) throws {
        self.plane = plane
        self.row = row
        self.fork = fork
        self.source = source
        self.tailDirectory = tailDirectory
        ownEnd = fork
        guard fork <= end else {
            throw Problem(.walMissing, "the source's latest moment is before the copy's beginning")
        }
        var read = TouchedPages()
        try source.records(from: fork, to: end) { (record) throws(Problem) in
            try plane.cancellation.check()
            read.add(record)
            return true
        }
        touched = read
    }

    /// What was touched on either side, as far as the copy's rows that a snapshot sees can be from.
    ///
    /// - Parameter end: where the copy's WAL ended after that snapshot was taken.
    func touched(upTo end: LSN) throws -> TouchedPages {
        defer { try? DurableFiles.removeTree(tailDirectory) }
        let own = try plane.reader(of: row).held(for: .latest, tailDirectory: tailDirectory)
        try checkFork(own)
        var (read, reached) = (touched, ownEnd)
        if end > ownEnd {
            reached = try own.ownRecords(since: fork, from: ownEnd, to: end) { (record) throws(Problem) in
                try plane.cancellation.check()
                read.add(record)
                return true
            }
        }
        (touched, ownEnd) = (read, reached)
        if let oldest = read.oldest {
            let begin = try source.begin(of: oldest, endingAt: fork)
            try source.records(from: begin, to: fork) { (record) throws(Problem) in
                try plane.cancellation.check()
                read.addEarlier(record)
                return true
            }
        }
        guard let unreadable = read.unreadable else { return read }
        throw Problem(.walDamaged, "the WAL record at \(unreadable) cannot be read in full")
    }

    /// The copy has to have left the source's timeline just there.
    private func checkFork(_ own: HeldSource) throws(Problem) {
        guard let parent = own.inventory.path.stretches.dropLast().last, parent.end == fork,
            let stretch = source.inventory.path.stretches.first(where: { $0.end.map { $0 >= fork } ?? true }),
            stretch.timeline == parent.timeline
        else {
            throw Problem(.walMissing, "the copy did not leave the source's own timeline at \(fork)")
        }
    }
}
