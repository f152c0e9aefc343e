public import PostgresFormat

/// How far an operation at work is, as its process last said.
public struct OperationProgress: Codable, Hashable, Sendable {
    /// `base backup`, `WAL`, `recovery` and so on.
    public var step: String
    /// Done of the step.
    public var bytes: UInt64
    /// Nil where the amount is not known beforehand.
    public var totalBytes: UInt64?
    /// Since the step began; nil while nothing can be said.
    public var bytesPerSecond: UInt64?
    /// What the step does now, such as the segment that is being replayed.
    public var remark: String?
    public var time: PostgresTimestamp

    static func file(in operation: String) -> String { operation + "/progress.json" }
}
