public import PostgresFormat

/// How many bytes replay adds to the files of relations: segment after segment, from what a base backup has.
public struct ReplayGrowth: Sendable {
    /// In blocks.
    private var sizes: [RelationLocator: UInt32]
    private var grown: Int64 = 0
    /// The most that was added at once, at the end of any segment or before a file was cut in it; in bytes.
    public private(set) var peak: UInt64 = 0

    /// - Parameter sizes: of the main forks in the base backup, in blocks.
    public init(from sizes: [RelationLocator: UInt32]) {
        self.sizes = sizes
    }

    /// Takes in the next segment.
    public mutating func add(_ growth: SegmentGrowth) {
        for extent in growth.reached { set(extent.relation, max(sizes[extent.relation] ?? 0, extent.blocks)) }
        for copy in growth.copies { add(copy) }
        note()
        for extent in growth.cuts {
            guard let size = sizes[extent.relation] else { continue }
            set(extent.relation, min(size, extent.blocks))
        }
        for directory in growth.removed {
            for relation in sizes.keys where directory.holds(relation) { set(relation, 0) }
        }
    }

    /// Takes in a segment of which only its size is known.
    public mutating func add(untold bytes: UInt64) {
        grown += Int64(clamping: bytes)
        note()
    }

    private mutating func add(_ copy: SegmentGrowth.Copy) {
        for (relation, blocks) in sizes where copy.source.holds(relation) {
            let twin = RelationLocator(
                tablespace: copy.target.tablespace, database: copy.target.database, number: relation.number)
            set(twin, max(sizes[twin] ?? 0, blocks))
        }
    }

    private mutating func set(_ relation: RelationLocator, _ blocks: UInt32) {
        grown += Self.bytes(blocks) - Self.bytes(sizes[relation] ?? 0)
        sizes[relation] = blocks == 0 ? nil : blocks
    }

    private mutating func note() {
        peak = max(peak, UInt64(max(grown, 0)))
    }

    /// Of the main fork and the maps beside it. From five blocks on a table has a free space map of three,
    /// and a visibility map; they take less than a two thousandth.
    private static func bytes(_ blocks: UInt32) -> Int64 {
        let page = Int64(BlockImage.pageSize)
        let main = Int64(blocks) * page
        return blocks > 4 ? main + 4 * page + main / 2048 : main
    }
}

extension SegmentGrowth.Directory {
    fileprivate func holds(_ relation: RelationLocator) -> Bool {
        relation.database == database && relation.tablespace == tablespace
    }
}
