/// A record that crosses pages, put together as its bytes arrive; its claimed length reserves nothing.
struct RecordAssembly {
    private(set) var start = LSN.zero
    private(set) var length: UInt32 = 0
    private var arrived: UInt32 = 0
    /// The first bytes; all of them unless the record is long and of no interest.
    private var kept: [UInt8] = []
    private var dataChecksum = CRC32C()
    private var headerIsChecked = false

    mutating func begin(at start: LSN, length: UInt32) {
        self.start = start
        self.length = length
        arrived = 0
        kept.removeAll(keepingCapacity: true)
        dataChecksum = CRC32C()
        headerIsChecked = false
    }

    /// The bytes that are still to come.
    var missing: UInt32 { length - arrived }

    var fragment: WALFragment {
        WALFragment(
            start: start, length: length, available: arrived,
            bytes: Array(kept.prefix(WALFragment.keptBytes)))
    }

    /// Takes from the page what belongs to the record, and answers where that ends.
    mutating func add(_ page: UnsafeRawBufferPointer, from offset: Int) -> Int {
        let portion = page.part(offset, min(Int(missing), page.count - offset))
        let headerRest = max(0, WALRecord.headerSize - Int(arrived))
        if headerRest < portion.count {
            dataChecksum.update(portion.part(headerRest, portion.count - headerRest))
        }
        if kept.count < WALDecoder.keptLength || isTransaction {
            kept.append(contentsOf: portion)
        }
        arrived += UInt32(portion.count)
        return offset + portion.count
    }

    /// What is wrong with the header, asked once, as soon as the header is there.
    mutating func headerFlaw(after last: LSN?) -> WALFlaw? {
        guard !headerIsChecked, arrived >= WALRecord.headerSize else { return nil }
        headerIsChecked = true
        return kept.withUnsafeBytes { Self.flaw(of: $0, start: start, after: last) }
    }

    var dataChecksumSoFar: UInt32 { dataChecksum.value }

    var checksumIsValid: Bool {
        kept.withUnsafeBytes { bytes in
            var checksum = dataChecksum
            checksum.update(bytes.part(0, 20))
            return checksum.value == bytes.little(20)
        }
    }

    var isSwitch: Bool { kept.withUnsafeBytes { Self.isSwitch($0) } }

    private var isTransaction: Bool {
        kept.count >= WALRecord.headerSize && kept[17] == ResourceManager.transaction.rawValue
    }

    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try kept.span.bytes.withUnsafeBytes(body)
    }

    /// Gives back the memory that one long record took.
    mutating func shrink() {
        if kept.capacity > 2 * WALDecoder.keptLength { kept = [] }
    }

    // MARK: Checks of a record whose bytes lie together

    /// PostgreSQL's checks of a header: the resource manager, and the way back to the record before.
    @inline(__always)
    static func flaw(of record: UnsafeRawBufferPointer, start: LSN, after last: LSN?) -> WALFlaw? {
        guard ResourceManager.isValid(record.little(17)) else { return .resourceManager }
        let previous = record.little(8, as: UInt64.self)
        if let last {
            return previous == last.rawValue ? nil : .previousRecord
        }
        return previous < start.rawValue ? nil : .previousRecord
    }

    /// Over the data first, then over the header up to the checksum itself.
    @inline(__always)
    static func checksum(of record: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(record.part(WALRecord.headerSize, record.count - WALRecord.headerSize))
        checksum.update(record.part(0, 20))
        return checksum.value
    }

    @inline(__always)
    static func isSwitch(_ record: UnsafeRawBufferPointer) -> Bool {
        record.little(16, as: UInt16.self) & 0xFFF0 == UInt16(XLogOperation.switchSegment)
    }
}
