public import PostgresFormat

extension PostgresTimestamp {
    /// As Azure writes instants: RFC 3339, always `+00:00`. Six digits, because PostgreSQL keeps no more.
    public var wireText: String { String(description.dropLast()) + "+00:00" }
}
