/// Reads WAL pages, fed in order, into checked records; records may cross pages, segments and portions.
///
/// Every record visited has a valid header, points back to the record before it and passed its CRC; the main
/// data of a record longer than `keptLength` that crosses pages is kept only for transaction records, so that
/// no input makes the decoder hold more than it was fed, and little of that.
public struct WALDecoder: Sendable {
    /// The most bytes of a page-crossing record that are held, for all but transaction records.
    ///
    /// A heap record names at most four pages and a record of new pages 32, 8 KiB each: all of them are held.
    static let keptLength = 512 * 1024
    /// PostgreSQL's `XLogRecordMaxSize`.
    static let maximumLength: UInt32 = 1020 << 20

    enum Mode {
        /// Nothing has been fed yet.
        case fresh
        /// The WAL began inside a record: that many bytes of it are still to be skipped.
        case skippingHead(UInt32)
        /// Between two records.
        case between
        /// A record began and has not ended.
        case assembling
        /// After a switch: the rest of the segment means nothing.
        case skippingSegment
        case ended(WALEnd)
    }

    let segmentSize: WALSegmentSize
    let maximumTimeline: TimelineID?
    /// The address of the next page to be fed.
    var pageAddress: UInt64
    var mode = Mode.fresh
    /// Where the next record starts or would start, before page headers are stepped over.
    var recordPosition: UInt64
    var lastRecord: LSN?
    var assembly = RecordAssembly()

    /// What the latest page header said: nil until a page was accepted.
    public internal(set) var version: WALVersion?
    public internal(set) var pageTimeline: TimelineID?
    public internal(set) var systemIdentifier: UInt64?
    /// The continuation with which the WAL fed began, if it began inside a record.
    public internal(set) var headFragment: WALFragment?
    /// The bytes of that continuation; only its first ones if it is longer than `keptLength`.
    public private(set) var headBytes: [UInt8] = []
    private var headData = CRC32C()
    /// The CRC-32C of that continuation, as far as it was fed.
    public var headChecksum: UInt32? { headFragment.map { _ in headData.value } }

    /// - Parameter start: the address of the first page to be fed; rounded down to a page.
    /// - Parameter maximumTimeline: the timeline in the segments' names, if known: no page may be of a later
    ///   one.
    public init(start: LSN, segmentSize: WALSegmentSize, maximumTimeline: TimelineID? = nil) {
        self.segmentSize = segmentSize
        self.maximumTimeline = maximumTimeline
        pageAddress = start.rawValue & ~UInt64(WALPageHeader.pageSize - 1)
        recordPosition = pageAddress
    }

    /// Where the next record starts or would start; while a record is incomplete, where that one starts.
    public var nextRecord: LSN {
        if case .assembling = mode { return assembly.start }
        guard recordPosition & UInt64(WALPageHeader.pageSize - 1) == 0 else { return LSN(recordPosition) }
        return LSN(recordPosition &+ WALPageHeader.size(at: recordPosition, segmentSize: segmentSize))
    }

    /// The address of the next page to be fed.
    public var nextPage: LSN { LSN(pageAddress) }

    /// The record that began and has not ended in what was fed so far.
    public var tailFragment: WALFragment? {
        guard case .assembling = mode else { return nil }
        return assembly.fragment
    }

    /// The bytes of the record that began and has not ended, as far as they were fed; only the first ones of
    /// a record beyond `keptLength` that ends no transaction.
    public var tailBytes: [UInt8] {
        guard case .assembling = mode else { return [] }
        return assembly.withBytes { Array($0) }
    }

    /// The CRC-32C of that record's data, as far as it was fed; its header is not in it.
    public var tailChecksum: UInt32? {
        guard case .assembling = mode else { return nil }
        return assembly.dataChecksumSoFar
    }

    /// The magic of the latest page accepted.
    public var pageMagic: UInt16? { version?.pageMagic }

