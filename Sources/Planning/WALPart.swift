public import PostgresFormat

/// What of a server's WAL is meant.
public enum WALPart: Hashable, Sendable {
    /// All of it.
    case whole
    /// A segment by its file name.
    case segment(String)
    /// From one position to before another; on the newest timeline that has the first, or on a given one.
    case range(Range<LSN>, timeline: TimelineID?)
}
