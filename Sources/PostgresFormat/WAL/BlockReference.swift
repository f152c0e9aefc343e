/// Some bytes of a record, to be asked of the record itself.
public struct RecordSlice: Hashable, Sendable {
    /// From the record's header.
    public let offset: Int
    public let count: Int

    @inline(__always)
    init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }

    /// What is left behind the first bytes; nil if there are fewer.
    func dropping(_ bytes: Int) -> RecordSlice? {
        bytes <= count ? RecordSlice(offset: offset + bytes, count: count - bytes) : nil
    }
}

/// One block of a relation that a record changes.
///
/// Layout: `XLogRecordBlockHeader` and what follows it.
public struct BlockReference: Hashable, Sendable {
    /// The number by which the record's own data speak of the block, 0 to 32.
    public let id: UInt8
    public let locator: RelationLocator
    public let fork: RelationFork
    /// The number of the 8 KiB block within the fork.
    public let block: UInt32
    /// Whether replay makes the page anew, whatever it was.
    public let initializesPage: Bool
    /// What the resource manager says about the block; empty if nothing.
    public let data: RecordSlice
    /// The page as it was when the record was written, if that is in the record.
    public let image: BlockImage?

    /// Whether the record carries the whole page for replay to put back.
    public var restoresPage: Bool { image?.applies ?? false }
}

/// A full-page image as a record carries it.
///
/// Layout: `XLogRecordBlockImageHeader`.
public struct BlockImage: Hashable, Sendable {
    public enum Compression: UInt8, Hashable, Sendable, CaseIterable {
        case none = 0
        case pglz = 0x04
        case lz4 = 0x08
        case zstd = 0x10

        /// As in `wal_compression`.
        public var name: String {
            switch self {
            case .none: "none"
            case .pglz: "pglz"
            case .lz4: "lz4"
            case .zstd: "zstd"
            }
        }
    }

    /// The stored bytes, without the hole.
    public let stored: RecordSlice
    /// Where zeros were left out of the page, in bytes; the rest follows behind them.
    public let holeOffset: Int
    /// How many zeros were left out, in bytes.
    public let holeLength: Int
    public let compression: Compression
    /// Whether replay puts the image back; otherwise it is there only for a consistency check.
    public let applies: Bool

    /// The length of what the stored bytes stand for, in bytes.
    public var unpackedLength: Int { BlockImage.pageSize - holeLength }

    /// The size of a relation's page in every stock build, in bytes.
    public static let pageSize = 8192
}
