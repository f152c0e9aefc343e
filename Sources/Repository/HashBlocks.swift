/// How the hashes of the SHA family take a message that comes piece by piece: in blocks of 64 bytes, with a
/// bit, zeroes and the message's length behind it (FIPS 180-4, section 5.1.1).
struct HashBlocks: Sendable {
    /// What does not fill a block yet.
    private var waiting: [UInt8] = []
    private var count: UInt64 = 0

    /// - Parameter mix: takes a multiple of 64 bytes into the state.
    mutating func add<State>(
        _ bytes: UnsafeRawBufferPointer, into state: inout State,
        _ mix: (UnsafeRawBufferPointer, inout State) -> Void
    ) {
        count += UInt64(bytes.count)
        var start = 0
        if !waiting.isEmpty {
            start = min(64 - waiting.count, bytes.count)
            waiting.append(contentsOf: bytes[..<start])
            guard waiting.count == 64 else { return }
            mixWaiting(into: &state, mix)
        }
        let whole = (bytes.count - start) / 64 * 64
        if whole > 0 { mix(UnsafeRawBufferPointer(rebasing: bytes[start..<start + whole]), &state) }
        waiting.append(contentsOf: bytes[(start + whole)...])
    }

    /// Nothing is to be added behind it.
    mutating func finish<State>(
        into state: inout State, _ mix: (UnsafeRawBufferPointer, inout State) -> Void
    ) {
        let length = count * 8
        waiting.append(0x80)
        if waiting.count > 56 {
            waiting.append(contentsOf: repeatElement(0, count: 64 - waiting.count))
            mixWaiting(into: &state, mix)
        }
        waiting.append(contentsOf: repeatElement(0, count: 56 - waiting.count))
        waiting.append(contentsOf: Self.bigEndian(length))
        mixWaiting(into: &state, mix)
    }

    private mutating func mixWaiting<State>(
        into state: inout State, _ mix: (UnsafeRawBufferPointer, inout State) -> Void
    ) {
        waiting.withUnsafeBytes { mix($0, &state) }
        waiting.removeAll(keepingCapacity: true)
    }

    static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
