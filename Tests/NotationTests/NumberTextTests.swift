import Notation
import Testing
import TestValues

@Suite(.timeLimit(.minutes(5))) struct NumberTextTests {
    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_048_575, "1.0 MiB"), (16 << 20, "16.0 MiB"),
        (1_342_177_280, "1.25 GiB"), (UInt64.max, "16384.00 PiB"),
    ])
    func `sizes are short`(_ bytes: UInt64, _ text: String) {
        #expect(ByteText.of(bytes) == text)
    }

    @Test func `hexadecimal digits are read as they were written`() {
        var random = SeededRandom()
        for _ in 0..<200 {
            let bytes = random.bytes(Int.random(in: 0...40, using: &random))
            let text = Hexadecimal.text(bytes)
            #expect(Hexadecimal.bytes(text) == bytes, "seed \(random.seed)")
            #expect(Hexadecimal.bytes(text.uppercased()) == bytes, "seed \(random.seed)")
            #expect(text.utf8.count == 2 * bytes.count && text == text.lowercased())
        }
    }

    @Test(arguments: ["0", "0g", "ab1", " 0", "é0"])
    func `refuses what are no bytes in hexadecimal digits`(_ text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }

    @Test func `a number gets its leading zeros, and loses no digit`() {
        #expect(Hexadecimal.text(UInt32(0xAB), digits: 8, .upper) == "000000AB")
        #expect(Hexadecimal.text(UInt8(7), digits: 2, .lower) == "07")
        #expect(Hexadecimal.text(UInt32(0xDEAD_BEEF), digits: 4, .lower) == "deadbeef")
    }

    @Test func `percent signs come back as the text that they were made of`() {
        #expect(PercentCoding.encode("a b/é~") == "a%20b%2F%C3%A9~")
        #expect(PercentCoding.decode("a%20b%2f%C3%A9~") == "a b/é~")
        #expect(PercentCoding.decode("%2") == nil && PercentCoding.decode("%C3") == nil)
    }
}
