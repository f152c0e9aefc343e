extension WALRecord {
    /// The relation of the record's first block, if that is block 0 and in the main fork; read without a look
    /// at anything else. All blocks of a heap record are of one relation.
    public var firstRelation: RelationLocator? {
        // A block's header: number, flags, length of data; then of an image length, hole and flags, and the
        // hole's length if it is compressed; then the relation. The flag 0x80 would repeat the relation of a
        // block before.
        var offset = WALRecord.headerSize
        guard bytes.count >= offset + 4 + RelationLocator.size, bytes.little(offset, as: UInt8.self) == 0
        else { return nil }
        let flags = bytes.little(offset + 1, as: UInt8.self)
        guard flags & 0x8F == 0 else { return nil }
        offset += 4
        if flags & 0x10 != 0 {
            guard bytes.count >= offset + 7 + RelationLocator.size else { return nil }
            let image = bytes.little(offset + 4, as: UInt8.self)
            offset += image & 0x01 != 0 && image & 0x1C != 0 ? 7 : 5
        }
        return RelationLocator(
            tablespace: ObjectID(bytes.little(offset)), database: ObjectID(bytes.little(offset + 4)),
            number: bytes.little(offset + 8))
    }
}
