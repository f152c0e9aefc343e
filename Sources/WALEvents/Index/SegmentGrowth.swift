public import PostgresFormat

/// What replaying one segment does to the sizes of relations' files.
public struct SegmentGrowth: Hashable, Sendable {
    public struct Extent: Hashable, Sendable {
        public var relation: RelationLocator
        /// Of the main fork.
        public var blocks: UInt32

        public init(relation: RelationLocator, blocks: UInt32) {
            self.relation = relation
            self.blocks = blocks
        }
    }

    /// A database in one tablespace.
    public struct Directory: Hashable, Sendable {
        public var database: ObjectID
        public var tablespace: ObjectID

        public init(database: ObjectID, tablespace: ObjectID) {
            self.database = database
            self.tablespace = tablespace
        }
    }

    /// A directory that is made by copying another one's files, which WAL does not hold.
    public struct Copy: Hashable, Sendable {
        public var source: Directory
        public var target: Directory

        public init(source: Directory, target: Directory) {
            self.source = source
            self.target = target
        }
    }

    /// How far each file reaches at least once the highest page that was written whole is there; rising.
    public var reached: [Extent] = []
    /// To how many blocks files are cut, behind all pages in `reached`; 0 where the relation is dropped.
    public var cuts: [Extent] = []
    /// In the order of WAL.
    public var copies: [Copy] = []
    /// Removed with all that is in them.
    public var removed: [Directory] = []

    public init() {}
}

/// Gathers what records do to the sizes of files, as they pass by.
public struct GrowthCollector: Sendable {
    private var reached: [RelationLocator: UInt32] = [:]
    private var cuts: [RelationLocator: UInt32] = [:]
    private var copies: [SegmentGrowth.Copy] = []
    private var removed: [SegmentGrowth.Directory] = []
    /// Most pages follow on another one of the same relation.
    private var last: SegmentGrowth.Extent?

    public init() {}

    public var growth: SegmentGrowth {
        var growth = SegmentGrowth()
        growth.reached = Self.sorted(reached)
        growth.cuts = Self.sorted(cuts)
        growth.copies = copies
        growth.removed = removed
        return growth
    }

    private static func sorted(_ extents: [RelationLocator: UInt32]) -> [SegmentGrowth.Extent] {
        extents.sorted { $0.key < $1.key }.map { SegmentGrowth.Extent(relation: $0.key, blocks: $0.value) }
    }

    @inline(__always)
    public mutating func add(_ record: borrowing WALRecord) {
        switch record.resourceManagerID {
        case ResourceManager.transaction.rawValue:
            if record.info & 0x80 != 0 { addEnd(record) }
        case ResourceManager.storage.rawValue, ResourceManager.database.rawValue: addFiles(record)
        default: record.forEachWholePage { relation, block in reach(relation, block) }
        }
    }

    @inline(__always)
    private mutating func reach(_ relation: RelationLocator, _ block: UInt32) {
        if let last, last.relation == relation, block < last.blocks { return }
        let blocks = max(reached[relation] ?? 0, block &+ 1)
        reached[relation] = blocks
        cuts[relation] = nil
        last = SegmentGrowth.Extent(relation: relation, blocks: blocks)
    }

    private mutating func addEnd(_ record: borrowing WALRecord) {
        // A prepared transaction's files are dropped when it ends.
        guard let details = record.transactionDetails, details.end.kind != .prepare else { return }
        for relation in details.droppedRelations { cut(relation, to: 0) }
    }

    private mutating func addFiles(_ record: borrowing WALRecord) {
        if case .truncate(let relation, let blocks, let flags)? = record.storageOperation, flags & 1 != 0 {
            cut(relation, to: blocks)
        }
        switch record.databaseOperation {
        case .createByFileCopy(let database, let tablespace, let source, let sourceTablespace)?:
            copies.append(
                SegmentGrowth.Copy(
                    source: SegmentGrowth.Directory(database: source, tablespace: sourceTablespace),
                    target: SegmentGrowth.Directory(database: database, tablespace: tablespace)))
        case .drop(let database, let tablespaces)?:
            removed += tablespaces.map { SegmentGrowth.Directory(database: database, tablespace: $0) }
        case .createByWAL?, nil: break
        }
    }

    private mutating func cut(_ relation: RelationLocator, to blocks: UInt32) {
        cuts[relation] = blocks
        last = nil
    }
}

extension SegmentGrowth {
    public func encode() -> [UInt8] {
        var writer = IndexWriter()
        for extents in [reached, cuts] {
            writer.put(UInt64(extents.count))
            for extent in extents {
                writer.put(extent.relation)
                writer.put(UInt64(extent.blocks))
            }
        }
        writer.put(UInt64(copies.count))
        for copy in copies {
            writer.put(copy.source)
            writer.put(copy.target)
        }
        writer.put(UInt64(removed.count))
        for directory in removed { writer.put(directory) }
        return writer.bytes
    }

    /// Reads what `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(IndexDamage) {
        let decoded = bytes.withUnsafeBytes { buffer -> Self? in
            var reader = IndexReader(buffer)
            var growth = Self()
            growth.reached = reader.extents()
            growth.cuts = reader.extents()
            growth.copies = reader.list { Copy(source: $0.directory(), target: $0.directory()) }
            growth.removed = reader.list { $0.directory() }
            return reader.isWhole ? growth : nil
        }
        guard let decoded else { throw IndexDamage("its growth cannot be read") }
        self = decoded
    }
}

extension IndexWriter {
    fileprivate mutating func put(_ directory: SegmentGrowth.Directory) {
        put(UInt64(directory.database.rawValue))
        put(UInt64(directory.tablespace.rawValue))
    }
}

extension IndexReader {
    fileprivate mutating func extents() -> [SegmentGrowth.Extent] {
        list { SegmentGrowth.Extent(relation: $0.relation(), blocks: $0.small()) }
    }

    fileprivate mutating func directory() -> SegmentGrowth.Directory {
        SegmentGrowth.Directory(database: ObjectID(small()), tablespace: ObjectID(small()))
    }
}
