public import PostgresFormat

/// One WAL record as it stands in the WAL, without the page headers between its bytes.
public struct KeptRecord: Hashable, Sendable {
    /// Where the record begins.
    public let start: LSN
    /// Where it ends, as `WALRecord.end`.
    public let end: LSN
    /// The release that wrote it.
    public let version: WALVersion
    /// Where header and data lie: the records of an index share its bytes.
    private let store: [UInt8]
    private let offset: Int
    private let count: Int

    /// - Parameter bytes: header and data.
    public init(start: LSN, end: LSN, version: WALVersion, bytes: [UInt8]) {
        self.init(start: start, end: end, version: version, in: bytes, bytes.indices)
    }

    /// - Parameter range: where in `store` header and data are.
    init(start: LSN, end: LSN, version: WALVersion, in store: [UInt8], _ range: Range<Int>) {
        self.start = start
        self.end = end
        self.version = version
        self.store = store
        offset = range.lowerBound
        count = range.count
    }

    /// Header and data.
    public var bytes: ArraySlice<UInt8> { store[offset..<offset + count] }

    public static func == (left: KeptRecord, right: KeptRecord) -> Bool {
        left.start == right.start && left.end == right.end && left.version == right.version
            && left.bytes == right.bytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(start)
        hasher.combine(end)
        hasher.combine(bytes)
    }

    /// Lends the record to `body`, as the decoder does; nil where the bytes are not one correct record.
    @discardableResult
    public func withRecord<Result, Failure: Error>(
        _ body: (borrowing WALRecord) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        try store.span.bytes.withUnsafeBytes { (buffer) throws(Failure) in
            let buffer = UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
            return try WALRecord.reading(buffer, start: start, end: end, version: version, body)
        }
    }
}
