extension UnsafeRawBufferPointer {
    /// The little-endian integer at `offset`, aligned or not. Ends the process rather than read past the
    /// bytes.
    @inline(__always)
    package func little<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ offset: Int, as type: Integer.Type = Integer.self
    ) -> Integer {
        precondition(offset >= 0 && offset &+ MemoryLayout<Integer>.size <= count, "read beyond the bytes")
        return Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The `length` bytes from `offset`. Ends the process rather than reach past the bytes.
    @inline(__always)
    package func part(_ offset: Int, _ length: Int) -> UnsafeRawBufferPointer {
        precondition(offset >= 0 && length >= 0 && offset &+ length <= count, "part beyond the bytes")
        return UnsafeRawBufferPointer(start: baseAddress.map { $0 + offset }, count: length)
    }

    /// Whether every byte is zero.
    package var isZero: Bool {
        var offset = 0
        while offset &+ 8 <= count {
            if little(offset, as: UInt64.self) != 0 { return false }
            offset &+= 8
        }
        while offset < count {
            if self[offset] != 0 { return false }
            offset &+= 1
        }
        return true
    }
}

/// Reads integers from the front of some bytes; what is not there is nil, never a trap.
package struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    package private(set) var offset = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    package var remaining: Int { bytes.count - offset }

    package mutating func next<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type = Integer.self
    ) -> Integer? {
        guard remaining >= MemoryLayout<Integer>.size else { return nil }
        let value = bytes.little(offset, as: type)
        offset += MemoryLayout<Integer>.size
        return value
    }

    package mutating func take(_ length: Int) -> UnsafeRawBufferPointer? {
        guard length >= 0, length <= remaining else { return nil }
        let part = bytes.part(offset, length)
        offset += length
        return part
    }

    package mutating func skip(_ length: Int) -> Bool { take(length) != nil }

    /// Skips a 32-bit count and that many elements.
    package mutating func skipList(elementSize: Int) -> Bool {
        guard let count = next(Int32.self), count >= 0 else { return false }
        return skip(Int(count) * elementSize)
    }
}
