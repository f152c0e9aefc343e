/// One whole, checked WAL record, lent to the visitor for the time of the visit.
///
/// Layout: `XLogRecord` and the block and data headers behind it, the same in PostgreSQL 15 to 18. What a
/// resource manager says in its record is read only when it is asked for.
public struct WALRecord: ~Copyable {
    /// The size of the header of every record, in bytes.
    public static let headerSize = 24

    /// Where the header begins (`pg_waldump`'s `lsn:`).
    public let start: LSN
    /// The end, aligned to 8 bytes; after a switch the start of the next segment (PostgreSQL's `EndRecPtr`).
    public let end: LSN
    /// Where the record before this one starts.
    public let previous: LSN
    public let xid: TransactionID
    /// The resource manager's number; `resourceManager` is nil for an extension's.
    public let resourceManagerID: UInt8
    public let info: UInt8
    /// Header and data, in bytes, without page headers in between.
    public let totalLength: UInt32
    /// The release that wrote it.
    public let version: WALVersion
    /// The record's bytes; of a long record that crosses pages only the first, see `WALDecoder`.
    let bytes: UnsafeRawBufferPointer

    @inline(__always)
    init(start: LSN, end: LSN, version: WALVersion, bytes: UnsafeRawBufferPointer) {
        self.start = start
        self.end = end
        self.version = version
        self.bytes = bytes
        totalLength = bytes.little(0)
        xid = TransactionID(bytes.little(4))
        previous = LSN(bytes.little(8))
        info = bytes.little(16)
        resourceManagerID = bytes.little(17)
    }

    public var resourceManager: ResourceManager? { ResourceManager(rawValue: resourceManagerID) }

    /// The operation within the resource manager: the upper four bits of `info`.
    public var operation: UInt8 { info & 0xF0 }

    /// Calls `body` with the main data, the part that is not about blocks; with nil where it is malformed or
    /// not kept.
    public func withMainData<Result>(_ body: (UnsafeRawBufferPointer?) throws -> Result) rethrows -> Result {
        try body(mainData)
    }

    var mainData: UnsafeRawBufferPointer? {
        guard isComplete else { return nil }
        return RecordLayout.mainData(of: bytes)
    }

    /// Whether all of the record's bytes are at hand; false only for a record beyond
    /// `WALDecoder.keptLength` that crosses pages and ends no transaction.
    public var isComplete: Bool { bytes.count == Int(totalLength) }

    /// The commit, abort or prepare that this record is.
    public var transactionEnd: TransactionEnd? {
        guard resourceManagerID == ResourceManager.transaction.rawValue, operation & 0x70 <= 0x40,
            let mainData
        else { return nil }
        return TransactionEnd(
            info: info, xid: xid, start: start, end: end, version: version, mainData: mainData)
    }
}

/// Finds the main data behind the block headers of a record.
enum RecordLayout {
    static let maximumBlock: UInt8 = 32
    static let toplevelTransaction: UInt8 = 252
    static let origin: UInt8 = 253
    static let longData: UInt8 = 254
    static let shortData: UInt8 = 255

    static func mainData(of record: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var reader = ByteReader(record)
        guard reader.skip(WALRecord.headerSize) else { return nil }
        var announced = 0
        var mainLength = 0
        headers: while reader.remaining > announced {
            guard let id = reader.next(UInt8.self) else { return nil }
            switch id {
            case shortData:
                guard let length = reader.next(UInt8.self) else { return nil }
                mainLength = Int(length)
                break headers
            case longData:
                guard let length = reader.next(UInt32.self) else { return nil }
                mainLength = Int(length)
                break headers
            case origin:
                guard reader.skip(2) else { return nil }
            case toplevelTransaction:
                guard reader.skip(4) else { return nil }
            case 0...maximumBlock:
                guard let length = blockHeader(&reader) else { return nil }
                announced += length
            default:
                return nil
            }
        }
        guard reader.remaining == announced + mainLength else { return nil }
        return record.part(record.count - mainLength, mainLength)
    }

    /// The main data of a record that has no blocks, or as much of it as is there.
    static func mainDataBeginning(withoutBlocks record: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var reader = ByteReader(record)
        guard reader.skip(WALRecord.headerSize) else { return nil }
        while let id = reader.next(UInt8.self) {
            switch id {
            case shortData:
                return reader.next(UInt8.self).flatMap { reader.take(min(Int($0), reader.remaining)) }
            case longData:
                return reader.next(UInt32.self).flatMap { reader.take(min(Int($0), reader.remaining)) }
            case origin: if !reader.skip(2) { return nil }
            case toplevelTransaction: if !reader.skip(4) { return nil }
            default: return nil
            }
        }
        return nil
    }

    /// Reads past one block's header; answers how many bytes of data and image follow behind all headers.
    private static func blockHeader(_ reader: inout ByteReader) -> Int? {
        guard let flags = reader.next(UInt8.self), let dataLength = reader.next(UInt16.self) else {
            return nil
        }
        var announced = Int(dataLength)
        if flags & 0x10 != 0 {
            guard let imageLength = reader.next(UInt16.self), reader.skip(2),
                let image = reader.next(UInt8.self)
            else { return nil }
            announced += Int(imageLength)
            let hasHole = image & 0x01 != 0
            let isCompressed = image & 0x1C != 0
            if hasHole, isCompressed, !reader.skip(2) { return nil }
        }
        let isSameRelation = flags & 0x80 != 0
        guard reader.skip(isSameRelation ? 4 : 16) else { return nil }
        return announced
    }
}