    /// Feeds pages that follow on directly, and visits every record that is complete and correct.
    ///
    /// - Parameter pages: a multiple of 8192 bytes.
    /// - Parameter visit: answers false to stop; nothing can be fed after that.
    /// - Returns: the end, if the WAL ends in these pages, or the switch behind which their rest was skipped;
    ///   after a real end every further call returns the same end.
    public mutating func feed<Failure: Error>(
        _ pages: UnsafeRawBufferPointer, _ visit: (borrowing WALRecord) throws(Failure) -> Bool
    ) throws(Failure) -> WALEnd? {
        var offset = 0
        while pages.count - offset >= WALPageHeader.pageSize {
            switch mode {
            case .ended(let end):
                return end
            case .skippingSegment where pageAddress & (segmentSize.bytes - 1) != 0:
                let toBoundary = segmentSize.bytes - pageAddress & (segmentSize.bytes - 1)
                let available = UInt64((pages.count - offset) & ~(WALPageHeader.pageSize - 1))
                let skipped = min(toBoundary, available)
                offset += Int(skipped)
                pageAddress &+= skipped
            default:
                if let end = try page(pages.part(offset, WALPageHeader.pageSize), visit) {
                    mode = .ended(end)
                    return end
                }
                offset += WALPageHeader.pageSize
                pageAddress &+= UInt64(WALPageHeader.pageSize)
            }
        }
        if case .ended(let end) = mode { return end }
        if offset < pages.count {
            let end = WALEnd.brokenPage(nextRecord, .incompletePage)
            mode = .ended(end)
            return end
        }
        if case .skippingSegment = mode { return .switched(LSN(recordPosition)) }
        return nil
    }

    // MARK: One page

    private mutating func page<Failure: Error>(
        _ page: UnsafeRawBufferPointer, _ visit: (borrowing WALRecord) throws(Failure) -> Bool
    ) throws(Failure) -> WALEnd? {
        let header: WALPageHeader
        switch accept(page) {
        case .success(let accepted): header = accepted
        case .failure(let end): return end.reason
        }
        var offset = header.size
        switch mode {
        case .fresh:
            if header.continuesRecord {
                mode = .skippingHead(header.remainingLength)
                headFragment = WALFragment(
                    start: LSN(pageAddress), length: header.remainingLength, available: 0, bytes: [])
            } else {
                mode = .between
            }
        case .skippingHead(let remaining):
            if header.overwritesRecord {
                mode = .between
            } else if !header.continuesRecord || header.remainingLength != remaining {
                return .brokenPage(nextRecord, .continuation)
            }
        case .assembling:
            if header.overwritesRecord {
                mode = .between
            } else if !header.continuesRecord || header.remainingLength != assembly.missing {
                return .brokenPage(nextRecord, .continuation)
            } else if assembly.length > Self.maximumLength {
                // Asked no sooner: of a torn record, written over after a crash, any length is passed over.
                return .brokenRecord(assembly.start, .recordTooLong)
            }
        case .between, .skippingSegment:
            guard !header.continuesRecord else { return .brokenPage(nextRecord, .continuation) }
            mode = .between
        case .ended(let end):
            return end
        }
        if case .skippingHead(let remaining) = mode {
            offset = skipHead(page, from: offset, remaining: remaining)
        } else if case .assembling = mode {
            offset = assembly.add(page, from: offset)
            if let flaw = assembly.headerFlaw(after: lastRecord) {
                return .brokenRecord(assembly.start, flaw)
            }
            guard assembly.missing == 0 else { return nil }
            if let end = try completeAssembled(at: offset, visit) { return end }
            offset = aligned(offset)
        } else {
            recordPosition = pageAddress &+ UInt64(offset)
        }
        guard case .between = mode else { return nil }
        return try records(page, from: offset, visit)
    }

