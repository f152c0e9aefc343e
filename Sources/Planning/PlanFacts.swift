public import PostgresFormat

/// A two-phase transaction that is prepared at the target and has not ended: in doubt in the copy.
public struct PreparedTransaction: Hashable, Sendable, Codable {
    public var xid: UInt32
    /// As given to `PREPARE TRANSACTION`; nil where neither the WAL nor the backup tells.
    public var name: String?
    /// Where it was prepared; nil when that was before the backup began.
    public var lsn: LSN?
    public var time: PostgresTimestamp?
    /// The numbers of the databases into which nobody gets while it holds its locks; 0 stands for all.
    public var closedDatabases: [UInt32] = []

    public init(xid: UInt32, name: String?, lsn: LSN?, time: PostgresTimestamp?) {
        self.xid = xid
        self.name = name
        self.lsn = lsn
        self.time = time
    }
}

extension PreparedTransaction {
    /// One that a backup has among its files.
    init(_ state: PreparedTransactionState) {
        self.init(xid: state.xid.rawValue, name: state.name, lsn: nil, time: state.time)
        closedDatabases = ClosedDatabases.of(state.locks)
    }
}

/// From where on the WAL was written under a `wal_level`, up to the next one.
public struct WALLevelBand: Hashable, Sendable {
    public var from: LSN
    public var level: WALLevel

    public init(from: LSN, level: WALLevel) {
        self.from = from
        self.level = level
    }
}

/// What a plan tells beyond what it needs itself.
extension RestorePlanner {
    /// The transactions in doubt where replay ends, in the order in which they were prepared.
    func inDoubt(_ draft: Draft) throws -> [PreparedTransaction] {
        var open = draft.backup.preparedAtStart.map { xid in
            draft.backup.preparedStates.first { $0.xid == xid }.map(PreparedTransaction.init)
                ?? PreparedTransaction(xid: xid.rawValue, name: nil, lsn: nil, time: nil)
        }
        let range = WALRange(from: draft.backup.startLSN, to: draft.end, size: inventory.segmentSize)
        for entry in draft.wal.entries where range.numbers.contains(entry.segment.name.number) {
            // Only what was prepared can be in doubt: most WAL need not be opened.
            guard !open.isEmpty || entry.hazards.contains(.prepare) else { continue }
            try source.records(startingIn: entry.segment.name) { record in
                guard record.start < draft.end else { return false }
                guard let end = record.transaction, record.start >= draft.backup.startLSN else { return true }
                switch end.kind {
                case .prepare:
                    // One prepared while the backup began is in its files as well.
                    open.removeAll { $0.xid == end.xid.rawValue }
                    var prepared = PreparedTransaction(
                        xid: end.xid.rawValue, name: record.preparedName, lsn: end.start, time: end.time)
                    prepared.closedDatabases = record.closedDatabases
                    open.append(prepared)
                case .commitPrepared, .abortPrepared: open.removeAll { $0.xid == end.xid.rawValue }
                case .commit, .abort: break
                }
                return true
            }
        }
        return open
    }

    /// The levels that the WAL to replay was written under.
    func walLevels(_ draft: Draft) throws -> [WALLevelBand] {
        var bands = [WALLevelBand(from: draft.backup.startLSN, level: draft.backup.walLevel)]
        let range = WALRange(from: draft.backup.startLSN, to: draft.end, size: inventory.segmentSize)
        for entry in draft.wal.entries where range.numbers.contains(entry.segment.name.number) {
            guard entry.hazards.contains(.parameterChange) else { continue }
            try source.records(startingIn: entry.segment.name) { record in
                guard record.start < draft.end else { return false }
                if let level = record.parameters?.walLevel, record.start >= draft.backup.startLSN,
                    level != bands.last?.level
                {
                    bands.append(WALLevelBand(from: record.start, level: level))
                }
                return true
            }
        }
        return bands
    }
}
