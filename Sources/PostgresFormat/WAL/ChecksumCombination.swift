/// CRC-32C arithmetic: the checksum of two pieces joined, from the checksums of the pieces.
///
/// Lets several threads check one file. A checksum is a polynomial over GF(2), bits reflected; appending n
/// bytes multiplies it by x^(8n).
public struct ChecksumCombination: Sendable {
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// x^(8n) for the length of the second piece.
    private let shift: UInt32

    /// - Parameter length: bytes in the second piece.
    public init(secondLength length: UInt64) {
        var shift: UInt32 = 1 << 31
        var power: UInt32 = 1 << 23  // x^8
        var rest = length
        while rest > 0 {
            if rest & 1 == 1 { shift = Self.multiply(power, shift) }
            power = Self.multiply(power, power)
            rest >>= 1
        }
        self.shift = shift
    }

    public func combine(_ first: UInt32, _ second: UInt32) -> UInt32 {
        Self.multiply(shift, first) ^ second
    }

    /// The checksum of the second piece alone, from that of both and that of the first.
    public func second(of both: UInt32, after first: UInt32) -> UInt32 {
        Self.multiply(shift, first) ^ both
    }

    private static func multiply(_ left: UInt32, _ right: UInt32) -> UInt32 {
        var product: UInt32 = 0
        var right = right
        var bit: UInt32 = 1 << 31
        while bit != 0 {
            if left & bit != 0 { product ^= right }
            right = right & 1 == 1 ? right >> 1 ^ polynomial : right >> 1
            bit >>= 1
        }
        return product
    }
}

/// One piece of a file with the checksum of it alone.
public struct ChecksumPiece: Sendable {
    /// In bytes.
    public let length: UInt64
    public let crc: UInt32

    public init(length: UInt64, crc: UInt32) {
        self.length = length
        self.crc = crc
    }

    /// The CRC-32C of the pieces one after the other; fast when most are of one length.
    public static func combined(_ pieces: [ChecksumPiece]) -> UInt32 {
        var crc = pieces.first?.crc ?? 0
        var length: UInt64 = 0
        var join = ChecksumCombination(secondLength: 0)
        for piece in pieces.dropFirst() {
            if piece.length != length {
                length = piece.length
                join = ChecksumCombination(secondLength: length)
            }
            crc = join.combine(crc, piece.crc)
        }
        return crc
    }
}
