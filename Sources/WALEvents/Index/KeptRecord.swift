public import PostgresFormat

/// One WAL record as it stands in the log, without the page headers between its bytes.
public struct KeptRecord: Hashable, Sendable {
    /// Where the record begins.
    public let start: LSN
    /// Where it ends, as `WALRecord.end`.
    public let end: LSN
    /// The release that wrote it.
    public let version: WALVersion
    /// Header and data.
    public let bytes: [UInt8]

    public init(start: LSN, end: LSN, version: WALVersion, bytes: [UInt8]) {
        self.start = start
        self.end = end
        self.version = version
        self.bytes = bytes
    }

    /// Lends the record to `body`, as the decoder does; nil where the bytes are not one correct record.
    @discardableResult
    public func withRecord<Result, Failure: Error>(
        _ body: (borrowing WALRecord) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        try bytes.span.bytes.withUnsafeBytes { (buffer) throws(Failure) in
            try WALRecord.reading(buffer, start: start, end: end, version: version, body)
        }
    }
}
