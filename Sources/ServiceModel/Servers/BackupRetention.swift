public import PostgresFormat

/// For how many days backups are kept.
public enum BackupRetention {
    /// What a server may be given.
    public static let allowedDays = 7...35
    /// What it has unless something else is asked for.
    public static let standardDays = 7
    /// `7 to 35`.
    public static let allowedWords = "\(allowedDays.lowerBound) to \(allowedDays.upperBound)"
}

/// A retention value that applied until then: shortening it does not touch what was promised before.
public struct RetentionChange: Codable, Hashable, Sendable {
    /// In days.
    public var days: Int
    public var until: PostgresTimestamp

    public init(days: Int, until: PostgresTimestamp) {
        self.days = days
        self.until = until
    }
}
