import Notation
import Planning
import PostgresFormat
import Repository
import ServiceModel

/// What a preview keeps of the transactions that it found.
extension CommittedTransactions {
    /// More than so many are kept by their count and a hash: a window of a day may have millions, and what is
    /// kept is read with every list of results.
    static let mostListed = 1000

    /// - Parameter commits: in the order of WAL.
    init(of commits: [BoundaryRecord]) {
        if commits.count > Self.mostListed, let many = Many(of: commits) {
            self.init(many)
        } else {
            self.init(commits.map(\.committed))
        }
    }
}

extension CommittedTransactions.Many {
    /// Nil of none.
    ///
    /// - Parameter commits: in the order of WAL.
    init?(of commits: [BoundaryRecord]) {
        guard let first = commits.first, let last = commits.last else { return nil }
        var stream = SHA256.Stream()
        for commit in commits {
            let words = [
                commit.lsn.rawValue.bigEndian, UInt64(bitPattern: commit.time.microseconds).bigEndian,
                UInt64(commit.xid).bigEndian,
            ]
            words.withUnsafeBytes { stream.add($0) }
        }
        self.init(
            first: first.lsn, last: last.lsn, count: commits.count, hash: Hexadecimal.text(stream.finish()))
    }
}

extension BoundaryRecord {
    /// As a preview keeps it.
    var committed: CommittedTransactions.One {
        CommittedTransactions.One(xid: TransactionID(xid), commit: lsn, time: time)
    }
}
