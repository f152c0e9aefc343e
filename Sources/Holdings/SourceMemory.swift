import Platform

/// What was found out about sources, for a process that shows them again and again. What it was made from is
/// looked at each time; see `FileMemory`.
public final class SourceMemory: Sendable {
    /// Unarchived WAL that was read and found whole.
    let wholeTails: FileMemory<WholeTail>

    struct WholeTail: Sendable {}

    /// - Parameter tick: see `FileMemory`.
    public init(tick: Int = 2) {
        wholeTails = FileMemory(limit: 10_000, tick: tick)
    }
}
