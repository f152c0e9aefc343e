/// Bytes to be put at a place in the WAL; they never cross a page.
public struct WALPatch: Hashable, Sendable {
    public let position: LSN
    public let bytes: [UInt8]

    public init(position: LSN, bytes: [UInt8]) {
        self.position = position
        self.bytes = bytes
    }
}

extension WALRecord {
    private static let tablespacePathOffset = 4

    /// What turns the creation of an ordinary tablespace into that of one inside the data directory, for a
    /// copy of the WAL: the path blanked, and the record's checksum made right again. Length and place stay.
    ///
    /// PostgreSQL's redo takes an empty path for an in-place tablespace (`create_tablespace_directories`), on
    /// every version that writes these records the same way, 15 to 18. Nil for any other record, and for one
    /// whose bytes are not at hand.
    public func tablespaceBlanking(segmentSize: WALSegmentSize) -> [WALPatch]? {
        guard case .ordinary? = tablespaceCreation, let mainData else { return nil }
        var record = Array(bytes)
        let path = record.count - mainData.count + Self.tablespacePathOffset
        for index in path..<record.count { record[index] = 0 }
        var checksum = CRC32C()
        record.withUnsafeBytes { bytes in
            checksum.update(bytes.part(Self.headerSize, bytes.count - Self.headerSize))
            checksum.update(bytes.part(0, 20))
        }
        withUnsafeBytes(of: checksum.value.littleEndian) { record.replaceSubrange(20..<24, with: $0) }
        return start.pieces(of: record, segmentSize: segmentSize)
    }
}

extension LSN {
    /// Where the bytes of a record that starts here lie, page by page, with page headers stepped over.
    func pieces(of record: [UInt8], segmentSize: WALSegmentSize) -> [WALPatch] {
        let pageSize = UInt64(WALPageHeader.pageSize)
        var pieces: [WALPatch] = []
        var position = rawValue
        var rest = record[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int(pageSize - position & (pageSize - 1)))
            pieces.append(WALPatch(position: LSN(position), bytes: Array(part)))
            rest = rest.dropFirst(part.count)
            position = position &+ UInt64(part.count)
            position = position &+ WALPageHeader.size(at: position, segmentSize: segmentSize)
        }
        return pieces
    }
}
