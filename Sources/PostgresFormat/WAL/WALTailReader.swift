/// Reads the WAL at a server's end, and tells whether it ends there or was damaged there.
///
/// Reading always stops somewhere: behind the last record there are zeros or pages of an earlier use. A
/// damaged record looks the same to a reader. So what the server itself says of its end is compared with how
/// far the records go, and what lies behind is looked at.
public struct WALTailReader: Sendable {
    private var decoder: WALDecoder
    private let segmentSize: WALSegmentSize
    /// Nothing from there on counts: how far a running server had flushed.
    private let flushed: LSN?
    private var end: WALEnd?
    /// The page on which reading ended.
    private var lastPage: [UInt8] = []
    /// The last page of what was fed before.
    private var pageBefore: [UInt8] = []
    /// A sound record behind the end.
    private var recordBehind: LSN?

    /// - Parameters:
    ///   - start: the address of the first page to be fed.
    ///   - flushed: of a running server, asked before its WAL was read.
    public init(start: LSN, segmentSize: WALSegmentSize, flushed: LSN?) {
        decoder = WALDecoder(start: start, segmentSize: segmentSize)
        self.segmentSize = segmentSize
        self.flushed = flushed
    }

    /// The address of the next page to be fed.
    public private(set) var nextPage = LSN.zero

    /// Feeds whole pages that follow on directly.
    public mutating func feed(_ pages: UnsafeRawBufferPointer, at position: LSN) {
        guard let flushed, position.advanced(by: UInt64(pages.count)) > flushed else {
            return take(pages, at: position)
        }
        guard position < flushed else { return }
        var copy = Array(pages)
        for index in Int(flushed.distance(from: position))..<copy.count { copy[index] = 0 }
        copy.withUnsafeBytes { take($0, at: position) }
    }

    private mutating func take(_ pages: UnsafeRawBufferPointer, at position: LSN) {
        nextPage = position.advanced(by: UInt64(pages.count))
        var offset = 0
        if end == nil {
            defer { pageBefore = Array(pages.suffix(WALPageHeader.pageSize)) }
            guard let found = decoder.feed(pages, { _ in true }) else { return }
            if case .switched = found { return }
            end = found
            offset = Int(decoder.nextPage.distance(from: position))
            guard offset + WALPageHeader.pageSize <= pages.count else { return }
            // The record that goes on here may claim a length that is not its own.
            if offset >= WALPageHeader.pageSize {
                lookBack(pages.part(offset - WALPageHeader.pageSize, WALPageHeader.pageSize))
            } else {
                pageBefore.withUnsafeBytes { lookBack($0) }
            }
            let page = pages.part(offset, WALPageHeader.pageSize)
            lastPage = Array(page)
            look(page, at: decoder.nextPage)
            offset += WALPageHeader.pageSize
        }
        while recordBehind == nil, offset + WALPageHeader.pageSize <= pages.count {
            let page = pages.part(offset, WALPageHeader.pageSize)
            let address = position.advanced(by: UInt64(offset))
            // Pages kept for reuse have the addresses of their earlier use.
            if let header = WALPageHeader(page), header.version == decoder.version, header.address == address
            {
                look(page, at: address)
            }
            offset += WALPageHeader.pageSize
        }
    }

    /// Looks behind a record's beginning on the page before the next one, if it is there.
    private mutating func lookBack(_ page: UnsafeRawBufferPointer) {
        let address = LSN(decoder.nextPage.rawValue &- UInt64(WALPageHeader.pageSize))
        guard page.count == WALPageHeader.pageSize, position > address else { return }
        look(page, at: address)
    }

    /// Looks for a sound record that follows on one behind the last that was read.
    private mutating func look(_ page: UnsafeRawBufferPointer, at address: LSN) {
        let last = decoder.lastRecord ?? LSN(decoder.nextRecord.rawValue &- 1)
        let behind = decoder.nextRecord
        for offset in stride(
            from: 24, through: WALPageHeader.pageSize - WALRecord.headerSize, by: 8)
        {
            let start = address.advanced(by: UInt64(offset))
            let length = page.little(offset, as: UInt32.self)
            guard start >= behind, length >= WALRecord.headerSize,
                length <= WALPageHeader.pageSize - offset
            else { continue }
            let record = page.part(offset, Int(length))
            let previous = LSN(record.little(8))
            guard previous >= last, previous < start,
                RecordAssembly.flaw(of: record, start: start, after: nil) == nil,
                RecordAssembly.checksum(of: record) == record.little(20)
            else { continue }
            recordBehind = start
            return
        }
    }

    /// Where the last record ends that was read, or where the one begins that did not end.
    public var position: LSN { decoder.nextRecord }

    /// What the WAL of a server ends with that runs.
    ///
    /// A server flushes up to the end of a record or of a page: only at a page's end can a record go on.
    public mutating func verdict(flushed: LSN) -> WALTailVerdict {
        if end == nil { pageBefore.withUnsafeBytes { lookBack($0) } }
        if position >= flushed { return .whole(position) }
        let damage = WALTailDamage(position: position, end: end, bound: .flushed(flushed))
        if let end {
            if case .brokenRecord(_, .recordChecksum) = end, let claimed = claimedEnd, claimed > flushed {
                return .unclear(damage)
            }
            if end.flaw != nil && !isPage(end) || decoder.nextPage < flushed { return .damaged(damage) }
        } else if decoder.nextPage < flushed {
            return .damaged(damage)
        }
        // A record that goes on behind what was flushed, begun here or before all that was read.
        guard decoder.assembly.start == position else { return .whole(position) }
        if decoder.assembly.length > WALDecoder.maximumLength || recordBehind != nil {
            return .damaged(damage)
        }
        return flushed.rawValue % UInt64(WALPageHeader.pageSize) == 0 ? .whole(position) : .unclear(damage)
    }

    /// What the WAL of a server ends with that does not run.
    ///
    /// - Parameter bounds: how far it must go at least.
    public func verdict(bounds: [WALTailBound]) -> WALTailVerdict {
        if let bound = bounds.filter(isShort).max(by: { $0.position < $1.position }) {
            return .damaged(WALTailDamage(position: position, end: end, bound: bound))
        }
        if let recordBehind {
            return .damaged(WALTailDamage(position: position, end: end, bound: .record(recordBehind)))
        }
        return .whole(position)
    }

    private func isShort(of bound: WALTailBound) -> Bool {
        guard position < bound.position else { return false }
        // A server flushes whole pages too: a record may have been begun before and never been finished.
        if case .seen(let flushed) = bound, let claimed = claimedEnd, claimed > flushed { return false }
        return true
    }

    private func isPage(_ end: WALEnd) -> Bool {
        if case .brokenPage = end { true } else { false }
    }

    /// Where the record ends, by its own length, on which reading ended.
    private var claimedEnd: LSN? {
        let start = position
        if start >= decoder.nextPage, let offset = Optional(Int(start.distance(from: decoder.nextPage))),
            offset + 4 <= lastPage.count
        {
            let length = lastPage.withUnsafeBytes { $0.little(offset, as: UInt32.self) }
            return start.endOfRecord(length: length, segmentSize: segmentSize)
        }
        return start.endOfRecord(length: decoder.assembly.length, segmentSize: segmentSize)
    }
}
