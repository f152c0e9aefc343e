public import PostgresFormat

/// What an index keeps of the records that cross a segment's borders.
public struct SegmentFragments: Hashable, Sendable {
    /// The end of a record that began before the segment.
    public var head: WALFragment?
    /// The beginning of a record that goes on after it.
    public var tail: WALFragment?

    public init(head: WALFragment? = nil, tail: WALFragment? = nil) {
        self.head = head
        self.tail = tail
    }

    public func encode() -> [UInt8] {
        var writer = IndexWriter()
        for fragment in [head, tail] {
            writer.optional(fragment) { $0.put($1) }
        }
        return writer.bytes
    }

    /// Reads what `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(IndexDamage) {
        let decoded = bytes.withUnsafeBytes { bytes -> Self? in
            var reader = IndexReader(bytes)
            let fragments = Self(
                head: reader.optional { $0.fragment() }, tail: reader.optional { $0.fragment() })
            return reader.isWhole ? fragments : nil
        }
        guard let decoded else { throw IndexDamage("its fragments cannot be read") }
        self = decoded
    }

    /// The record that crosses from the segment of `tail` into that of `head`, header first; nil where the
    /// two do not fit, not all of it is at hand, or its checksum is wrong.
    ///
    /// - Parameter segmentSize: of both segments.
    public static func join(
        tail: WALFragment?, head: WALFragment?, version: WALVersion, segmentSize: WALSegmentSize
    ) -> KeptRecord? {
        guard let tail, let head, tail.available < tail.length, tail.bytes.count == Int(tail.available),
            head.length == tail.length - tail.available, head.available == head.length,
            head.bytes.count == Int(head.length)
        else { return nil }
        let record = KeptRecord(
            start: tail.start, end: tail.start.endOfRecord(length: tail.length, segmentSize: segmentSize),
            version: version, bytes: tail.bytes + head.bytes)
        return record.withRecord { _ in true } == nil ? nil : record
    }
}
