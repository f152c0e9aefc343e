public import PostgresFormat

/// A tablespace in a directory of its own, outside the source's data directory.
///
/// In a copy it is a directory inside the copy, `pg_tblspc/<number>`: nothing of a copy may lead back to the
/// source's files.
public struct OrdinaryTablespace: Hashable, Sendable, Codable {
    /// Its number (oid), which is also its name in `pg_tblspc`.
    public var number: UInt32
    /// The directory on the source.
    public var location: String

    public init(number: UInt32, location: String) {
        self.number = number
        self.location = location
    }
}

/// A tablespace as a plan names it.
public struct PlannedTablespace: Hashable, Sendable, Codable {
    public var tablespace: OrdinaryTablespace
    /// The record that makes it; nil where the base backup holds it.
    public var createdAt: LSN?

    public init(_ tablespace: OrdinaryTablespace, createdAt: LSN? = nil) {
        self.tablespace = tablespace
        self.createdAt = createdAt
    }
}
