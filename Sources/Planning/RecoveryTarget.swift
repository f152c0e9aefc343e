public import PostgresFormat

/// What a person asks a restore for.
public enum RecoveryTarget: Hashable, Sendable {
    /// Everything the source had made durable when it was asked.
    case latest
    /// The state at an instant.
    case time(PostgresTimestamp)
    /// A full backup alone, without replay beyond its own consistency point.
    case backup(String)
    /// Up to the end of the first record that starts at or after the position; exclusive: everything that
    /// starts before it. The records' own order decides, as with PostgreSQL's `recovery_target_lsn`.
    case position(LSN, exclusive: Bool)
    /// Up to the record that ends the transaction; exclusive: the state just before that record.
    case transaction(TransactionNumber, exclusive: Bool)
    /// Up to the record of a named restore point.
    case restorePoint(String)
    /// The state just before something happened: the record at the position is the first one left out.
    case event(LSN, description: String)

    /// Whether it is a time, or the latest moment.
    public var isPlainTime: Bool {
        switch self {
        case .latest, .time: true
        default: false
        }
    }

    /// The target in a few words, for a message: `transaction 745`.
    public var words: String {
        switch self {
        case .latest: "the latest moment"
        case .time(let time): time.description
        case .backup(let name): "backup '\(name)'"
        case .position(let lsn, let exclusive): "\(exclusive ? "just before " : "")position \(lsn)"
        case .transaction(let number, let exclusive):
            "\(exclusive ? "just before the end of " : "")transaction \(number)"
        case .restorePoint(let name): "restore point '\(name)'"
        case .event(let lsn, let description): "just before '\(description)' (\(lsn))"
        }
    }

    /// The target as options of `plan`, `restore` and `explain`.
    public var options: [String] {
        switch self {
        case .latest: []
        case .time(let time): ["--restore-time", time.description]
        case .backup(let name): ["--backup", name]
        case .position(let lsn, let exclusive):
            ["--lsn", lsn.description] + (exclusive ? ["--exclusive"] : [])
        case .transaction(let number, let exclusive):
            ["--xid", number.description] + (exclusive ? ["--exclusive"] : [])
        case .restorePoint(let name): ["--restore-point", name]
        case .event(let lsn, _): ["--lsn", lsn.description, "--exclusive"]
        }
    }
}

/// A transaction's number as a person gives it: the 32 bits that the WAL has, or 64 with the epoch.
public struct TransactionNumber: Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Reads decimal digits; numbers below 3 belong to no transaction.
    public init?(_ text: String) {
        guard (1...20).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            let value = UInt64(text), UInt32(truncatingIfNeeded: value) >= 3
        else { return nil }
        rawValue = value
    }

    /// The number of a transaction whose 32 bits are known, near one that is known in full.
    ///
    /// - Parameter next: the next number at a checkpoint: never further than 2³¹ from any that is in use.
    public init(_ id: TransactionID, near next: UInt64) {
        let distance = Int32(bitPattern: id.rawValue &- UInt32(truncatingIfNeeded: next))
        rawValue = next &+ UInt64(bitPattern: Int64(distance))
    }

    /// Whether the number has an epoch other than the first.
    public var hasEpoch: Bool { rawValue > UInt64(UInt32.max) }
    public var id: TransactionID { TransactionID(UInt32(truncatingIfNeeded: rawValue)) }
    public var description: String { String(rawValue) }
}

/// How PostgreSQL is told where to stop.
public enum TargetMode: String, Hashable, Sendable, CaseIterable, Codable {
    case automatic = "auto"
    case time
    case lsn
}

/// What is handed to PostgreSQL.
public enum RecoverySetting: Hashable, Sendable {
    /// `recovery_target_time`, inclusive.
    case time(PostgresTimestamp)
    /// `recovery_target_lsn`, inclusive: the *start* of the last record to replay, or any position after the
    /// start of the record before that one.
    case lsn(LSN)
    /// `recovery_target_lsn`, exclusive: the first record that starts there or later is not replayed.
    case beforeLSN(LSN)
    /// `recovery_target_xid`, inclusive: the first commit or abort of that number is the last record.
    case transaction(TransactionID)
    /// `recovery_target_xid`, exclusive.
    case beforeTransaction(TransactionID)
    /// `recovery_target_name`: the first restore point of that name is the last record.
    case name(String)
    /// `recovery_target = 'immediate'`: stop as soon as the backup is consistent.
    case immediate

    /// The line for the recovery configuration, also shown by the plan.
    public var configurationLine: String {
        switch self {
        case .time(let time): "recovery_target_time = '\(time.sqlText)'"
        case .lsn(let lsn), .beforeLSN(let lsn): "recovery_target_lsn = '\(lsn)'"
        case .transaction(let id), .beforeTransaction(let id): "recovery_target_xid = '\(id)'"
        case .name(let name): "recovery_target_name = '\(name)'"
        case .immediate: "recovery_target = 'immediate'"
        }
    }

    /// The value of `recovery_target_inclusive` that goes with it.
    public var isInclusive: Bool {
        switch self {
        case .beforeLSN, .beforeTransaction: false
        case .time, .lsn, .transaction, .name, .immediate: true
        }
    }

    /// All that a person has to know of it: the line, and the second one where it matters.
    public var words: String {
        isInclusive ? configurationLine : configurationLine + ", recovery_target_inclusive = off"
    }

    /// Whether a restore point's name can stand in a configuration file as it is.
    static func canHold(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "\\")
            }
    }
}
