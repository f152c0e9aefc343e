public import PostgresFormat

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
