extension WALRecord {
    /// Visits the blocks that the record changes, in order, until `visit` answers false; makes no copies.
    ///
    /// - Returns: false if the record's headers are malformed or its bytes are not all at hand; blocks
    ///   visited before are right as far as they go.
    @discardableResult
    @inline(__always)
    public func forEachBlock(_ visit: (BlockReference) -> Bool) -> Bool {
        guard isComplete else { return false }
        return RecordLayout.visitBlocks(of: bytes, visit)
    }

    /// Visits the pages of relations' main forks that replay writes whole, from an image or anew: only such a
    /// page can lie behind the end of its file.
    @inline(__always)
    public func forEachWholePage(_ visit: (RelationLocator, _ block: UInt32) -> Void) {
        RecordLayout.visitWholePages(of: bytes, visit)
    }

    /// The block with that number, if the record has it.
    public func block(_ id: UInt8) -> BlockReference? {
        var found: BlockReference?
        forEachBlock { reference in
            if reference.id == id { found = reference }
            return found == nil
        }
        return found
    }

    /// All blocks, in order; empty also if the headers are malformed.
    public var blocks: [BlockReference] {
        var all: [BlockReference] = []
        let isWhole = forEachBlock { reference in
            all.append(reference)
            return true
        }
        return isWhole ? all : []
    }

    /// The replication origin that the record came from; nil if it was made on the server itself.
    public var origin: UInt16? { isComplete ? RecordLayout.shape(of: bytes)?.origin : nil }

    /// The transaction that the record's own belongs to, where PostgreSQL says so (with `wal_level =
    /// logical`, once for each subtransaction).
    public var topLevelTransaction: TransactionID? {
        isComplete ? RecordLayout.shape(of: bytes)?.topLevelTransaction : nil
    }

    // MARK: Bytes

    /// Lends the record's bytes, header first, without page headers in between; not all of them when
    /// `isComplete` is false.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// Lends a part of the record; empty if it is not a part of this one.
    public func withBytes<Result, Failure: Error>(
        of slice: RecordSlice, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(part(slice))
    }

    /// A copy of a part of the record.
    public func bytes(of slice: RecordSlice) -> [UInt8] {
        Array(part(slice))
    }

    @inline(__always)
    func part(_ slice: RecordSlice) -> UnsafeRawBufferPointer {
        guard slice.offset >= 0, slice.count >= 0, slice.offset <= bytes.count,
            slice.count <= bytes.count - slice.offset
        else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return bytes.part(slice.offset, slice.count)
    }

    /// The main data as a part of the record.
    var mainSlice: RecordSlice? {
        mainData.map { RecordSlice(offset: bytes.count - $0.count, count: $0.count) }
    }

    // MARK: A record kept elsewhere

    /// Reads a record from bytes that were kept apart from the WAL, with the decoder's checks of length,
    /// resource manager and checksum.
    ///
    /// - Parameter bytes: the whole record, header first, without page headers in between.
    /// - Returns: what `body` answers; nil without calling it if the bytes are not one correct record.
    public static func reading<Result, Failure: Error>(
        _ bytes: UnsafeRawBufferPointer, start: LSN, end: LSN, version: WALVersion,
        _ body: (borrowing WALRecord) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard bytes.count >= headerSize, bytes.count <= Int(WALDecoder.maximumLength),
            bytes.little(0, as: UInt32.self) == UInt32(bytes.count),
            RecordAssembly.flaw(of: bytes, start: start, after: nil) == nil,
            RecordAssembly.checksum(of: bytes) == bytes.little(20)
        else { return nil }
        return try body(WALRecord(start: start, end: end, version: version, bytes: bytes))
    }
}
