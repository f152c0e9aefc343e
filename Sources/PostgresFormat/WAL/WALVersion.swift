/// The major version of PostgreSQL that wrote WAL, as its page headers tell.
///
/// Source: `XLOG_PAGE_MAGIC` of each release; it never changes within a major version.
public enum WALVersion: Int, Hashable, Sendable, CaseIterable, Codable {
    case v15 = 15
    case v16 = 16
    case v17 = 17
    case v18 = 18

    /// The number in every page header.
    public var pageMagic: UInt16 {
        switch self {
        case .v15: 0xD110
        case .v16: 0xD113
        case .v17: 0xD116
        case .v18: 0xD118
        }
    }

    /// Nil for the magic of any other version.
    public init?(pageMagic: UInt16) {
        switch pageMagic {
        case 0xD110: self = .v15
        case 0xD113: self = .v16
        case 0xD116: self = .v17
        case 0xD118: self = .v18
        default: return nil
        }
    }

    /// The oldest to the newest of them.
    public static let supportedMajors = v15.rawValue...v18.rawValue
    /// `15 to 18`.
    public static let supportedWords = "\(supportedMajors.lowerBound) to \(supportedMajors.upperBound)"
    /// Those that a server can be upgraded to: `16 to 18`.
    public static let newerWords = "\(supportedMajors.lowerBound + 1) to \(supportedMajors.upperBound)"

    /// The version of a server that says `server_version_num`, 170002 for 17.2; nil for any other.
    public init?(serverVersion number: Int) {
        self.init(rawValue: Self.major(ofServerVersion: number))
    }

    /// The major version in a `server_version_num`.
    public static func major(ofServerVersion number: Int) -> Int { number / 10_000 }
}

/// In what the versions differ, but for the columns of their catalogs (`CatalogKind.swift`).
///
/// Each is a switch without a default: another version is asked for in every one. Nothing else compares
/// versions.
extension WALVersion {
    /// `pg_control_version` in `global/pg_control`.
    public var controlVersion: UInt32 {
        switch self {
        case .v15, .v16: 1300
        case .v17: 1700
        case .v18: 1800
        }
    }

    /// Where `pg_control` has its checksum, in bytes.
    var controlChecksumOffset: Int {
        switch self {
        case .v15, .v16, .v17: 288
        case .v18: 292
        }
    }

    /// Whether a backup's manifest says of which system it is; its own `pg_verifybackup` reads it then.
    public var manifestNamesSystem: Bool {
        switch self {
        case .v15, .v16: false
        case .v17, .v18: true
        }
    }

    /// Whether rows are frozen by plans that several share, and not one by one.
    var freezesByPlans: Bool {
        switch self {
        case .v15: false
        case .v16, .v17, .v18: true
        }
    }

    /// Whether one kind of record tells of pruning, freezing and vacuum together.
    var prunesAndFreezesTogether: Bool {
        switch self {
        case .v15, .v16: false
        case .v17, .v18: true
        }
    }

    /// Whether a checkpoint's record has `wal_level`.
    var checkpointTellsLevel: Bool {
        switch self {
        case .v15, .v16: false
        case .v17, .v18: true
        }
    }

    /// Whether a change in place tells the caches that have to hear of it.
    var inPlaceTellsInvalidations: Bool {
        switch self {
        case .v15, .v16, .v17: false
        case .v18: true
        }
    }

    /// Whether dropped statistics are known by 64 bits, and not by an object's number.
    var hasWideStatistics: Bool {
        switch self {
        case .v15, .v16, .v17: false
        case .v18: true
        }
    }

    /// Whether there are `event_triggers` and `transaction_timeout` among the settings.
    public var canTurnEventTriggersOff: Bool {
        switch self {
        case .v15, .v16: false
        case .v17, .v18: true
        }
    }

    /// Whether `initdb` makes page checksums unless it is told otherwise.
    public var hasChecksumsByDefault: Bool {
        switch self {
        case .v15, .v16, .v17: false
        case .v18: true
        }
    }

    /// Whether `pg_upgrade` to it takes the planner's statistics over.
    public var keepsStatisticsInUpgrade: Bool {
        switch self {
        case .v15, .v16, .v17: false
        case .v18: true
        }
    }

    /// Whether foreign keys can be WITH PERIOD.
    public var hasPeriodKeys: Bool {
        switch self {
        case .v15, .v16, .v17: false
        case .v18: true
        }
    }
}