    private mutating func skipHead(_ page: UnsafeRawBufferPointer, from offset: Int, remaining: UInt32) -> Int
    {
        let taken = min(Int(remaining), page.count - offset)
        if let head = headFragment {
            let kept = min(taken, WALFragment.keptBytes - head.bytes.count)
            headFragment = WALFragment(
                start: head.start, length: head.length, available: head.available + UInt32(taken),
                bytes: kept > 0 ? head.bytes + page.part(offset, kept) : head.bytes)
        }
        headData.update(page.part(offset, taken))
        if headBytes.count < Self.keptLength { headBytes.append(contentsOf: page.part(offset, taken)) }
        mode = taken == remaining ? .between : .skippingHead(remaining - UInt32(taken))
        recordPosition = pageAddress &+ UInt64(aligned(offset + taken))
        return aligned(offset + taken)
    }

    private mutating func completeAssembled<Failure: Error>(
        at offset: Int, _ visit: (borrowing WALRecord) throws(Failure) -> Bool
    ) throws(Failure) -> WALEnd? {
        guard let version else { return .brokenPage(nextRecord, .pageMagic) }
        guard assembly.checksumIsValid else { return .brokenRecord(assembly.start, .recordChecksum) }
        let start = assembly.start
        mode = .between
        finish(start: start, end: pageAddress &+ UInt64(aligned(offset)), isSwitch: assembly.isSwitch)
        let end = LSN(recordPosition)
        let goesOn = try assembly.withBytes { (bytes) throws(Failure) in
            try visit(WALRecord(start: start, end: end, version: version, bytes: bytes))
        }
        assembly.shrink()
        return goesOn ? nil : .stopped(nextRecord)
    }

    /// The records that begin on this page, from `offset` on.
    private mutating func records<Failure: Error>(
        _ page: UnsafeRawBufferPointer, from first: Int,
        _ visit: (borrowing WALRecord) throws(Failure) -> Bool
    ) throws(Failure) -> WALEnd? {
        guard let version else { return .brokenPage(nextRecord, .pageMagic) }
        var offset = first
        while offset < WALPageHeader.pageSize {
            let start = LSN(pageAddress &+ UInt64(offset))
            let room = WALPageHeader.pageSize - offset
            let length = page.little(offset, as: UInt32.self)
            guard length >= WALRecord.headerSize else {
                return page.part(offset, room).isZero
                    ? .zeroedTail(start) : .brokenRecord(start, .recordTooShort)
            }
            guard length <= room else {
                assembly.begin(at: start, length: length)
                mode = .assembling
                _ = assembly.add(page, from: offset)
                return assembly.headerFlaw(after: lastRecord).map { .brokenRecord(start, $0) }
            }
            let bytes = page.part(offset, Int(length))
            if let flaw = RecordAssembly.flaw(of: bytes, start: start, after: lastRecord) {
                return .brokenRecord(start, flaw)
            }
            guard RecordAssembly.checksum(of: bytes) == bytes.little(20) else {
                return .brokenRecord(start, .recordChecksum)
            }
            offset = aligned(offset + Int(length))
            finish(
                start: start, end: pageAddress &+ UInt64(offset), isSwitch: RecordAssembly.isSwitch(bytes))
            let record = WALRecord(
                start: start, end: LSN(recordPosition), version: version, bytes: bytes)
            guard try visit(record) else { return .stopped(nextRecord) }
            if case .skippingSegment = mode { return nil }
        }
        return nil
    }

    /// Notes that a record ended; after a switch the WAL goes on at the next segment.
    @inline(__always)
    private mutating func finish(start: LSN, end: UInt64, isSwitch: Bool) {
        lastRecord = start
        recordPosition = end
        guard isSwitch else { return }
        let intoSegment = end & (segmentSize.bytes - 1)
        if intoSegment != 0 {
            recordPosition = end &+ (segmentSize.bytes - intoSegment)
        }
        mode = .skippingSegment
    }

    @inline(__always)
    private func aligned(_ offset: Int) -> Int { (offset + 7) & ~7 }
}
