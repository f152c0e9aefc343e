/// Bytes that look like something and are the same in every run.
public enum SampleBytes {
    /// A quarter of bytes below 16 that follow from the seed, then zeros: it packs as little used pages do.
    public static func mostlyZeros(_ seed: UInt64, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var state = seed
        for index in stride(from: 0, to: count / 4, by: 8) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var word = state & 0x0F0F_0F0F_0F0F_0F0F
            for byte in 0..<8 {
                bytes[index + byte] = UInt8(truncatingIfNeeded: word)
                word >>= 8
            }
        }
        return bytes
    }

    /// Compresses to a half or so.
    public static func halfRandom(count: Int) -> [UInt8] {
        var state: UInt32 = 12345
        return (0..<count).map { place in
            state = state &* 1_664_525 &+ 1_013_904_223
            return place % 8 < 4 ? UInt8(state >> 24) : UInt8(truncatingIfNeeded: place >> 12)
        }
    }
}
