/// SHA-1 (FIPS 180-4), by which pgBackRest knows files and WAL again. It tells damage, and stops no forger.
public struct SHA1: Sendable {
    private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0
    )
    /// What does not fill a block yet.
    private var waiting: [UInt8] = []
    private var count: UInt64 = 0

    public init() {}

    /// The 20 bytes of the hash.
    public static func hash(_ message: [UInt8]) -> [UInt8] {
        var stream = SHA1()
        message.withUnsafeBytes { stream.add($0) }
        return stream.finish()
    }

    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        count += UInt64(bytes.count)
        var start = 0
        if !waiting.isEmpty {
            start = min(64 - waiting.count, bytes.count)
            waiting.append(contentsOf: bytes[..<start])
            guard waiting.count == 64 else { return }
            mixWaiting()
        }
        let whole = (bytes.count - start) / 64 * 64
        if whole > 0 {
            mix(UnsafeRawBufferPointer(rebasing: bytes[start..<start + whole]))
        }
        waiting.append(contentsOf: bytes[(start + whole)...])
    }

    /// The 20 bytes of the hash; nothing is to be added behind it.
    public mutating func finish() -> [UInt8] {
        let length = count * 8
        waiting.append(0x80)
        if waiting.count > 56 {
            waiting.append(contentsOf: repeatElement(0, count: 64 - waiting.count))
            mixWaiting()
        }
        waiting.append(contentsOf: repeatElement(0, count: 56 - waiting.count))
        waiting.append(contentsOf: Self.bigEndian(length))
        mixWaiting()
        return [state.0, state.1, state.2, state.3, state.4].flatMap { Self.bigEndian($0) }
    }

    private mutating func mixWaiting() {
        let block = waiting
        waiting.removeAll(keepingCapacity: true)
        block.withUnsafeBytes { mix($0) }
    }

    /// - Parameter blocks: a multiple of 64 bytes.
    private mutating func mix(_ blocks: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { schedule in
            for start in stride(from: 0, to: blocks.count, by: 64) {
                for index in 0..<16 {
                    schedule[index] = UInt32(
                        bigEndian: blocks.loadUnaligned(fromByteOffset: start + index * 4, as: UInt32.self))
                }
                for index in 16..<80 {
                    schedule[index] = Self.rotate(
                        schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14]
                            ^ schedule[index - 16], 1)
                }
                mix(schedule)
            }
        }
    }

    private mutating func mix(_ schedule: UnsafeMutableBufferPointer<UInt32>) {
        var (a, b, c, d, e) = state
        @inline(__always)
        func turn(_ index: Int, _ mixed: UInt32, _ constant: UInt32) {
            let next = Self.rotate(a, 5) &+ mixed &+ e &+ constant &+ schedule[index]
            (e, d, c, b, a) = (d, c, Self.rotate(b, 30), a, next)
        }
        for index in 0..<20 { turn(index, (b & c) | (~b & d), 0x5A82_7999) }
        for index in 20..<40 { turn(index, b ^ c ^ d, 0x6ED9_EBA1) }
        for index in 40..<60 { turn(index, (b & c) | (b & d) | (c & d), 0x8F1B_BCDC) }
        for index in 60..<80 { turn(index, b ^ c ^ d, 0xCA62_C1D6) }
        state.0 &+= a
        state.1 &+= b
        state.2 &+= c
        state.3 &+= d
        state.4 &+= e
    }

    @inline(__always)
    private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
        value &<< count | value &>> (32 - count)
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
