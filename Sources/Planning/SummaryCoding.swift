import PostgresFormat

/// Appends the fields of a summary to a byte array.
struct SummaryWriter {
    private var bytes: [UInt8] = []

    mutating func put<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// One byte that says whether there is a value, then the value.
    mutating func optional<Value>(_ value: Value?, _ body: (inout SummaryWriter, Value) -> Void) {
        put(UInt8(value == nil ? 0 : 1))
        if let value { body(&self, value) }
    }

    mutating func put(_ outcome: SegmentSummary.Outcome) {
        switch outcome {
        case .complete: put(UInt8(0))
        case .endsAt(let lsn, let reason):
            switch reason {
            case .zeroedTail: put(UInt8(1))
            case .recycledPage: put(UInt8(2))
            case .truncated: put(UInt8(3))
            case .broken(let flaw): put(0x80 | flaw.rawValue)
            }
            put(lsn.rawValue)
        }
    }

    mutating func put(_ end: TransactionEnd) {
        put(end.kind.rawValue)
        put(end.xid.rawValue)
        put(end.time.microseconds)
        put(end.start.rawValue)
        put(end.end.rawValue)
    }

    mutating func put(_ parameters: WALParameters) {
        put(parameters.maxConnections)
        put(parameters.maxWorkerProcesses)
        put(parameters.maxWalSenders)
        put(parameters.maxPreparedTransactions)
        put(parameters.maxLocksPerTransaction)
        put(parameters.walLevel.rawValue)
    }

    mutating func put(_ fragment: WALFragment) {
        put(fragment.start.rawValue)
        put(fragment.length)
        put(fragment.available)
        let kept = fragment.bytes.prefix(WALFragment.keptBytes)
        put(UInt8(kept.count))
        bytes.append(contentsOf: kept)
    }

    /// The bytes with their length filled in and their checksum appended.
    consuming func sealed() -> [UInt8] {
        let length = UInt16(bytes.count + 4)
        withUnsafeBytes(of: length.littleEndian) { bytes.replaceSubrange(6..<8, with: $0) }
        put(CRC32C.checksum(bytes))
        return bytes
    }
}

/// Reads the fields of a summary. What is missing or impossible reads as zero and is remembered.
struct SummaryReader {
    private var reader: ByteReader
    private var isSound = true

    init(_ bytes: UnsafeRawBufferPointer) {
        reader = ByteReader(bytes)
    }

    /// Whether everything read was there and possible, and nothing is left.
    var isWhole: Bool { isSound && reader.remaining == 0 }

    mutating func next<Integer: FixedWidthInteger & BitwiseCopyable>() -> Integer {
        checked(reader.next(Integer.self), or: 0)
    }

    private mutating func checked<Value>(_ value: Value?, or replacement: Value) -> Value {
        if value == nil { isSound = false }
        return value ?? replacement
    }

    mutating func bool() -> Bool {
        let byte: UInt8 = next()
        return checked(byte > 1 ? nil : byte == 1, or: false)
    }

    mutating func optional<Value>(_ body: (inout SummaryReader) -> Value) -> Value? {
        bool() ? body(&self) : nil
    }

    mutating func segmentSize() -> WALSegmentSize {
        checked(WALSegmentSize(bytes: next()), or: .standard)
    }

    mutating func outcome() -> SegmentSummary.Outcome {
        let code: UInt8 = next()
        guard code != 0 else { return .complete }
        let lsn = LSN(next())
        switch code {
        case 1: return .endsAt(lsn, .zeroedTail)
        case 2: return .endsAt(lsn, .recycledPage)
        case 3: return .endsAt(lsn, .truncated)
        default:
            let flaw = code & 0x80 == 0 ? nil : WALFlaw(rawValue: code & 0x7F)
            return .endsAt(lsn, .broken(checked(flaw, or: .recordChecksum)))
        }
    }

    mutating func transactionEnd() -> TransactionEnd {
        TransactionEnd(
            kind: checked(TransactionEnd.Kind(rawValue: next()), or: .commit), xid: TransactionID(next()),
            time: PostgresTimestamp(microseconds: next()), start: LSN(next()), end: LSN(next()))
    }

    mutating func parameters() -> WALParameters {
        WALParameters(
            maxConnections: next(), maxWorkerProcesses: next(), maxWalSenders: next(),
            maxPreparedTransactions: next(), maxLocksPerTransaction: next(),
            walLevel: checked(WALLevel(rawValue: next()), or: .minimal))
    }

    mutating func fragment() -> WALFragment {
        let start = LSN(next())
        let length: UInt32 = next()
        let available: UInt32 = next()
        let count: UInt8 = next()
        let kept = checked(reader.take(Int(count)), or: UnsafeRawBufferPointer(start: nil, count: 0))
        if Int(count) > WALFragment.keptBytes { isSound = false }
        return WALFragment(start: start, length: length, available: available, bytes: Array(kept))
    }
}
