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
}
