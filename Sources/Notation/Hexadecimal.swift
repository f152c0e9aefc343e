/// Hexadecimal digits: of bytes, of numbers, and back.
public enum Hexadecimal {
    public enum Case: Sendable {
        case lower, upper
    }

    /// Two lower-case digits for each byte.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount * 2)
        for byte in bytes {
            text.append(digit(byte >> 4, .lower))
            text.append(digit(byte & 15, .lower))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A number with zeros in front of it up to `count` digits; one that has more of them is not cut.
    public static func text(_ number: some UnsignedInteger, digits count: Int, _ letters: Case) -> String {
        let number = UInt64(number)
        let width = max(count, (64 - number.leadingZeroBitCount + 3) / 4, 1)
        return String(unsafeUninitializedCapacity: width) { text in
            for place in 0..<width {
                let nibble = UInt8(truncatingIfNeeded: number >> (4 * (width - 1 - place))) & 15
                text.initializeElement(at: place, to: digit(nibble, letters))
            }
            return width
        }
    }

    /// Nil for an odd number of digits, or anything that is none.
    public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 2)
        var rest = text.utf8.makeIterator()
        while let first = rest.next() {
            guard let high = value(first), let low = rest.next().flatMap(value) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// What a digit stands for; nil for any other byte.
    public static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// - Parameter value: below 16.
    static func digit(_ value: UInt8, _ letters: Case) -> UInt8 {
        let first = letters == .upper ? UInt8(ascii: "A") : UInt8(ascii: "a")
        return value < 10 ? UInt8(ascii: "0") + value : first + value - 10
    }
}

extension UInt8 {
    /// Whether the byte is an ASCII hexadecimal digit.
    public var isHexDigit: Bool { Hexadecimal.value(self) != nil }
}
