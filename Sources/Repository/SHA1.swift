import CSupport

/// SHA-1 (FIPS 180-4), by which pgBackRest knows files and WAL again. It tells damage, and stops no forger.
public struct SHA1: Sendable {
    private typealias State = (UInt32, UInt32, UInt32, UInt32, UInt32)
    private var state: State = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)
    private var blocks = HashBlocks()
    private let usesInstructions: Bool

    public init() {
        self.init(usesInstructions: pitr_sha1_is_there() != 0)
    }

    /// - Parameter usesInstructions: of a processor that has some for it.
    init(usesInstructions: Bool) {
        self.usesInstructions = usesInstructions
    }

    /// The 20 bytes of the hash.
    public static func hash(_ message: [UInt8]) -> [UInt8] {
        var stream = SHA1()
        message.withUnsafeBytes { stream.add($0) }
        return stream.finish()
    }

    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        blocks.add(bytes, into: &state, usesInstructions ? Self.mixByInstructions : Self.mixPlainly)
    }

    /// The 20 bytes of the hash; nothing is to be added behind it.
    public mutating func finish() -> [UInt8] {
        blocks.finish(into: &state, usesInstructions ? Self.mixByInstructions : Self.mixPlainly)
        return [state.0, state.1, state.2, state.3, state.4].flatMap { HashBlocks.bigEndian($0) }
    }

    /// - Parameter blocks: a multiple of 64 bytes.
    private static func mixByInstructions(_ blocks: UnsafeRawBufferPointer, into state: inout State) {
        withUnsafeMutableBytes(of: &state) { words in
            let first = words.assumingMemoryBound(to: UInt32.self).baseAddress
            pitr_sha1_mix(first, blocks.baseAddress, blocks.count / 64)
        }
    }

    /// - Parameter blocks: a multiple of 64 bytes.
    private static func mixPlainly(_ blocks: UnsafeRawBufferPointer, into state: inout State) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { schedule in
            for start in stride(from: 0, to: blocks.count, by: 64) {
                for index in 0..<16 {
                    schedule[index] = UInt32(
                        bigEndian: blocks.loadUnaligned(fromByteOffset: start + index * 4, as: UInt32.self))
                }
                for index in 16..<80 {
                    schedule[index] = rotate(
                        schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14]
                            ^ schedule[index - 16], 1)
                }
                mix(schedule, into: &state)
            }
        }
    }

    private static func mix(_ schedule: UnsafeMutableBufferPointer<UInt32>, into state: inout State) {
        var (a, b, c, d, e) = state
        @inline(__always)
        func turn(_ index: Int, _ mixed: UInt32, _ constant: UInt32) {
            let next = rotate(a, 5) &+ mixed &+ e &+ constant &+ schedule[index]
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
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
}
