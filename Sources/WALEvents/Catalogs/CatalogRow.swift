import PostgresFormat

/// A row of a catalog as it lies on its page, with what is not settled about it.
struct CatalogRow: Hashable, Sendable {
    /// Header, null bitmap and values.
    var bytes: [UInt8]
    /// The transaction that made it and has not ended; `.none` if it was committed.
    var creator: TransactionID
    /// The transaction that deleted it and has not ended; `.none` if nobody has.
    var deleter: TransactionID

    /// The fixed part of a row's header, in bytes.
    static let headerSize = HeapRowHeader.fullSize
    /// So many bytes of it are read no more once it is known who made and who deleted the row.
    static let readHeader = 18

    init(bytes: [UInt8], creator: TransactionID, deleter: TransactionID = .none) {
        self.bytes = bytes
        self.creator = creator
        self.deleter = deleter
    }

    /// A row from what WAL keeps of it; nil if that is no row.
    init?(header: HeapRowHeader, body: [UInt8], creator: TransactionID) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize + body.count)
        bytes.append(contentsOf: repeatElement(0, count: Self.headerSize))
        bytes.store(creator.rawValue, at: 0)
        bytes.store(header.infomask2, at: 18)
        bytes.store(header.infomask, at: 20)
        bytes[22] = header.dataOffset
        bytes += body
        self.init(bytes: bytes, creator: creator)
        guard values != nil else { return nil }
    }

    /// Where the values begin.
    var dataOffset: Int { bytes.count > 22 ? Int(bytes[22]) : .max }

    /// The values; nil if the header says that they begin elsewhere than in the row.
    var values: RowValues? {
        guard dataOffset >= Self.headerSize, dataOffset <= bytes.count else { return nil }
        return RowValues(bytes: bytes, start: dataOffset)
    }

    /// The row with everything behind its header replaced; nil if the size differs.
    func replacingValues(_ values: [UInt8]) -> CatalogRow? {
        guard dataOffset >= Self.headerSize, dataOffset <= bytes.count,
            bytes.count - dataOffset == values.count
        else { return nil }
        var row = self
        row.bytes.replaceSubrange(dataOffset..., with: values)
        return row
    }

    /// The row that an update made out of this one: values between the first and the last bytes that stay.
    ///
    /// - Parameter body: the new row's null bitmap and padding, and the values between.
    func updated(
        header: HeapRowHeader, body: [UInt8], prefix: Int, suffix: Int, creator: TransactionID
    ) -> CatalogRow? {
        let bitmap = Int(header.dataOffset) - Self.headerSize
        guard bitmap >= 0, bitmap <= body.count, prefix >= 0, suffix >= 0 else { return nil }
        guard prefix > 0 || suffix > 0 else {
            return CatalogRow(header: header, body: body, creator: creator)
        }
        guard dataOffset <= bytes.count, prefix <= bytes.count - dataOffset,
            suffix <= bytes.count - dataOffset
        else { return nil }
        let whole =
            body[..<bitmap] + bytes[dataOffset..<dataOffset + prefix] + body[bitmap...]
            + bytes[(bytes.count - suffix)...]
        return CatalogRow(header: header, body: Array(whole), creator: creator)
    }
}

/// The values of a row, read by their place; what is not there is nil.
struct RowValues {
    let bytes: [UInt8]
    let start: Int

    func uint32(_ offset: Int) -> UInt32? {
        byte(offset + 3) == nil ? nil : bytes.load(start + offset)
    }

    func int32(_ offset: Int) -> Int32? { uint32(offset).map(Int32.init(bitPattern:)) }

    func int16(_ offset: Int) -> Int16? {
        byte(offset + 1) == nil ? nil : bytes.load(start + offset)
    }

    func object(_ offset: Int) -> ObjectID? { uint32(offset).map(ObjectID.init) }

    func byte(_ offset: Int) -> UInt8? {
        offset >= 0 && offset < bytes.count - start ? bytes[start + offset] : nil
    }

    func bool(_ offset: Int) -> Bool? { byte(offset).map { $0 != 0 } }

    /// A name of at most 63 bytes, ended by a zero.
    func name(_ offset: Int) -> String? {
        guard offset >= 0, offset + 64 <= bytes.count - start else { return nil }
        let field = bytes[(start + offset)..<(start + offset + 64)]
        return String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension [UInt8] {
    /// The little-endian integer at `offset`; zero where that is not in the bytes.
    func load<Integer: FixedWidthInteger>(_ offset: Int, as type: Integer.Type = Integer.self) -> Integer {
        let size = Integer.bitWidth / 8
        guard offset >= 0, offset <= count - size else { return 0 }
        var value: Integer = 0
        for index in (0..<size).reversed() {
            value = value << 8 | Integer(truncatingIfNeeded: self[offset + index])
        }
        return value
    }

    mutating func store<Integer: FixedWidthInteger>(_ value: Integer, at offset: Int) {
        for index in 0..<Integer.bitWidth / 8 where offset + index < count {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> Integer(8 * index))
        }
    }
}
