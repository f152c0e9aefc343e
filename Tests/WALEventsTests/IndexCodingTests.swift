import PostgresFormat
import TestKit
import Testing
import TestValues
import WALEvents

/// What is written is what is read, and nothing else is read.
struct IndexCodingTests {
    private static let rounds = 300

    @Test func `reads back every summary, detail and fragment as it was written`() throws {
        let seed = SeededRandom().seed
        var random = RandomIndex(seed: seed)
        for round in 0..<Self.rounds {
            let summary = random.summary()
            #expect(
                try SegmentIndex.Summary(decoding: summary.encode()) == summary, "seed \(seed) round \(round)"
            )
            let detail = random.detail()
            #expect(
                try SegmentIndex.Detail(decoding: detail.encode()) == detail, "seed \(seed) round \(round)")
            let fragments = random.fragments()
            #expect(
                try SegmentFragments(decoding: fragments.encode()) == fragments, "seed \(seed) round \(round)"
            )
            let growth = random.growth()
            #expect(try SegmentGrowth(decoding: growth.encode()) == growth, "seed \(seed) round \(round)")
        }
    }

    @Test func `refuses what was cut off or has something behind it`() throws {
        let seed = SeededRandom().seed
        var random = RandomIndex(seed: seed)
        for _ in 0..<20 {
            let bytes = random.detail().encode()
            for length in 0..<bytes.count {
                #expect(throws: IndexDamage.self, "seed \(seed)") {
                    try SegmentIndex.Detail(decoding: Array(bytes[..<length]))
                }
            }
            #expect(throws: IndexDamage.self) { try SegmentIndex.Detail(decoding: bytes + [0]) }
        }
    }

    @Test func `never trips over damaged bytes`() {
        let seed = SeededRandom().seed
        var random = RandomIndex(seed: seed)
        for _ in 0..<Self.rounds {
            let parts = [
                random.summary().encode(), random.detail().encode(), random.fragments().encode(),
                random.growth().encode(),
            ]
            for bytes in parts {
                var damaged = bytes
                for _ in 0..<(1 + random.number(below: 4)) {
                    damaged[random.number(below: damaged.count)] = UInt8(random.number(below: 256))
                }
                _ = try? SegmentIndex.Summary(decoding: damaged)
                _ = try? SegmentIndex.Detail(decoding: damaged)
                _ = try? SegmentFragments(decoding: damaged)
                _ = try? SegmentGrowth(decoding: damaged)
            }
        }
    }

    @Test func `reserves no room for what a count only claims`() {
        // Ten bytes that claim 2^62 elements.
        let claim = [UInt8](repeating: 0xFF, count: 8) + [0x7F]
        #expect(throws: IndexDamage.self) { try SegmentIndex.Detail(decoding: claim) }
        #expect(throws: IndexDamage.self) {
            try SegmentIndex.Detail(decoding: [UInt8](repeating: 0xFF, count: 32))
        }
    }
}
