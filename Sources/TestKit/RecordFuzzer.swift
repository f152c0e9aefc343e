public import PostgresFormat
public import TestValues

/// Changes records and pages of real WAL at random and reads the result: whatever comes of it, the reader
/// must neither crash, nor loop, nor take memory without bound.
///
/// One execution is one changed record under a right checksum, or one changed stretch of pages.
public struct RecordFuzzer: Sendable {
    /// A whole record of real WAL.
    private struct Sample: Sendable {
        var bytes: [UInt8]
        var version: WALVersion
    }

    private var samples: [Sample] = []
    /// The beginnings of segments, some pages each.
    private var stretches: [(name: SegmentName, bytes: [UInt8])] = []
    private var random: SeededRandom
    /// Executions in which the changed bytes were still a record, or held one.
    public private(set) var readable: UInt64 = 0
    public private(set) var executions: UInt64 = 0

    /// - Parameter segments: of any size and version; a file that is no WAL adds nothing.
    public init(_ segments: [(name: SegmentName, bytes: [UInt8])], random: SeededRandom) {
        self.random = random
        for (name, bytes) in segments {
            stretches.append((name, Array(bytes.prefix(6 * WALPageHeader.pageSize))))
            var decoder = WALDecoder(start: name.start, segmentSize: name.size)
            _ = bytes.withUnsafeBytes { pages in
                decoder.feed(pages) { record in
                    if record.isComplete, record.totalLength < 20_000 {
                        samples.append(
                            Sample(bytes: record.withBytes { Array($0) }, version: record.version))
                    }
                    return true
                }
            }
        }
    }

    /// Runs that many executions.
    public mutating func run(_ count: UInt64) {
        guard !samples.isEmpty, !stretches.isEmpty else { return }
        for _ in 0..<count {
            executions += 1
            if number(64) == 0 { readPages() } else { readRecord() }
        }
    }

    private mutating func number(_ bound: Int) -> Int { Int(random.next() % UInt64(max(bound, 1))) }

    private mutating func readRecord() {
        var record = samples[number(samples.count)]
        for _ in 0...number(4) { change(&record.bytes, behind: number(8) == 0 ? 16 : WALRecord.headerSize) }
        if number(16) == 0 {
            record.version = WALVersion.allCases[number(WALVersion.allCases.count)]
        }
        while record.bytes.count < WALRecord.headerSize { record.bytes.append(0) }
        Self.put(UInt32(record.bytes.count), at: 0, in: &record.bytes)
        Self.put(UInt64(8), at: 8, in: &record.bytes)
        Self.put(
            CRC32C.checksum(Array(record.bytes[WALRecord.headerSize...] + record.bytes[..<20])), at: 20,
            in: &record.bytes)
        let version = record.version
        let isRead = record.bytes.withUnsafeBytes { bytes in
            WALRecord.reading(bytes, start: LSN(64), end: LSN(128), version: version) { record in
                record.readEverything()
                return true
            }
        }
        if isRead == true { readable += 1 }
    }

    private mutating func readPages() {
        var (name, pages) = stretches[number(stretches.count)]
        for _ in 0...number(3) {
            let offset = number(pages.count)
            pages[offset] = number(2) == 0 ? pages[offset] ^ (1 << UInt8(number(8))) : edge()
        }
        var decoder = WALDecoder(start: name.start, segmentSize: name.size)
        var records = 0
        _ = pages.withUnsafeBytes { bytes in
            decoder.feed(bytes) { record in
                records += 1
                if records % 8 == 0 { record.readEverything() }
                return true
            }
        }
        if records > 0 { readable += 1 }
    }

    private mutating func edge() -> UInt8 {
        let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
        return edges[number(edges.count)]
    }

    private mutating func change(_ bytes: inout [UInt8], behind first: Int) {
        guard bytes.count > first else { return }
        let offset = first + number(bytes.count - first)
        switch number(8) {
        case 0: bytes[offset] ^= 1 << UInt8(number(8))
        case 1, 2: bytes[offset] = edge()
        case 3: bytes[offset] = UInt8(truncatingIfNeeded: random.next())
        case 4:
            let value = number(2) == 0 ? UInt32.max : UInt32(1) << UInt32(number(32))
            for (index, byte) in [value, value >> 8, value >> 16, value >> 24].enumerated()
            where offset + index < bytes.count {
                bytes[offset + index] = UInt8(truncatingIfNeeded: byte)
            }
        case 5: bytes.removeSubrange(offset..<min(bytes.count, offset + 1 + number(16)))
        case 6:
            bytes.insert(contentsOf: bytes[offset..<min(bytes.count, offset + 1 + number(16))], at: offset)
        default:
            let other = samples[number(samples.count)].bytes
            let from = number(other.count)
            bytes.replaceSubrange(offset..., with: other[from...])
        }
    }

    private static func put<Integer: FixedWidthInteger>(
        _ value: Integer, at offset: Int, in bytes: inout [UInt8]
    ) {
        withUnsafeBytes(of: value.littleEndian) { value in
            for index in value.indices { bytes[offset + index] = value[index] }
        }
    }
}

extension WALRecord {
    /// Asks the record for all that it can tell, so that nothing in it is left unread.
    public func readEverything() {
        for block in blocks {
            _ = bytes(of: block.data)
            if let image = block.image { _ = try? restored(image) { _, target in target.count } }
        }
        _ = origin
        _ = topLevelTransaction
        switch heapOperation {
        case .multiInsert(let insertion):
            forEachRow(of: insertion) { _, row in bytes(of: row.body).count >= 0 }
        case .prune(let pruning): _ = pruned(pruning)
        case .insert(let insertion): if let data = insertion.data { _ = bytes(of: data.body) }
        case .update(let update): if let data = update.data { _ = bytes(of: data.body) }
        default: break
        }
        if let update = relationMapUpdate { _ = bytes(of: update.map) }
        if let message = logicalMessage { _ = bytes(of: message.content) }
        _ = transactionEnd
        _ = standbyLocks
        _ = RecordWords.sentence(self)
        var statistics = WALStatistics.Amount()
        statistics.count = UInt64(imageBytes)
    }
}
