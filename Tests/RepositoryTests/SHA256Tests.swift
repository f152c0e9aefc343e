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
}
