public import PostgresFormat

/// A named restore point in the WAL.
public struct NamedPoint: Hashable, Sendable, Codable {
    public var name: String
    public var lsn: LSN
    public var time: PostgresTimestamp

    public init(name: String, lsn: LSN, time: PostgresTimestamp) {
        self.name = name
        self.lsn = lsn
        self.time = time
    }
}

/// A record that ended a transaction, with the transaction's number in full where that is known.
public struct EndedTransaction: Hashable, Sendable {
    public var record: BoundaryRecord
    public var number: TransactionNumber?

    public init(record: BoundaryRecord, number: TransactionNumber?) {
        self.record = record
        self.number = number
    }
}

/// Why a target that names a record cannot be reached.
public enum CutRefusal: Error, Hashable, Sendable {
    /// `earliest`: where the oldest usable backup becomes consistent.
    case positionTooEarly(LSN, earliest: LSN)
    /// `end`: where the last record held ends.
    case positionTooLate(LSN, end: LSN, exclusive: Bool)
    /// `prepared`: the record that prepared it; `others`: ends of transactions with the same 32 bits.
    case unknownTransaction(TransactionNumber, prepared: BoundaryRecord?, others: [EndedTransaction])
    /// A savepoint's number, or another part's of a transaction: it ends with the whole.
    case subtransaction(TransactionNumber, of: EndedTransaction)
    case ambiguousTransaction(TransactionNumber, candidates: [EndedTransaction])
    case unknownRestorePoint(String, known: [NamedPoint])
    case ambiguousRestorePoint(String, candidates: [NamedPoint])
    /// The WAL does not hold the record that an event was seen in.
    case eventGone(description: String, LSN)
    /// `target`: in words.
    case everyBackupTooNew(target: String, at: LSN, rejected: [RejectedBackup])

    public var message: String {
        switch self {
        case .positionTooEarly(let lsn, _): "position \(lsn) is before all available WAL"
        case .positionTooLate(let lsn, _, let exclusive):
            exclusive
                ? "position \(lsn) is after the end of the WAL"
                : "no record starts at or after position \(lsn)"
        case .unknownTransaction(let number, _, _):
            "the available WAL does not say how transaction \(number) ended"
        case .subtransaction(let number, let whole):
            "transaction \(number) is a part of transaction \(whole.id), such as a savepoint makes"
        case .ambiguousTransaction(let number, let candidates):
            "\(candidates.count) transactions in the WAL have the number \(number)"
        case .unknownRestorePoint(let name, _):
            "there is no restore point named '\(name)' in the available WAL"
        case .ambiguousRestorePoint(let name, let candidates):
            "\(candidates.count) restore points are named '\(name)'"
        case .eventGone(let description, let lsn): "the WAL no longer holds '\(description)' at \(lsn)"
        case .everyBackupTooNew(let target, _, _): "no base backup ends before \(target)"
        }
    }

    public var detail: String? {
        switch self {
        case .positionTooEarly(_, let earliest): "positions can be reached from \(earliest) on"
        case .positionTooLate(_, let end, _): "the available WAL ends at \(end)"
        case .unknownTransaction(_, let prepared?, _):
            "it was prepared at \(prepared.time) (\(prepared.lsn)) and had not ended by the end of the WAL"
        case .unknownTransaction(_, nil, let others):
            others.isEmpty
                ? nil : "others with the same 32 bits: " + others.map(\.words).joined(separator: "; ")
        case .subtransaction(_, let whole): "of the whole the WAL has the \(whole.words)"
        case .ambiguousTransaction(_, let candidates): candidates.map(\.words).joined(separator: "; ")
        case .unknownRestorePoint(_, let known):
            known.isEmpty
                ? "there are none" : "known: " + Self.latest(known).map(\.words).joined(separator: "; ")
        case .ambiguousRestorePoint(_, let candidates):
            Self.latest(candidates).map(\.words).joined(separator: "; ")
        case .eventGone: nil
        case .everyBackupTooNew(_, let lsn, let rejected):
            "it ends at \(lsn); " + Refusal.list(rejected)
        }
    }

    public var hint: String {
        switch self {
        case .positionTooEarly: "Choose a position from there on."
        case .positionTooLate(let lsn, let end, false) where lsn <= end:
            "With --exclusive it is everything before that position."
        case .positionTooLate: "Choose a position before that; without any target it is the latest moment."
        case .unknownTransaction(_, let prepared?, _):
            "A transaction in doubt has no end; take the position with --lsn \(prepared.lsn)."
        case .unknownTransaction: "A transaction that only read has no number."
        case .subtransaction(_, let whole) where !whole.hasEnded:
            "A transaction in doubt has no end; take the position with --lsn \(whole.record.lsn)."
        case .subtransaction(_, let whole): "Give the number of the whole: --xid \(whole.id)."
        case .ambiguousTransaction(_, let candidates):
            "Give the number with its epoch, or the position: --lsn "
                + candidates.map(\.record.lsn.description).joined(separator: ", or --lsn ") + "."
        case .unknownRestorePoint: "Letter case matters. Make one with 'pitr restore-point create'."
        case .ambiguousRestorePoint(_, let candidates):
            "Say which by its position: --lsn "
                + Self.latest(candidates).map(\.lsn.description).joined(separator: ", or --lsn ") + "."
        case .eventGone: "Look at the events once more."
        case .everyBackupTooNew: "Choose a later target; a backup can only be used from its end on."
        }
    }

    /// Not more than a person would read.
    private static func latest(_ points: [NamedPoint]) -> [NamedPoint] { points.suffix(20) }
}

extension NamedPoint {
    var words: String { "'\(name)' at \(time) (\(lsn))" }
}

extension EndedTransaction {
    /// Whether it is more than prepared.
    var hasEnded: Bool { record.kind != .prepare }

    /// Its number as a target: in full where that is known.
    var id: TransactionNumber { number ?? TransactionNumber(UInt64(record.xid)) }

    var words: String {
        "\(record.kind) of \(id) at \(record.time) (\(record.lsn))"
    }
}
