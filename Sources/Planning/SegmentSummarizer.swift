public import PostgresFormat

/// Summarises a file as its bytes pass by, in portions of any size.
public struct SegmentSummarizer: Sendable {
    private var summary: SegmentSummary
    private var decoder: WALDecoder?
    private var checksum = CRC32C()
    private var notes = Notes()
    /// The beginning of a page whose rest has not come yet.
    private var partialPage: [UInt8] = []
    private var end: WALEnd?

    /// - Parameter name: the segment that the bytes are, also of a `.partial` file; nil for a file that is no
    ///   WAL.
    public init(name: SegmentName?) {
        summary = SegmentSummary(segment: name, rawBytes: 0, rawCRC32C: 0)
        decoder = name.map { WALDecoder(start: $0.start, segmentSize: $0.size, maximumTimeline: $0.timeline) }
    }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        feed(bytes) { _ in }
    }

    /// Feeds bytes, and lends every record in them to `visit`.
    @inline(__always)
    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ visit: (borrowing WALRecord) -> Void) {
        checksum.update(bytes)
        let before = summary.rawBytes
        summary.rawBytes += UInt64(bytes.count)
        guard let name = summary.segment, before < name.size.bytes else { return }
        walk(bytes.part(0, Int(min(UInt64(bytes.count), name.size.bytes - before))), visit)
    }

    /// The summary of everything fed.
    public consuming func finish() -> SegmentSummary {
        summary.rawCRC32C = checksum.value
        guard let decoder, let name = summary.segment else { return summary }
        summary.systemIdentifier = decoder.systemIdentifier
        summary.pageMagic = decoder.pageMagic
        summary.pageTimeline = decoder.pageTimeline
        summary.head = decoder.headFragment
        summary.headChecksum = decoder.headChecksum
        notes.write(into: &summary)
        switch end {
        case .switched(let next):
            summary.endsWithSwitch = next >= name.end
        case .zeroedTail(let lsn): summary.outcome = .endsAt(lsn, .zeroedTail)
        case .recycledPage(let lsn): summary.outcome = .endsAt(lsn, .recycledPage)
        case .brokenRecord(let lsn, let flaw), .brokenPage(let lsn, let flaw):
            summary.outcome = .endsAt(lsn, .broken(flaw))
        case .stopped, nil: break
        }
        if summary.outcome == .complete {
            summary.tail = decoder.tailFragment
            summary.tailChecksum = decoder.tailChecksum
            if summary.rawBytes != name.size.bytes {
                summary.outcome = .endsAt(decoder.nextRecord, .truncated)
            }
        }
        if summary.firstRecord == nil {
            summary.firstRecord = decoder.tailFragment?.start
        }
        return summary
    }

    /// The record that has begun and not ended in what was fed, with all its bytes so far.
    public var wholeTail: WALFragment? {
        guard let decoder, let tail = decoder.tailFragment else { return nil }
        return WALFragment(
            start: tail.start, length: tail.length, available: tail.available, bytes: decoder.tailBytes)
    }

    private mutating func walk(_ bytes: UnsafeRawBufferPointer, _ visit: (borrowing WALRecord) -> Void) {
        var rest = bytes
        if !partialPage.isEmpty {
            let wanted = min(WALPageHeader.pageSize - partialPage.count, rest.count)
            partialPage.append(contentsOf: rest.part(0, wanted))
            rest = rest.part(wanted, rest.count - wanted)
            guard partialPage.count == WALPageHeader.pageSize else { return }
            let page = partialPage
            partialPage.removeAll(keepingCapacity: true)
            page.withUnsafeBytes { decode($0, visit) }
        }
        let whole = rest.count & ~(WALPageHeader.pageSize - 1)
        if whole > 0 { decode(rest.part(0, whole), visit) }
        partialPage.append(contentsOf: rest.part(whole, rest.count - whole))
    }

    private mutating func decode(_ pages: UnsafeRawBufferPointer, _ visit: (borrowing WALRecord) -> Void) {
        end = decoder?.feed(pages) { record in
            notes.add(record)
            visit(record)
            return true
        }
    }
}

/// What is gathered record by record.
private struct Notes: Sendable {
    private var firstRecord: LSN?
    private var lastStart: LSN?
    private var lastEnd: LSN?
    private var commits: UInt32 = 0
    private var aborts: UInt32 = 0
    private var prepares: UInt32 = 0
    private var firstTransaction: TransactionEnd?
    private var lastTransaction: TransactionEnd?
    private var lastStop: TransactionEnd?
    private var minStopTime: PostgresTimestamp?
    private var maxStopTime: PostgresTimestamp?
    private var maxTime: PostgresTimestamp?
    private var hazards: SegmentHazards = []
    private var parameters: WALParameters?

    mutating func add(_ record: borrowing WALRecord) {
        if firstRecord == nil { firstRecord = record.start }
        lastStart = record.start
        lastEnd = record.end
        let hazard = RecordHazard.of(record)
        if !hazard.isEmpty {
            hazards.formUnion(hazard)
            if let changed = record.parameterChange { parameters = changed }
        }
        if let ended = record.transactionEnd { add(ended) }
    }

    private mutating func add(_ ended: TransactionEnd) {
        switch ended.kind {
        case .commit, .commitPrepared: commits += 1
        case .abort, .abortPrepared: aborts += 1
        case .prepare: prepares += 1
        }
        if firstTransaction == nil { firstTransaction = ended }
        lastTransaction = ended
        maxTime = max(maxTime ?? ended.time, ended.time)
        guard ended.kind.canStopRecovery else { return }
        lastStop = ended
        minStopTime = min(minStopTime ?? ended.time, ended.time)
        maxStopTime = max(maxStopTime ?? ended.time, ended.time)
    }

    func write(into summary: inout SegmentSummary) {
        summary.firstRecord = firstRecord
        summary.lastRecordStart = lastStart
        summary.lastRecordEnd = lastEnd
        summary.commits = commits
        summary.aborts = aborts
        summary.prepares = prepares
        summary.firstEnd = firstTransaction
        summary.lastEnd = lastTransaction
        summary.lastStop = lastStop
        summary.minStopTime = minStopTime
        summary.maxStopTime = maxStopTime
        summary.maxTime = maxTime
        summary.hazards = hazards
        summary.lastParameters = parameters
    }
}
