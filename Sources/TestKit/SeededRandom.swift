#if canImport(Glibc)
    import Glibc
#endif

/// Repeatable randomness (SplitMix64): tests print the seed, `PITR_TEST_SEED` brings the run back.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    public let seed: UInt64
    private var state: UInt64

    /// The seed from `PITR_TEST_SEED`, or a new one.
    public init() {
        self.init(seed: getenv("PITR_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: .min ... .max))
    }

    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
