#if canImport(Glibc)
    import Glibc
#endif

/// Repeatable randomness (SplitMix64): tests print the seed, `PITR_TEST_SEED` brings it back.
struct SeededRandom {
    let seed: UInt64
    private var state: UInt64

    init() {
        let given = getenv("PITR_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        seed = given ?? UInt64.random(in: .min ... .max)
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// From 0 to `bound`, both included.
    mutating func next(upTo bound: UInt64) -> UInt64 {
        bound == .max ? next() : next() % (bound + 1)
    }
}
