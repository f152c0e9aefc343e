import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct CRC32CTests {
    @Test func `gives the published check value`() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8]()) == 0)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    }

    @Test func `the fast path equals the tables at any length and alignment`() {
        var random = SeededRandom()
        let bytes = random.bytes(40_000)
        for _ in 0..<400 {
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let length = Int.random(in: 0...min(bytes.count - start, 20_000), using: &random)
            bytes[start..<start + length].withUnsafeBytes { part in
                #expect(CRC32C.checksum(part) == CRC32C.portableChecksum(part), "seed \(random.seed)")
            }
        }
    }

    @Test func `the tables give what the polynomial gives bit by bit`() {
        var random = SeededRandom()
        for length in 0..<100 {
            let bytes = random.bytes(length)
            var register = UInt32.max
            for byte in bytes {
                register ^= UInt32(byte)
                for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? 0x82F6_3B78 : 0) }
            }
            #expect(bytes.withUnsafeBytes { CRC32C.portableChecksum($0) } == ~register, "seed \(random.seed)")
        }
    }

    @Test func `portions give what the whole gives`() {
        var random = SeededRandom()
        let bytes = random.bytes(30_000)
        var checksum = CRC32C()
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...9_000, using: &random))
            checksum.update(Array(part))
            rest = rest.dropFirst(part.count)
        }
        #expect(checksum.value == CRC32C.checksum(bytes), "seed \(random.seed)")
    }
}
