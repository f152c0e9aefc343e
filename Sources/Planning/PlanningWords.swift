import PostgresFormat

/// What the planner's parts are called when a plan or a refusal speaks of them.
extension TransactionEnd {
    var boundary: BoundaryRecord {
        BoundaryRecord(kind: kind.boundary, lsn: start, endLSN: end, xid: xid.rawValue, time: time)
    }
}

extension TransactionEnd.Kind {
    var boundary: BoundaryRecord.Kind {
        switch self {
        case .commit: .commit
        case .prepare: .prepare
        case .abort: .abort
        case .commitPrepared: .commitPrepared
        case .abortPrepared: .abortPrepared
        }
    }

    var words: String { boundary.rawValue }
}

extension SegmentHazards {
    /// Records whose effect does not wait for a commit: replaying one is final, whatever its transaction
    /// does, or fails, as a change to minimal logging does.
    static let leaking: SegmentHazards = [
        .sequence, .databaseCreate, .databaseDrop, .tablespaceCreate, .tablespaceCreateInPlace,
        .tablespaceDrop, .relationMap, .databaseMark, .walLevelMinimal,
    ]

    /// The first of the leaking kinds, in words.
    var firstName: String {
        let names: [(SegmentHazards, String)] = [
            (.sequence, "a sequence's change"), (.databaseCreate, "a CREATE DATABASE"),
            (.databaseDrop, "a DROP DATABASE"), (.tablespaceCreate, "a CREATE TABLESPACE"),
            (.tablespaceCreateInPlace, "a CREATE TABLESPACE"), (.tablespaceDrop, "a DROP TABLESPACE"),
            (.relationMap, "a rewrite of a mapped catalog"),
            (.databaseMark, "a change made in place to pg_database"),
            (.walLevelMinimal, "a change to wal_level=minimal"),
        ]
        return names.first { contains($0.0) }?.1 ?? "a record"
    }
}

extension SegmentSummary {
    /// Why the walk through the segment stopped early, in words.
    public var endDescription: String {
        guard case .endsAt(let lsn, let reason) = outcome else { return "it is no WAL segment" }
        let words =
            switch reason {
            case .zeroedTail: "zeros follow"
            case .recycledPage: "pages of an earlier use follow"
            case .truncated where rawBytes > segment?.size.bytes ?? .max: "the file is longer than a segment"
            case .truncated: "the file is too short"
            case .broken(let flaw): flaw.explanation
            }
        return "readable up to \(lsn), then \(words)"
    }

    var minima: ParameterMinima? {
        lastParameters.map {
            ParameterMinima(
                maxConnections: Int($0.maxConnections), maxWorkerProcesses: Int($0.maxWorkerProcesses),
                maxWalSenders: Int($0.maxWalSenders),
                maxPreparedTransactions: Int($0.maxPreparedTransactions),
                maxLocksPerTransaction: Int($0.maxLocksPerTransaction))
        }
    }
}
