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

    public static func < (left: WALVersion, right: WALVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}
