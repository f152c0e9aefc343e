import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import Repair

/// Where alone rows can differ of two states of one source, as WAL tells: of a copy and of its source's
/// latest moment, or of two copies.
final class ForkedPages {
    /// A copy with WAL of its own.
    private struct Branch {
        let row: ServerRow
        /// Where its own timeline begins.
        let fork: LSN
        /// Where the last of its records ended that was read.
        var end: LSN
    }

    private let plane: ControlPlane
    private let source: HeldSource
    private let tailDirectory: String
    private var branches: [Branch]
    private var touched = TouchedPages()

    /// Reads what the source wrote since the first of the copies left it.
    ///
    /// - Parameters:
    ///   - copies: one or two, each with the place where it left the source.
    ///   - end: of the latest moment; where the later one of two copies left the source.
    ///   - tailDirectory: made while WAL is read from a copy, which goes there.
    ///
    /// Throws `.walMissing` and `.walDamaged` where not all of it is to be had.
    init(
        _ plane: ControlPlane, copies: [(row: ServerRow, fork: LSN)], source: HeldSource, end: LSN,
        tailDirectory: String
    ) throws {
        self.plane = plane
        self.source = source
        self.tailDirectory = tailDirectory
        branches = copies.map { Branch(row: $0.row, fork: $0.fork, end: $0.fork) }
        let begin = copies.map(\.fork).min() ?? end
        guard begin <= end else {
            throw Problem(.walMissing, "the source's latest moment is before the copy's beginning")
        }
        var read = TouchedPages()
        if begin < end {
            try source.records(from: begin, to: end) { (record) throws(Problem) in
                try plane.cancellation.check()
                read.add(record)
                return true
            }
        }
        touched = read
    }

    /// How many copies have WAL of their own.
    var count: Int { branches.count }

    /// What was touched on either side, as far as the copies' rows that snapshots see can be from.
    ///
    /// - Parameter ends: of each copy, where its WAL ended after its snapshot was taken.
    func touched(upTo ends: [LSN]) throws -> TouchedPages {
        var (read, branches) = (touched, branches)
        for (place, end) in ends.enumerated() {
            branches[place].end = try add(branches[place], upTo: end, to: &read)
        }
        (touched, self.branches) = (read, branches)
        // What both sides came from ends where the first of them left.
        if let oldest = read.oldest, let fork = branches.map(\.fork).min() {
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

    /// - Returns: where the last record ended that was read of the copy's own.
    private func add(_ branch: Branch, upTo end: LSN, to read: inout TouchedPages) throws -> LSN {
        // It is of the operation's folder, which goes anyway.
        defer { try? DurableFiles.removeTree(tailDirectory) }
        let own = try plane.reader(of: branch.row).held(for: .latest, tailDirectory: tailDirectory)
        try checkFork(own, branch.fork)
        guard end > branch.end else { return branch.end }
        return try own.ownRecords(since: branch.fork, from: branch.end, to: end) {
            (record) throws(Problem) in
            try plane.cancellation.check()
            read.add(record)
            return true
        }
    }

    /// The copy has to have left the source's timeline just there.
    private func checkFork(_ own: HeldSource, _ fork: LSN) throws(Problem) {
        guard let parent = own.inventory.path.stretches.dropLast().last, parent.end == fork,
            let stretch = source.inventory.path.stretches.first(where: { $0.end.map { $0 >= fork } ?? true }),
            stretch.timeline == parent.timeline
        else {
            throw Problem(.walMissing, "the copy did not leave the source's own timeline at \(fork)")
        }
    }
}
