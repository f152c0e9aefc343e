extension RecordLayout {
    /// What the headers behind a record's own say, before the first byte of data.
    struct Shape {
        /// Where images and data begin.
        var dataStart = 0
        var mainDataLength = 0
        var blockCount = 0
        var origin: UInt16?
        var topLevelTransaction: TransactionID?
    }

    /// Walks the headers once; nil if they contradict themselves or the record's length.
    @inline(__always)
    static func shape(of record: UnsafeRawBufferPointer) -> Shape? {
        var walk = HeaderWalk(record)
        var shape = Shape()
        var announced = 0
        while true {
            switch walk.next(announced: announced) {
            case .block(let header):
                announced += header.imageLength + header.dataLength
                shape.blockCount += 1
            case .end:
                guard walk.reader.remaining == announced + walk.mainLength else { return nil }
                shape.dataStart = walk.reader.offset
                shape.mainDataLength = walk.mainLength
                shape.origin = walk.origin
                shape.topLevelTransaction = walk.topLevel
                return shape
            case .malformed:
                return nil
            }
        }
    }

    /// Visits the blocks in order until `visit` answers false; false if the headers are malformed.
    @inline(__always)
    static func visitBlocks(
        of record: UnsafeRawBufferPointer, _ visit: (BlockReference) -> Bool
    ) -> Bool {
        guard let shape = shape(of: record) else { return false }
        var walk = HeaderWalk(record)
        var offset = shape.dataStart
        var announced = 0
        for _ in 0..<shape.blockCount {
            guard case .block(let header) = walk.next(announced: announced),
                let fork = RelationFork(rawValue: header.flags & 0x0F)
            else { return false }
            let image = header.image(at: offset)
            if header.hasImage, image == nil { return false }
            announced += header.imageLength + header.dataLength
            offset += header.imageLength
            let reference = BlockReference(
                id: header.id, locator: header.locator, fork: fork, block: header.block,
                initializesPage: header.flags & 0x40 != 0,
                data: RecordSlice(offset: offset, count: header.dataLength), image: image)
            offset += header.dataLength
            if !visit(reference) { return true }
        }
        return true
    }

    /// In one walk over the headers, up to the first that makes no sense.
    @inline(__always)
    static func visitWholePages(
        of record: UnsafeRawBufferPointer, _ visit: (RelationLocator, _ block: UInt32) -> Void
    ) {
        var walk = HeaderWalk(record)
        var announced = 0
        while case .block(let header) = walk.next(announced: announced) {
            announced += header.imageLength + header.dataLength
            // An image, or a page that is made anew; the fork is in the lower bits.
            if header.flags & 0x50 != 0, header.flags & 0x0F == RelationFork.main.rawValue {
                visit(header.locator, header.block)
            }
        }
    }

    /// The bytes of all page images up to the first block that makes no sense; none if the headers are
    /// malformed. As `visitBlocks` has them, in one walk.
    @inline(__always)
    static func imageBytes(of record: UnsafeRawBufferPointer) -> Int {
        var walk = HeaderWalk(record)
        var announced = 0
        var sum = 0
        var makesSense = true
        while true {
            switch walk.next(announced: announced) {
            case .block(let header):
                announced += header.imageLength + header.dataLength
                let isRight =
                    RelationFork(rawValue: header.flags & 0x0F) != nil
                    && (!header.hasImage || header.image(at: 0) != nil)
                if !isRight { makesSense = false }
                if makesSense { sum += header.imageLength }
            case .end:
                return walk.reader.remaining == announced + walk.mainLength ? sum : 0
            case .malformed:
                return 0
            }
        }
    }

    /// One block's header, its numbers as they stand there.
    struct BlockHeader {
        var id: UInt8
        var flags: UInt8
        var dataLength: Int
        var imageLength = 0
        var holeOffset = 0
        var holeLength = 0
        var imageFlags: UInt8 = 0
        var locator: RelationLocator
        var block: UInt32

        var hasImage: Bool { flags & 0x10 != 0 }

        /// Nil if there is none, or if its numbers make no page, by PostgreSQL's own rules.
        func image(at offset: Int) -> BlockImage? {
            guard hasImage, let compression = BlockImage.Compression(rawValue: imageFlags & 0x1C) else {
                return nil
            }
            let page = BlockImage.pageSize
            let hasHole = imageFlags & 0x01 != 0
            let hole = compression == .none ? page - imageLength : holeLength
            guard hole >= 0, holeOffset + hole <= page, hasHole == (hole > 0), imageLength <= page,
                hasHole || holeOffset == 0, compression == .none || imageLength < page
            else { return nil }
            return BlockImage(
                stored: RecordSlice(offset: offset, count: imageLength), holeOffset: holeOffset,
                holeLength: hole, compression: compression, applies: imageFlags & 0x02 != 0)
        }
    }

    /// Reads the headers of blocks and of the main data one by one.
    struct HeaderWalk {
        enum Step {
            case block(BlockHeader)
            case end
            case malformed
        }

        var reader: ByteReader
        var mainLength = 0
        var origin: UInt16?
        var topLevel: TransactionID?
        private var locator: RelationLocator?
        private var lastID = -1

        @inline(__always)
        init(_ record: UnsafeRawBufferPointer) {
            reader = ByteReader(record)
            if !reader.skip(WALRecord.headerSize) { _ = reader.skip(record.count) }
        }

        /// - Parameter announced: the bytes that the blocks so far have behind the headers; when no more than
        ///   those are left, there is no main data.
        @inline(__always)
        mutating func next(announced: Int) -> Step {
            while reader.remaining > announced {
                guard let id = reader.next(UInt8.self) else { return .malformed }
                switch id {
                case shortData:
                    guard let length = reader.next(UInt8.self) else { return .malformed }
                    mainLength = Int(length)
                    return .end
                case longData:
                    guard let length = reader.next(UInt32.self) else { return .malformed }
                    mainLength = Int(length)
                    return .end
                case RecordLayout.origin:
                    guard let number = reader.next(UInt16.self) else { return .malformed }
                    origin = number
                case toplevelTransaction:
                    guard let number = reader.next(UInt32.self) else { return .malformed }
                    topLevel = TransactionID(number)
                case 0...maximumBlock:
                    guard Int(id) > lastID, let header = block(id) else { return .malformed }
                    lastID = Int(id)
                    return .block(header)
                default:
                    return .malformed
                }
            }
            return .end
        }

        @inline(__always)
        private mutating func block(_ id: UInt8) -> BlockHeader? {
            guard let flags = reader.next(UInt8.self), let dataLength = reader.next(UInt16.self) else {
                return nil
            }
            var header = BlockHeader(
                id: id, flags: flags, dataLength: Int(dataLength),
                locator: RelationLocator(tablespace: .none, database: .none, number: 0), block: 0)
            if flags & 0x10 != 0 {
                guard let length = reader.next(UInt16.self), let hole = reader.next(UInt16.self),
                    let imageFlags = reader.next(UInt8.self)
                else { return nil }
                header.imageLength = Int(length)
                header.holeOffset = Int(hole)
                header.imageFlags = imageFlags
                if imageFlags & 0x01 != 0, imageFlags & 0x1C != 0 {
                    guard let length = reader.next(UInt16.self) else { return nil }
                    header.holeLength = Int(length)
                }
            }
            if flags & 0x80 == 0 {
                guard let own = reader.nextLocator() else { return nil }
                locator = own
            }
            guard let locator, let block = reader.next(UInt32.self) else { return nil }
            header.locator = locator
            header.block = block
            return header
        }
    }
}
