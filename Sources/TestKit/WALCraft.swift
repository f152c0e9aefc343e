public import PostgresFormat

/// Makes WAL by hand: pages and segments as PostgreSQL 15 would write them, checksums included.
///
/// Records are appended one after the other; page headers, continuations and back links come by themselves.
public struct WALCraft: Sendable {
    /// What a reader should find.
    public struct Record: Hashable, Sendable {
        public let start: LSN
        public let end: LSN
        public let manager: UInt8
        public let info: UInt8
        public let xid: TransactionID
        public let totalLength: UInt32

        public init(
            start: LSN, end: LSN, manager: UInt8, info: UInt8, xid: TransactionID, totalLength: UInt32
        ) {
            self.start = start
            self.end = end
            self.manager = manager
            self.info = info
            self.xid = xid
            self.totalLength = totalLength
        }
    }

    public let first: SegmentName
    public let systemIdentifier: UInt64
    public let magic: UInt16
    /// For the pages from here on.
    public var timeline: TimelineID
    public private(set) var bytes: [UInt8] = []
    public private(set) var records: [Record] = []
    private var lastStart: LSN

    /// WAL that begins with the segment `first`.
    ///
    /// - Parameter previous: the start of the record that stands before the first one made.
    public init(
        _ first: SegmentName, systemIdentifier: UInt64 = 7_123_456_789_012_345_678, magic: UInt16 = 0xD110,
        previous: LSN = .zero
    ) {
        self.first = first
        self.systemIdentifier = systemIdentifier
        self.magic = magic
        timeline = first.timeline
        lastStart = previous
    }

    /// One mebibyte to a segment, so that tests cross them cheaply.
    public static let smallSegment = WALSegmentSize(bytes: 1 << 20) ?? .standard

    /// WAL in small segments, beginning with number `number`.
    public static func small(number: UInt64 = 3, timeline: UInt32 = 1) -> WALCraft {
        WALCraft(SegmentName(timeline: TimelineID(timeline), number: number, size: smallSegment))
    }

    /// Where the next byte goes.
    public var position: UInt64 { first.start.rawValue + UInt64(bytes.count) }

    /// The bytes left on the page.
    public var roomOnPage: Int { pageSize - bytes.count % pageSize }

    private var pageSize: Int { WALPageHeader.pageSize }

    /// Appends a record whose `body` is everything behind the header, block and data headers included.
    @discardableResult
    public mutating func append(
        _ manager: UInt8, info: UInt8, xid: UInt32 = 0, body: [UInt8]
    ) -> Record {
        align()
        if bytes.count % pageSize == 0 { beginPage(remaining: 0) }
        let start = LSN(position)
        let length = UInt32(WALRecord.headerSize + body.count)
        var header = Self.little(length) + Self.little(xid) + Self.little(lastStart.rawValue)
        header += [info, manager, 0, 0]
        header += Self.little(CRC32C.checksum(body + header))
        write(header + body)
        align()
        let record = Record(
            start: start, end: LSN(position), manager: manager, info: info, xid: TransactionID(xid),
            totalLength: length)
        records.append(record)
        lastStart = start
        return record
    }

    /// Appends the record that ends a segment early, and fills the segment with zeros.
    @discardableResult
    public mutating func switchSegment() -> Record {
        append(0, info: 0x40, body: [])
        let size = Int(first.size.bytes)
        bytes += [UInt8](repeating: 0, count: (size - bytes.count % size) % size)
        let made = records.removeLast()
        let record = Record(
            start: made.start, end: LSN(position), manager: 0, info: 0x40, xid: made.xid,
            totalLength: made.totalLength)
        records.append(record)
        return record
    }

    /// Leaves the record just made cut off at the page's end, and begins a page that overwrites it.
    public mutating func abandonLastRecord() {
        let record = records.removeLast()
        let offset = Int(record.start.rawValue - first.start.rawValue)
        bytes.removeSubrange((offset + pageSize - offset % pageSize)...)
        lastStart = records.last?.start ?? .zero
        beginPage(remaining: 0, flags: 0x0008)
    }

    /// The WAL so far as whole pages, zeros to the end of the last.
    public var pages: [UInt8] {
        bytes + [UInt8](repeating: 0, count: (pageSize - bytes.count % pageSize) % pageSize)
    }

    /// The WAL so far as whole segments, zeros to the end of the last.
    public var segments: [(name: SegmentName, bytes: [UInt8])] {
        let size = Int(first.size.bytes)
        let whole = bytes + [UInt8](repeating: 0, count: (size - bytes.count % size) % size)
        return stride(from: 0, to: whole.count, by: size).map { offset in
            let name = SegmentName(
                timeline: first.timeline, number: first.number + UInt64(offset / size), size: first.size)
            return (name, Array(whole[offset..<offset + size]))
        }
    }

    // MARK: Bytes

    private mutating func align() {
        bytes += [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
    }

    private mutating func write(_ data: [UInt8]) {
        var rest = data[...]
        while !rest.isEmpty {
            if bytes.count % pageSize == 0 { beginPage(remaining: UInt32(rest.count)) }
            let part = rest.prefix(roomOnPage)
            bytes += part
            rest = rest.dropFirst(part.count)
        }
    }

    private mutating func beginPage(remaining: UInt32, flags: UInt16 = 0) {
        let isFirst = position % first.size.bytes == 0
        let allFlags = flags | (remaining > 0 ? 0x0001 : 0) | (isFirst ? 0x0002 : 0)
        bytes += Self.little(magic) + Self.little(allFlags) + Self.little(timeline.rawValue)
        bytes += Self.little(position - UInt64(bytes.count % pageSize))
        bytes += Self.little(remaining) + [0, 0, 0, 0]
        if isFirst {
            bytes += Self.little(systemIdentifier) + Self.little(UInt32(first.size.bytes))
            bytes += Self.little(UInt32(pageSize))
        }
    }

    static func little<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
