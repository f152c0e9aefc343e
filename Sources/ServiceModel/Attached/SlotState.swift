public import PostgresFormat

/// What the slot of an attached source holds back on the source's disk, and may.
public struct SlotState: Hashable, Sendable {
    public enum Level: String, Hashable, Sendable {
        case normal = "Normal"
        /// Three quarters of what it may.
        case near = "NearLimit"
        /// Nobody receives, so nobody looks.
        case unwatched = "Unwatched"
    }

    /// Why a slot was made anew: from then on WAL is kept again, and what was forgotten before is a gap.
    public enum Renewal: String, Hashable, Sendable {
        case limit = "Limit"
        case source = "Source"
        case missing = "Missing"

        public var words: String {
            switch self {
            case .limit: "it held back more than it may, and was given up for the sake of the source's disk"
            case .source: "the source had given it up"
            case .missing: "it was not there any more"
            }
        }
    }

    public var name: String
    /// It goes with the connection.
    public var isTemporary: Bool
    /// What the source lets slots hold back, in its own words; nil where nothing bounds them.
    public var bound: String?
    /// WAL that it holds back, in bytes, when it was looked at last.
    public var held: UInt64
    /// At how many bytes it is given up: from here, or by the source where that allows less.
    public var limit: UInt64
    public var isWatched: Bool
    public var renewedAt: PostgresTimestamp?
    public var renewal: Renewal?

    public init(
        name: String, isTemporary: Bool, bound: String?, held: UInt64, limit: UInt64, isWatched: Bool
    ) {
        self.name = name
        self.isTemporary = isTemporary
        self.bound = bound
        self.held = held
        self.limit = limit
        self.isWatched = isWatched
    }

    public var level: Level {
        guard isWatched else { return .unwatched }
        return held >= limit - limit / 4 ? .near : .normal
    }
}
