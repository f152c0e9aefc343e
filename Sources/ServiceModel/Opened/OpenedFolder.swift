public import PostgresFormat

/// A backup and WAL that somebody else made: where they lay, and when they were brought in. Nobody runs a
/// server behind them.
public struct OpenedFolder: Hashable, Sendable, Codable {
    public enum Form: String, Hashable, Sendable, Codable {
        /// As `pg_basebackup --format=plain` writes it.
        case plain
        /// As `pg_basebackup --format=tar` does.
        case tar
        /// A backup in the directory of a server as Barman keeps it.
        case barman
        /// A backup in a repository of pgBackRest.
        case pgbackrest
    }

    public var base: String
    public var wal: [String]
    public var form: Form
    public var openedAt: PostgresTimestamp

    public init(base: String, wal: [String], form: Form, openedAt: PostgresTimestamp) {
        self.base = base
        self.wal = wal
        self.form = form
        self.openedAt = openedAt
    }
}
