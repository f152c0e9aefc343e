public import PostgresFormat

/// What one archived file holds, told once while it passed by, so that planning opens no WAL.
///
/// For a file that is no segment (`.history`, `.backup`) only its size and checksum.
public struct SegmentSummary: Hashable, Sendable {
    /// How far the walk through the records came.
    public enum Outcome: Hashable, Sendable {
        /// To the segment's end; a record may go on in the next one, see `tail`.
        case complete
        /// No further than here: the position where the next record would have started.
        case endsAt(LSN, EndReason)
    }

    /// Why the walk ended before the segment did.
    public enum EndReason: Hashable, Sendable {
        case zeroedTail
        case recycledPage
        /// The file is not as long as a segment.
        case truncated
        case broken(WALFlaw)
    }

    /// The segment by its file name; nil for a file that is none.
    public var segment: SegmentName?
    /// Of the uncompressed file, in bytes.
    public var rawBytes: UInt64
    public var rawCRC32C: UInt32

    /// From the segment's first page.
    public var systemIdentifier: UInt64?
    public var pageMagic: UInt16?
    /// The timeline that the last good page was written on: the segment's own, or an older one.
    public var pageTimeline: TimelineID?

    public var outcome = Outcome.complete
    /// Whether the WAL goes on in the next segment because the server switched to it.
    public var endsWithSwitch = false
    /// The first record that starts here, complete or not.
    public var firstRecord: LSN?
    /// The last record that lies wholly in this segment.
    public var lastRecordStart: LSN?
    public var lastRecordEnd: LSN?

    /// Records that end here a transaction begun anywhere; the variants for prepared transactions included.
    public var commits: UInt32 = 0
    public var aborts: UInt32 = 0
    public var prepares: UInt32 = 0
    /// The first and last commit, abort or prepare that lies wholly in this segment.
    public var firstEnd: TransactionEnd?
    public var lastEnd: TransactionEnd?
    /// The last commit or abort.
    public var lastStop: TransactionEnd?
    /// Over commits and aborts: their times need not rise with their positions.
    public var minStopTime: PostgresTimestamp?
    public var maxStopTime: PostgresTimestamp?
    /// Over commits, aborts and prepares.
    public var maxTime: PostgresTimestamp?

    public var hazards: SegmentHazards = []
    /// From the last change of parameters here.
    public var lastParameters: WALParameters?

    /// The continuation with which the segment begins.
    public var head: WALFragment?
    /// The record that begins here and ends in a later segment.
    public var tail: WALFragment?
    /// The CRC-32C of the bytes of `head` that are here; nil in summaries of format 1.
    public var headChecksum: UInt32?
    /// The CRC-32C of what is here of the data of `tail`, without its header; nil in summaries of format 1.
    public var tailChecksum: UInt32?

    public init(segment: SegmentName?, rawBytes: UInt64, rawCRC32C: UInt32) {
        self.segment = segment
        self.rawBytes = rawBytes
        self.rawCRC32C = rawCRC32C
    }

    public var timeline: TimelineID? { segment?.timeline }

    /// Whether this is a segment whose every byte of WAL was read and found correct.
    public var isComplete: Bool { segment != nil && outcome == .complete }

    /// Whether nothing but the end of a record is here, and then zeros: whole if that record was a switch to
    /// a new segment, which the segment before knows.
    public var mayEndWithStraddlingSwitch: Bool {
        guard case .endsAt(_, .zeroedTail) = outcome, let head, rawBytes == segment?.size.bytes else {
            return false
        }
        return firstRecord == nil && head.available == head.length
    }
}
