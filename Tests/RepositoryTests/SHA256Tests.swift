import Repository
import Testing

struct SHA256Tests {
    @Test(
        arguments: [
            (0, "e3b0c44298fc1c14"),
            (1, "ca978112ca1bbdca"),
            (55, "9f4390f8d30c2dd9"),
            (56, "b35439a4ac6f0948"),
            (63, "7d3e74a05d7db15b"),
            (64, "ffe054fe7ae0cb6d"),
            (65, "635361c48bb9eab1"),
            (119, "31eba51c313a5c08"),
            (120, "2f3d335432c70b58"),
            (128, "6836cf13bac400e9"),
            (1000, "41edece42d63e8d9"),
        ])
    func `hashes texts of lengths around its blocks as everybody does`(_ count: Int, _ expected: String) {
        let hash = SHA256.hash([UInt8](repeating: UInt8(ascii: "a"), count: count))
        let text = hash.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        #expect(hash.count == 32 && text.joined() == expected)
    }

    @Test func `hashes pieces of any length as the whole of them`() {
        let whole = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for length in [1, 3, 63, 64, 65, 200] {
            var stream = SHA256.Stream()
            for start in stride(from: 0, to: whole.count, by: length) {
                whole[start..<min(start + length, whole.count)].withUnsafeBytes { stream.add($0) }
            }
            #expect(stream.finish() == SHA256.hash(whole), "\(length)")
        }
    }
}
