/// An IPv4 address. Text and value are inverses.
public struct IPv4Address: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible
{
    /// The four bytes, the first one highest.
    public let rawValue: UInt32

    public static let loopback = IPv4Address(0x7F00_0001)

    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Four decimal numbers from 0 to 255 without leading zeros, between dots; anything else is nil.
    public init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            let digits = part.utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                digits.count == 1 || digits.first != UInt8(ascii: "0"), let number = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(number)
        }
        self.init(value)
    }

    public var description: String {
        [24, 16, 8, 0].map { String(rawValue >> $0 & 0xFF) }.joined(separator: ".")
    }

    /// Within 127.0.0.0/8.
    public var isLoopback: Bool { rawValue >> 24 == 127 }

    public static func < (left: IPv4Address, right: IPv4Address) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A block of addresses that share their first `prefixLength` bits.
public struct CIDRBlock: Hashable, Sendable, CustomStringConvertible {
    public let first: IPv4Address
    /// 0 to 32.
    public let prefixLength: Int

    public var last: IPv4Address {
        IPv4Address(first.rawValue | UInt32(truncatingIfNeeded: UInt64(1) << (32 - prefixLength) - 1))
    }

    public var description: String { "\(first)/\(prefixLength)" }

    /// The fewest blocks that hold exactly the addresses from `start` to `end`, both included, in order; none
    /// when `end` is smaller.
    public static func cover(from start: IPv4Address, through end: IPv4Address) -> [CIDRBlock] {
        var blocks: [CIDRBlock] = []
        var next = UInt64(start.rawValue)
        let last = UInt64(end.rawValue)
        while next <= last {
            // The largest block that begins here is bounded by the alignment and by what is left.
            let alignment = next == 0 ? 32 : min(32, next.trailingZeroBitCount)
            let room = 63 - (last - next + 1).leadingZeroBitCount
            let bits = min(alignment, room)
            blocks.append(CIDRBlock(first: IPv4Address(UInt32(next)), prefixLength: 32 - bits))
            next += UInt64(1) << bits
        }
        return blocks
    }
}
