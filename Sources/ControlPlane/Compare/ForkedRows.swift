import Catalog
import Holdings
import Planning
import Platform
import PostgresFormat
import Repair

/// Which rows alone can differ of two states of one source, as WAL tells: of a copy and of its source's
/// latest moment, of a copy and the source itself, or of two copies.
final class ForkedRows {
    /// A server with WAL of its own.
    struct Branch {
        let row: ServerRow
        /// Where its own timeline begins; nil of the source itself.
        let fork: LSN?
    }

    private struct ReadBranch {
        let row: ServerRow
        let fork: LSN?
        /// Where the last of its records ended that was read.
        var end: LSN
    }

    private let plane: ControlPlane
    private let source: HeldSource
    private let tailDirectory: String
    /// Where the first of the copies left the source.
    private let fork: LSN
    private var branches: [ReadBranch]
    private var touched = TouchedRows()

    /// Reads what the source wrote since the first of the copies left it.
    ///
    /// - Parameters:
    ///   - branches: one or two, of which one is a copy.
    ///   - end: of the latest moment; where the later one of two copies left the source; nil where the source
    ///     itself is a branch.
    ///   - tailDirectory: made while WAL is read from a server, which goes there.
    ///
    /// Throws `.walMissing` and `.walDamaged` where not all of it is to be had, `.operationNotSupported`
    /// where a record of it is not known.
    init(
        _ plane: ControlPlane, _ branches: [Branch], source: HeldSource, end: LSN?, tailDirectory: String
    ) throws {
        self.plane = plane
        self.source = source
        self.tailDirectory = tailDirectory
        fork = branches.compactMap(\.fork).min() ?? .zero
        let begin = fork
        let end = end ?? begin
        self.branches = branches.map { ReadBranch(row: $0.row, fork: $0.fork, end: $0.fork ?? begin) }
        guard begin <= end else {
            throw Problem(.walMissing, "the source's latest moment is before the copy's beginning")
        }
        var read = TouchedRows()
        if begin < end {
            try source.records(from: begin, to: end) { (record) throws(Problem) in
                try plane.cancellation.check()
                read.add(record)
                return true
            }
        }
        touched = read
    }

    /// Of each server with WAL of its own, whether it is a copy.
    var areCopies: [Bool] { branches.map { $0.fork != nil } }

    /// What was touched on either side, as far as the rows that snapshots see can be from.
    ///
    /// - Parameter ends: of each server, where its WAL ended after its snapshot was taken.
    func touched(upTo ends: [LSN]) throws -> TouchedRows {
        var (read, branches) = (touched, branches)
        for (place, end) in ends.enumerated() {
            branches[place].end = try add(branches[place], upTo: end, to: &read)
        }
        (touched, self.branches) = (read, branches)
        // What both sides came from ends where the first of them left.
        if let oldest = read.oldest {
            let begin = try source.begin(of: oldest, endingAt: fork)
            try source.records(from: begin, to: fork) { (record) throws(Problem) in
                try plane.cancellation.check()
                read.addEarlier(record)
                return true
            }
        }
        guard let unreadable = read.unreadable else { return read }
        throw Problem(
            .operationNotSupported,
            "the WAL record at \(unreadable) is whole, and of a form that pitr does not know")
    }

    /// - Returns: where the last record ended that was read of the server's own.
    private func add(_ branch: ReadBranch, upTo end: LSN, to read: inout TouchedRows) throws -> LSN {
        // It is of the operation's folder, which goes anyway.
        defer { try? DurableFiles.removeTree(tailDirectory) }
        let own = try plane.reader(of: branch.row).held(for: .latest, tailDirectory: tailDirectory)
        if let fork = branch.fork { try checkFork(own, fork) }
        guard end > branch.end else { return branch.end }
        let take = { [cancellation = plane.cancellation] (record: borrowing WALRecord) throws(Problem) in
            try cancellation.check()
            read.add(record)
            return true
        }
        guard let fork = branch.fork else { return try own.records(from: branch.end, to: end, take) }
        return try own.ownRecords(since: fork, from: branch.end, to: end, take)
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
