import Glibc

/// Random numbers that can be had again: a failed property test is repeated by setting its seed.
///
/// The seed is `PITR_TEST_SEED`, or a new one each time; it is written to standard error.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    public let seed: UInt64
    private var state: UInt64

    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// - Parameter test: named beside the seed, so that a log tells whose it is.
    public init(for test: String = #function) {
        let given = getenv("PITR_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        self.init(seed: given ?? UInt64.random(in: 0...999_999_999))
        TestLog.say("seed \(seed) for \(test)")
    }

    /// SplitMix64: small, and good enough to choose test data.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// A number that is often at the edge of what 64 bits hold, and otherwise of any magnitude.
    public mutating func edgyNumber() -> UInt64 {
        switch Int.random(in: 0..<6, using: &self) {
        case 0: 0
        case 1: .max
        case 2: 1 << UInt64.random(in: 0..<64, using: &self)
        default: next() >> UInt64.random(in: 0..<64, using: &self)
        }
    }
}
