@testable import Repository
import Testing

struct SHA1Tests {
    @Test(
        arguments: [
            (0, "da39a3ee5e6b4b0d"), (1, "86f7e437faa5a7fc"), (55, "c1c8bbdc22796e28"),
            (56, "c2db330f6083854c"), (63, "03f09f5b158a7a8c"), (64, "0098ba824b5c1642"),
            (65, "11655326c708d703"), (119, "ee971065aaa017e0"), (120, "f34c1488385346a5"),
            (128, "ad5b3fdbcb526778"), (1000, "291e9a6c66994949"),
        ])
    func `hashes texts of lengths around its blocks as everybody does`(_ count: Int, _ expected: String) {
        let hash = SHA1.hash([UInt8](repeating: UInt8(ascii: "a"), count: count))
        let text = hash.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        #expect(hash.count == 20 && text.joined() == expected)
    }

    @Test func `hashes pieces of any length as the whole of them`() {
        let whole = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for length in [1, 3, 63, 64, 65, 200] {
            var stream = SHA1()
            for start in stride(from: 0, to: whole.count, by: length) {
                whole[start..<min(start + length, whole.count)].withUnsafeBytes { stream.add($0) }
            }
            #expect(stream.finish() == SHA1.hash(whole), "\(length)")
        }
    }

    @Test func `hashes without the processor's instructions as with them`() {
        var generator = SystemRandomNumberGenerator()
        for count in [0, 1, 64, 127, 4096, 100_003] {
            let message = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var plain = SHA1(usesInstructions: false)
            message.withUnsafeBytes { plain.add($0) }
            #expect(plain.finish() == SHA1.hash(message), "\(count) bytes")
        }
    }
}
