public import PostgresFormat

/// A base backup as the repository describes it to the planner.
public struct InventoryBackup: Hashable, Sendable {
    public var name: String
    public var timeline: TimelineID
    /// Where replay must begin (the redo position of the backup's checkpoint).
    public var startLSN: LSN
    /// Where the backup becomes consistent: the end of its backup-end record.
    public var stopLSN: LSN
    public var startTime: PostgresTimestamp
    /// The source's clock, read after the backup had ended.
    public var stopTime: PostgresTimestamp
    public var dataBytes: UInt64
    public var minima: ParameterMinima
    /// Tablespaces that lay outside the source's data directory.
    public var tablespaces: [OrdinaryTablespace]
    /// Why it cannot be used; nil when it is sound as far as known.
    public var damage: String?
    /// Whether its last check found everything right.
    public var isVerified = false
    /// Two-phase transactions that were prepared before it began: their state is among its files.
    public var preparedAtStart: [TransactionID] = []
    /// What their files say of them, as far as they can be read.
    public var preparedStates: [PreparedTransactionState] = []
    /// The server's when it began.
    public var walLevel = WALLevel.replica

    public init(
        name: String, timeline: TimelineID, startLSN: LSN, stopLSN: LSN, startTime: PostgresTimestamp,
        stopTime: PostgresTimestamp, dataBytes: UInt64, minima: ParameterMinima,
        tablespaces: [OrdinaryTablespace] = [], damage: String? = nil
    ) {
        self.name = name
        self.timeline = timeline
        self.startLSN = startLSN
        self.stopLSN = stopLSN
        self.startTime = startTime
        self.stopTime = stopTime
        self.dataBytes = dataBytes
        self.minima = minima
        self.tablespaces = tablespaces
        self.damage = damage
    }
}

/// A segment that is held, in the archive or read from the source for this restore alone.
public struct InventorySegment: Hashable, Sendable {
    public var name: SegmentName
    public var summary: SegmentSummary

    public init(name: SegmentName, summary: SegmentSummary) {
        self.name = name
        self.summary = summary
    }
}

/// A segment that is there and cannot be used.
public struct DamagedSegment: Hashable, Sendable {
    public var name: SegmentName
    public var reason: String
    /// Where the first record begins that cannot be read: what comes before is proved sound by its checksums.
    /// Nil where nothing of the segment counts.
    public var position: LSN?
    /// Whether it is the archive's; otherwise only the source itself has it.
    public var isArchived: Bool

    public init(name: SegmentName, reason: String, position: LSN? = nil, isArchived: Bool = true) {
        self.name = name
        self.reason = reason
        self.position = position
        self.isArchived = isArchived
    }

    /// The first byte that cannot be relied on.
    public var begin: LSN { position ?? name.start }
}

/// Everything that is held of one server on one timeline and its ancestors: what the planner decides from.
public struct Inventory: Sendable {
    public var serverName: String
    public var segmentSize: WALSegmentSize
    public var backups: [InventoryBackup]
    public var segments: [InventorySegment]
    public var damaged: [DamagedSegment]
    /// The instant up to which the WAL is proved complete; nil when nothing timed is held.
    public var latest: PostgresTimestamp?
    /// Where WAL ends of a source that did not stop in order, and nothing tells whether it went on.
    public var unprovenEnd: LSN?
    /// Damage in the last WAL of a source that does not run, which somebody may take for its end.
    public var damagedEnd: WALTailDamage?
    /// The same where somebody has.
    public var acceptedEnd: WALTailDamage?
    /// The timeline followed: all backups and segments are on its path.
    public var choice: TimelineChoice

    public init(
        serverName: String, segmentSize: WALSegmentSize, backups: [InventoryBackup],
        segments: [InventorySegment], damaged: [DamagedSegment], latest: PostgresTimestamp?,
        choice: TimelineChoice? = nil
    ) {
        self.serverName = serverName
        self.segmentSize = segmentSize
        self.backups = backups
        self.segments = segments
        self.damaged = damaged
        self.latest = latest
        let root = backups.first?.timeline ?? segments.first?.name.timeline ?? TimelineID(1)
        self.choice =
            choice
            ?? TimelineChoice(path: TimelinePath(TimelineHistory(root: root)), reason: .current)
    }

    public var path: TimelinePath { choice.path }

    /// The damage that ends what can be restored: behind it no base backup began.
    public var lastDamage: DamagedSegment? {
        let newest = backups.filter { $0.damage == nil }.map(\.startLSN).max() ?? .zero
        return damaged.filter { $0.begin >= newest }.min { $0.begin < $1.begin }
    }

