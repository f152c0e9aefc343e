import Instance
import TestKit
import Testing
import TestValues

@Suite struct IPv4AddressTests {
    @Test func `text and value are inverses`() {
        var random = SeededRandom()
        for _ in 0..<1000 {
            let address = IPv4Address(UInt32.random(in: 0...UInt32.max, using: &random))
            #expect(IPv4Address(address.description) == address)
        }
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "a.b.c.d", "1..2.3", "+1.2.3.4",
        "١.2.3.4",
    ])
    func `refuses what is no dotted address`(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test(arguments: [
        ("0.0.0.0", "255.255.255.255", ["0.0.0.0/0"]),
        ("127.0.0.1", "127.0.0.1", ["127.0.0.1/32"]),
        ("10.0.0.0", "10.0.0.255", ["10.0.0.0/24"]),
        ("10.0.0.1", "10.0.0.6", ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]),
        ("0.0.0.0", "0.0.0.2", ["0.0.0.0/31", "0.0.0.2/32"]),
        ("255.255.255.254", "255.255.255.255", ["255.255.255.254/31"]),
        ("10.0.0.2", "10.0.0.1", []),
    ])
    func `covers known ranges`(start: String, end: String, expected: [String]) throws {
        let blocks = CIDRBlock.cover(
            from: try #require(IPv4Address(start)), through: try #require(IPv4Address(end)))
        #expect(blocks.map(\.description) == expected)
    }

    @Test func `covers every range exactly, in order, and with the fewest blocks`() {
        var random = SeededRandom()
        for _ in 0..<2000 {
            let width = UInt64(1) << Int.random(in: 0...32, using: &random)
            let first = UInt32.random(in: 0...UInt32.max, using: &random)
            let distance = UInt64.random(in: 0...width, using: &random)
            let last = UInt32(min(UInt64(UInt32.max), UInt64(first) + distance))
            let blocks = CIDRBlock.cover(from: IPv4Address(first), through: IPv4Address(last))
            var next = UInt64(first)
            for block in blocks {
                #expect(UInt64(block.first.rawValue) == next)
                next = UInt64(block.last.rawValue) + 1
            }
            #expect(next == UInt64(last) + 1)
            #expect(blocks.count == fewest(UInt64(first), UInt64(last) + 1))
        }
    }

    /// The number of blocks by the textbook's recursion over halves: whole, or the sum of both halves.
    private func fewest(_ start: UInt64, _ end: UInt64, low: UInt64 = 0, bits: UInt64 = 32) -> Int {
        let high = low + 1 << bits
        if end <= low || high <= start { return 0 }
        if start <= low && high <= end { return 1 }
        return fewest(start, end, low: low, bits: bits - 1)
            + fewest(start, end, low: low + 1 << (bits - 1), bits: bits - 1)
    }
}
