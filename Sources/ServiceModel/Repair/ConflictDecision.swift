/// What somebody decided about one row in conflict: it names the row by one of its cells, with the values
/// that were looked at.
public struct ConflictDecision: Codable, Hashable, Sendable {
    public enum Choice: String, Codable, Hashable, Sendable, CaseIterable {
        /// The row gets its old values, whatever was written since.
        case before
        /// Its cells in conflict stay as they are; the others are repaired.
        case now
        /// It stays as it is.
        case skip

        /// The same for this row as that rule is for all.
        public var rule: ConflictRule {
            switch self {
            case .before: .before
            case .now: .now
            case .skip: .skip
            }
        }
    }

    /// As in `conflicts.csv`: `public.orders`.
    public var table: String
    /// `id=7`; empty where the table has no key.
    public var key: String
    public var column: String
    /// As PostgreSQL prints them; nil for NULL, and where there was no such row.
    public var before: String?
    public var after: String?
    public var now: String?
    public var choice: Choice
    /// Where it stands in a file, counted from 1.
    public var line: Int?
    /// Whether the row was there when it was looked at, which NULL as the value of now does not tell; nil
    /// where nobody says.
    public var isThere: Bool?

    public init(
        table: String, key: String, column: String, before: String?, after: String?, now: String?,
        choice: Choice, line: Int? = nil, isThere: Bool? = nil
    ) {
        self.table = table
        self.key = key
        self.column = column
        self.before = before
        self.after = after
        self.now = now
        self.choice = choice
        self.line = line
        self.isThere = isThere
    }
}
