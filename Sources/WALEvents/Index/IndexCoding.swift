import PostgresFormat

/// Appends numbers to the bytes of an index: seven bits to a byte, the lowest first (LEB128).
struct IndexWriter: Sendable {
    private(set) var bytes: [UInt8] = []

    @inline(__always)
    mutating func put(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// Small numbers of either sign take few bytes.
    @inline(__always)
    mutating func put(signed value: Int64) {
        put(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    @inline(__always)
    mutating func put(byte: UInt8) {
        bytes.append(byte)
    }

    mutating func put(raw content: some Collection<UInt8>) {
        put(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func append(_ other: IndexWriter) {
        bytes.append(contentsOf: other.bytes)
    }

    /// One byte that says whether there is a value, then the value.
    mutating func optional<Value>(_ value: Value?, _ body: (inout IndexWriter, Value) -> Void) {
        put(byte: value == nil ? 0 : 1)
        if let value { body(&self, value) }
    }

    mutating func put(_ fragment: WALFragment) {
        put(fragment.start.rawValue)
        put(UInt64(fragment.length))
        put(UInt64(fragment.available))
        put(raw: fragment.bytes)
    }
}

/// Reads what an `IndexWriter` wrote. What is missing or impossible reads as zero and is remembered.
struct IndexReader {
    private var reader: ByteReader
    private(set) var isSound = true

    init(_ bytes: UnsafeRawBufferPointer) {
        reader = ByteReader(bytes)
    }

    /// Whether everything read was there and possible, and nothing is left.
    var isWhole: Bool { isSound && reader.remaining == 0 }

    mutating func fail() { isSound = false }

    @inline(__always)
    mutating func byte() -> UInt8 {
        guard let byte = reader.next(UInt8.self) else {
            isSound = false
            return 0
        }
        return byte
    }

    @inline(__always)
    mutating func number() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = byte()
            // The tenth byte has room for one bit.
            guard shift < 63 || byte <= 1 else {
                isSound = false
                return 0
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    mutating func signed() -> Int64 {
        let value = number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func small() -> UInt32 {
        guard let value = UInt32(exactly: number()) else {
            isSound = false
            return 0
        }
        return value
    }

    mutating func raw() -> [UInt8] {
        guard let count = Int(exactly: number()), let taken = reader.take(count) else {
            isSound = false
            return []
        }
        return Array(taken)
    }

    /// Where that many bytes lie, counted from the first one read.
    mutating func rawRange() -> Range<Int> {
        guard let count = Int(exactly: number()), reader.skip(count) else {
            isSound = false
            return 0..<0
        }
        return reader.offset - count..<reader.offset
    }

    mutating func bool() -> Bool {
        let byte = byte()
        if byte > 1 { isSound = false }
        return byte == 1
    }

    mutating func optional<Value>(_ body: (inout IndexReader) -> Value) -> Value? {
        bool() ? body(&self) : nil
    }

    /// A count and that many elements of at least one byte each: no count makes it read on past the bytes, or
    /// reserve room for what is not there.
    mutating func list<Element>(_ body: (inout IndexReader) -> Element) -> [Element] {
        let count = number()
        guard count <= UInt64(reader.remaining) else {
            isSound = false
            return []
        }
        var elements: [Element] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count {
            elements.append(body(&self))
            if !isSound { return [] }
        }
        return elements
    }

    mutating func fragment() -> WALFragment {
        WALFragment(start: LSN(number()), length: small(), available: small(), bytes: raw())
    }
}
