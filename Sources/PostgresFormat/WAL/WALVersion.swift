/// The major version of PostgreSQL that wrote WAL, as its page headers tell.
///
/// Source: `XLOG_PAGE_MAGIC` of each release; it never changes within a major version.
public enum WALVersion: Int, Hashable, Sendable, Comparable, CaseIterable, Codable {
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

    /// The version of a server that says `server_version_num`, 170002 for 17.2; nil for any other.
    public init?(serverVersion number: Int) {
        self.init(rawValue: Self.major(ofServerVersion: number))
    }

    /// The major version in a `server_version_num`.
    public static func major(ofServerVersion number: Int) -> Int { number / 10_000 }

    public static func < (left: WALVersion, right: WALVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}
