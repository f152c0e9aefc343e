public import PostgresFormat

/// Who was in a copy, as its server logged it; the tool's own sessions are left out.
public struct ConnectionEvidence: Codable, Sendable, Hashable {
    /// Sessions of one user in one database from one address.
    public struct Visitor: Codable, Sendable, Hashable {
        public var user: String
        /// Empty for replication, which is in none.
        public var database: String
        /// Empty where the lines do not tell.
        public var address: String
        public var sessions: Int
        /// When the first session began and the last was begun or ended; nil where the lines carry no time.
        public var first: PostgresTimestamp?
        public var last: PostgresTimestamp?

        public init(
            user: String, database: String, address: String, sessions: Int,
            first: PostgresTimestamp? = nil, last: PostgresTimestamp? = nil
        ) {
            self.user = user
            self.database = database
            self.address = address
            self.sessions = sessions
            self.first = first
            self.last = last
        }
    }

    /// In the order in which they first came.
    public var visitors: [Visitor]
    /// Attempts that were turned away.
    public var refused: Int
    /// The lines themselves, the newest `largest` bytes of them.
    public var lines: String
    /// Bytes of earlier lines that are not kept; their sessions are counted all the same.
    public var omittedBytes: Int
    /// Whether the server was set to log both connections and disconnections when this was taken.
    public var isLogged: Bool
    public var takenAt: PostgresTimestamp

    public init(
        visitors: [Visitor], refused: Int, lines: String, omittedBytes: Int, isLogged: Bool,
        takenAt: PostgresTimestamp
    ) {
        self.visitors = visitors
        self.refused = refused
        self.lines = lines
        self.omittedBytes = omittedBytes
        self.isLogged = isLogged
        self.takenAt = takenAt
    }

    public static let largest = 10 << 20
}
