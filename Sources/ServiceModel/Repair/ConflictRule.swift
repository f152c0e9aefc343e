/// What becomes of rows with a conflict.
public enum ConflictRule: String, Hashable, Sendable, CaseIterable, Codable {
    /// The script says how many there are, and does nothing.
    case stop
    /// They stay as they are; all others are repaired.
    case skip
    /// They get their old values, whatever was written since.
    case before
    /// The cells in conflict stay as they are now; the others of the row are repaired.
    case now
}
