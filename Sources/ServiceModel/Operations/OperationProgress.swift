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

    public init(
        step: String, bytes: UInt64, totalBytes: UInt64? = nil, bytesPerSecond: UInt64? = nil,
        remark: String? = nil, time: PostgresTimestamp
    ) {
        self.step = step
        self.bytes = bytes
        self.totalBytes = totalBytes
        self.bytesPerSecond = bytesPerSecond
        self.remark = remark
        self.time = time
    }
}
