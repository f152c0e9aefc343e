/// The header at the start of each WAL page: 24 bytes, or 40 on the first page of a segment.
///
/// Layout: `XLogPageHeaderData` and `XLogLongPageHeaderData`.
public struct WALPageHeader: Hashable, Sendable {
    /// The WAL page size of every stock build, in bytes.
    public static let pageSize = 8192
    static let shortSize = 24
    static let longSize = 40

    public let magic: UInt16
    public let flags: UInt16
    public let timeline: TimelineID
    public let address: LSN
    /// The bytes of a record begun earlier that are still to come, this page's included.
    public let remainingLength: UInt32
    /// Only on the first page of a segment.
    public let segment: Segment?

    public struct Segment: Hashable, Sendable {
        public let systemIdentifier: UInt64
        public let segmentSize: UInt32
        public let pageSize: UInt32
    }

    static let firstIsContinuation: UInt16 = 0x0001
    static let isLong: UInt16 = 0x0002
    static let firstIsOverwritten: UInt16 = 0x0008
    static let knownFlags: UInt16 = 0x000F

    /// Reads the header of a page; nil if there are not enough bytes for it.
    public init?(_ page: UnsafeRawBufferPointer) {
        guard page.count >= Self.shortSize else { return nil }
        magic = page.little(0)
        flags = page.little(2)
        timeline = TimelineID(page.little(4))
        address = LSN(page.little(8))
        remainingLength = page.little(16)
        if flags & Self.isLong != 0 {
            guard page.count >= Self.longSize else { return nil }
            segment = Segment(
                systemIdentifier: page.little(24), segmentSize: page.little(32), pageSize: page.little(36))
        } else {
            segment = nil
        }
    }

    /// The release that wrote the page; nil if it is none that is known.
    public var version: WALVersion? { WALVersion(pageMagic: magic) }

    package var size: Int { segment == nil ? Self.shortSize : Self.longSize }
    var continuesRecord: Bool { flags & Self.firstIsContinuation != 0 }
    var overwritesRecord: Bool { flags & Self.firstIsOverwritten != 0 }

    /// The bytes that the header of the page at an address takes: more at the beginning of a segment.
    public static func size(at address: UInt64, segmentSize: WALSegmentSize) -> UInt64 {
        UInt64(address & (segmentSize.bytes - 1) == 0 ? longSize : shortSize)
    }
}

extension LSN {
    /// Where a record ends that starts here and has `length` bytes of its own, with page headers stepped
    /// over.
    ///
    /// Aligned to 8 bytes, as PostgreSQL's `EndRecPtr`.
    public func endOfRecord(length: UInt32, segmentSize: WALSegmentSize) -> LSN {
        let pageSize = UInt64(WALPageHeader.pageSize)
        var position = rawValue
        var rest = UInt64(length)
        while true {
            let room = pageSize - position & (pageSize - 1)
            guard rest > room else { return LSN((position &+ rest &+ 7) & ~7) }
            rest -= room
            position = position &+ room
            position = position &+ WALPageHeader.size(at: position, segmentSize: segmentSize)
        }
    }
}
