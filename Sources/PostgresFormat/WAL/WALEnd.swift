/// Why WAL cannot be read any further. The numbers are stored in segment summaries and never change
/// meaning.
public enum WALFlaw: UInt8, Hashable, Sendable, CaseIterable {
    /// A record's length is less than its header, or zero with other bytes behind it.
    case recordTooShort = 1
    /// A record's length is beyond what PostgreSQL writes.
    case recordTooLong = 2
    /// A record names a resource manager that cannot be.
    case resourceManager = 3
    /// A record does not point back to the record before it.
    case previousRecord = 4
    case recordChecksum = 5
    case pageMagic = 6
    /// Flags that PostgreSQL does not know, or a page of the wrong kind for its place.
    case pageFlags = 7
    /// A page claims an address beyond its place.
    case pageAddress = 8
    /// A page claims timeline zero, a lower timeline than the page before it, or a later one than the file's
    /// name.
    case pageTimeline = 9
    /// The first page of a segment states another segment or page size.
    case segmentSize = 10
    /// The first page of a segment belongs to another cluster than the one before.
    case systemIdentifier = 11
    /// A record's continuation is missing, has the wrong length, or continues nothing.
    case continuation = 12
    /// The bytes do not end with a whole page.
    case incompletePage = 13

    /// The flaw in a few words, for a message.
    public var explanation: String {
        switch self {
        case .recordTooShort: "a record's length is too small"
        case .recordTooLong: "a record's length is too large"
        case .resourceManager: "a record has no valid resource manager"
        case .previousRecord: "a record does not point back to the record before it"
        case .recordChecksum: "a record's checksum is wrong"
        case .pageMagic: "a page is not a WAL page of a known version"
        case .pageFlags: "a page header has wrong flags"
        case .pageAddress: "a page header has the address of a later page"
        case .pageTimeline: "a page header is out of the order of timelines"
        case .segmentSize: "a segment header states another size"
        case .systemIdentifier: "a segment belongs to another cluster"
        case .continuation: "a record's continuation is not where it should be"
        case .incompletePage: "the bytes end inside a page"
        }
    }
}

/// Why the decoder stopped. The position is always where the next record would have started: all before it is
/// whole.
public enum WALEnd: Hashable, Sendable {
    /// Zeros: the WAL was written up to here.
    case zeroedTail(LSN)
    /// A page of an earlier use of the file: the WAL was written up to here.
    case recycledPage(LSN)
    case brokenRecord(LSN, WALFlaw)
    case brokenPage(LSN, WALFlaw)
    /// The server switched to a new segment: the rest of this one means nothing, the WAL goes on at the
    /// position.
    ///
    /// The only end that is none: feed the next segment and decoding goes on.
    case switched(LSN)
    /// The visitor asked to stop.
    case stopped(LSN)

    public var position: LSN {
        switch self {
        case .zeroedTail(let lsn), .recycledPage(let lsn), .brokenRecord(let lsn, _), .brokenPage(let lsn, _),
            .switched(let lsn), .stopped(let lsn):
            lsn
        }
    }

    public var flaw: WALFlaw? {
        switch self {
        case .brokenRecord(_, let flaw), .brokenPage(_, let flaw): flaw
        case .zeroedTail, .recycledPage, .switched, .stopped: nil
        }
    }
}

/// The beginning of a part of a record: what a segment holds of a record that lies in two or more.
public struct WALFragment: Hashable, Sendable {
    /// The most bytes that are kept.
    public static let keptBytes = 96

    /// For a record's beginning: where the record starts. For a continuation: the address of the first page
    /// with it.
    public let start: LSN
    /// For a record's beginning: the length of the whole record. For a continuation: the bytes still to come,
    /// from here.
    public let length: UInt32
    /// The first bytes, at most `keptBytes`.
    public let bytes: [UInt8]
    /// How many bytes of the part lie in what was fed so far; only the first of them are in `bytes`.
    public let available: UInt32

    public init(start: LSN, length: UInt32, available: UInt32, bytes: [UInt8]) {
        self.start = start
        self.length = length
        self.available = available
        self.bytes = bytes
    }
}

extension WALEnd {
    /// The reason in a few words, for a message.
    public var explanation: String {
        switch self {
        case .zeroedTail: "nothing was written behind it"
        case .recycledPage: "what follows is left from an earlier use of the file"
        case .brokenRecord(_, let flaw), .brokenPage(_, let flaw): flaw.explanation
        case .switched: "the server switched to a new segment"
        case .stopped: "no more was asked for"
        }
    }
}