    /// Whether everything from the newest sound base backup on is there: WAL without a gap or damage.
    public var isWholeFromNewestBackup: Bool {
        guard let start = backups.filter({ $0.damage == nil }).map(\.startLSN).max(), lastDamage == nil
        else { return false }
        let first = start.rawValue / segmentSize.bytes
        let numbers = Set(segments.map(\.name.number).filter { $0 >= first })
        guard let last = numbers.max() else { return false }
        return UInt64(numbers.count) == last - first + 1
    }

    /// The backups as a restore prefers them: that with the least WAL to replay first, and of those that
    /// begin in one segment a verified one.
    var preferredFirst: [InventoryBackup] {
        var ordered = backups.sorted { $0.stopLSN > $1.stopLSN }
        func segment(_ index: Int) -> UInt64 { ordered[index].startLSN.rawValue / segmentSize.bytes }
        for index in ordered.indices where ordered[index].isVerified {
            var place = index
            while place > 0, segment(place - 1) == segment(place), !ordered[place - 1].isVerified {
                ordered.swapAt(place - 1, place)
                place -= 1
            }
        }
        return ordered
    }

    /// The first instant that can be promised: when the oldest sound backup ended.
    public var earliest: PostgresTimestamp? {
        backups.filter { $0.damage == nil }.map(\.stopTime).min()
    }
}

/// A record as the planner sees it.
public struct RecordFacts: Hashable, Sendable {
    public var start: LSN
    public var end: LSN
    /// Set for commit, abort and prepare records.
    public var transaction: TransactionEnd?
    public var hazards: SegmentHazards
    /// The name given to a transaction that this record prepares.
    public var preparedName: String?
    /// The databases that a transaction which this record prepares keeps everybody out of.
    public var closedDatabases: [UInt32] = []
    /// Set for a named restore point.
    public var restorePoint: WALRestorePoint?
    /// Set for a change of parameters.
    public var parameters: WALParameters?
    /// Set for a checkpoint: the next transaction's number, its epoch in the upper half.
    public var nextTransaction: UInt64?
    /// Set for a checkpoint: where recovery would begin from it.
    public var redo: LSN?
    /// Set where the record makes a tablespace outside the data directory.
    public var tablespace: OrdinaryTablespace?
    /// The subtransactions that end, or are prepared, with the record's transaction.
    public var subtransactions: [TransactionID] = []

    public init(
        start: LSN, end: LSN, transaction: TransactionEnd?, hazards: SegmentHazards,
        tablespace: OrdinaryTablespace? = nil
    ) {
        self.start = start
        self.end = end
        self.transaction = transaction
        self.hazards = hazards
        self.tablespace = tablespace
    }

    /// What the planner wants to know of a record.
    public init(_ record: borrowing WALRecord) {
        start = record.start
        end = record.end
        transaction = record.transactionEnd
        hazards = RecordHazard.of(record)
        // Most commits say nothing but their time.
        if let kind = transaction?.kind, kind == .prepare || record.info & 0x80 != 0 {
            let details = record.transactionDetails
            subtransactions = details?.subtransactions ?? []
            if kind == .prepare {
                preparedName = details?.name
                closedDatabases = ClosedDatabases.of(details?.locks ?? [])
            }
        }
        if hazards.contains(.tablespaceCreate), case .ordinary(let path)? = record.tablespaceCreation,
            let number = record.createdTablespace
        {
            tablespace = OrdinaryTablespace(number: number, location: path)
        }
        guard record.resourceManagerID == ResourceManager.xlog.rawValue else { return }
        restorePoint = record.restorePoint
        parameters = record.parameterChange
        let checkpoint = record.checkpoint
        nextTransaction = checkpoint?.nextTransaction
        redo = checkpoint?.redo
    }
}

/// Opens WAL where a summary does not decide.
public protocol RecordSource {
    /// Calls `visit` for every record that *starts* in the segment, in order, until it returns false.
    ///
    /// A last record that runs into the next segments is read to its end there.
    func records(startingIn segment: SegmentName, _ visit: (RecordFacts) -> Bool) throws

    /// What is known of a transaction in a segment without opening it; nil where only reading tells.
    func told(of transaction: TransactionID, in segment: SegmentName) throws -> ToldTransaction?

    /// The checkpoints that end in a segment, in their order, without opening it; nil where only reading
    /// tells.
    func checkpoints(in segment: SegmentName) throws -> [RecordFacts]?
}

extension RecordSource {
    public func checkpoints(in segment: SegmentName) throws -> [RecordFacts]? { nil }

    public func told(of transaction: TransactionID, in segment: SegmentName) throws -> ToldTransaction? {
        nil
    }
}
