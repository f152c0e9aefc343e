public import PostgresFormat

/// A record as `pitr wal show` prints it.
public struct WALRecordDocument: Encodable, Sendable {
    public struct Block: Codable, Hashable, Sendable {
        public var block: UInt32
        public var dataBytes: Int
        public var fork: String
        public var id: UInt8
        @OrNull public var image: Image?
        public var initializesPage: Bool
        public var relation: String
    }

    public struct Image: Codable, Hashable, Sendable {
        /// Whether replay puts it in place; else it is there to be compared with.
        public var applies: Bool
        public var bytes: Int
        public var compression: String
        public var holeLength: Int
        public var holeOffset: Int
    }

    /// A relation that the record is about, or names by a number.
    public struct Named: Codable, Hashable, Sendable {
        @OrNull public var database: String?
        /// As it was called where the record begins.
        public var name: String
        /// As the record has it: a file's `1663/5/16390`, or an object's number behind its database's.
        public var number: String

        public init(database: String?, name: String, number: String) {
            _database = OrNull(wrappedValue: database)
            self.name = name
            self.number = number
        }
    }

    /// Fields that stand beside the others where they are asked for.
    public struct Raw: Codable, Hashable, Sendable {
        public var blocks: [Block]
        public var info: UInt8
        public var managerId: UInt8
        @OrNull public var origin: UInt16?
        public var postgresVersion: Int
        /// Where the record before it begins.
        public var previous: String
        @OrNull public var topLevelXid: UInt32?
    }

    @OrNull public var database: String?
    public var end: String
    /// Of `length`, in pages' images.
    public var imageBytes: Int
    /// Bytes, without page headers between them.
    public var length: UInt32
    public var lsn: String
    public var manager: String
    public var operation: String
    public var raw: Raw?
    /// Null where it is not known, and where it names several.
    @OrNull public var relation: String?
    /// In the record's order, without those that are not known.
    public var relations: [Named]
    public var text: String
    /// Null but for ends of transactions.
    @OrNull public var time: String?
    /// Null where no transaction wrote it.
    @OrNull public var xid: UInt32?

    private enum CodingKeys: String, CodingKey {
        case database, end, imageBytes, length, lsn, manager, operation, relation, relations, text, time, xid
    }

    /// - Parameters:
    ///   - relation: the name of the relation it is about, as it is shown.
    ///   - relations: those that it is about or names.
    ///   - raw: whether the raw fields are asked for.
    public init(
        _ record: borrowing WALRecord, relation: String?, database: String?, relations: [Named] = [],
        raw: Bool
    ) {
        end = record.end.description
        imageBytes = record.imageBytes
        length = record.totalLength
        lsn = record.start.description
        manager = record.resourceManagerName
        operation = record.operationName
        text = RecordWords.sentence(record)
        if raw { self.raw = Raw(record) }
        self.database = database
        self.relation = relation
        self.relations = relations
        time = record.transactionEnd?.time.description
        if record.xid != .none { xid = record.xid.rawValue }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(_database, forKey: .database)
        try container.encode(end, forKey: .end)
        try container.encode(imageBytes, forKey: .imageBytes)
        try container.encode(length, forKey: .length)
        try container.encode(lsn, forKey: .lsn)
        try container.encode(manager, forKey: .manager)
        try container.encode(operation, forKey: .operation)
        try container.encode(_relation, forKey: .relation)
        try container.encode(relations, forKey: .relations)
        try container.encode(text, forKey: .text)
        try container.encode(_time, forKey: .time)
        try container.encode(_xid, forKey: .xid)
        try raw?.encode(to: encoder)
    }
}

extension WALRecordDocument.Raw {
    init(_ record: borrowing WALRecord) {
        blocks = record.blocks.map(WALRecordDocument.Block.init)
        info = record.info
        managerId = record.resourceManagerID
        postgresVersion = record.version.rawValue
        previous = record.previous.description
        origin = record.origin
        topLevelXid = record.topLevelTransaction?.rawValue
    }
}

extension WALRecordDocument.Block {
    init(_ reference: BlockReference) {
        block = reference.block
        dataBytes = reference.data.count
        fork = reference.fork.name
        id = reference.id
        initializesPage = reference.initializesPage
        relation = reference.locator.description
        image = reference.image.map(WALRecordDocument.Image.init)
    }
}

extension WALRecordDocument.Image {
    init(_ image: BlockImage) {
        applies = image.applies
        bytes = image.stored.count
        compression = image.compression.name
        holeLength = image.holeLength
        holeOffset = image.holeOffset
    }
}
