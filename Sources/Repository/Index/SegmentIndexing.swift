import Planning
import Platform
import PostgresFormat
import WALEvents

/// The index of a segment in the making, beside its summary.
struct SegmentIndexing: Sendable {
    private var indexer: SegmentIndexer
    private let segment: SegmentName

    init(
        _ segment: SegmentName, after predecessor: SegmentPredecessor?, catalogs: [RelationLocator] = []
    ) {
        self.segment = segment
        indexer = SegmentIndexer(segment: segment, after: predecessor, catalogs: catalogs)
    }

    /// Where a rewrite within the segment put catalogs: pages written there before were passed over.
    var newCatalogs: [RelationLocator] { indexer.newCatalogs }

    /// Feeds the segment's next bytes to both.
    @inline(__always)
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ summarizer: inout SegmentSummarizer) {
        indexer.observe(bytes)
        summarizer.feed(bytes) { record in indexer.add(record) }
    }

    /// - Parameter tail: the record that goes on after the segment, all its bytes.
    consuming func finish(_ summary: SegmentSummary, tail: WALFragment?) -> BuiltIndex {
        let identity = SegmentIndex.Identity(
            segment: segment, rawBytes: summary.rawBytes, rawCRC32C: summary.rawCRC32C,
            systemIdentifier: summary.systemIdentifier,
            version: summary.pageMagic.flatMap(WALVersion.init(pageMagic:)))
        let growth = indexer.growth
        let (index, detail) = indexer.finish(
            identity: identity, tail: summary.tail == nil ? nil : tail)
        return BuiltIndex(index: index, detail: detail, growth: growth)
    }
}

/// An index with its detail still in bytes.
struct BuiltIndex: Sendable {
    var index: SegmentIndex
    var detail: [UInt8]
    var growth: SegmentGrowth

    /// The index with its detail.
    func whole() throws(IndexDamage) -> SegmentIndex {
        var index = index
        index.detail = try SegmentIndex.Detail(decoding: detail)
        return index
    }
}
