import Notation

/// A position in the write-ahead log: a byte offset from the beginning of the WAL, printed as PostgreSQL
/// does.
///
/// The text form is two hexadecimal halves, `16/B374D848`; parsing and printing are inverses.
public struct LSN: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public let rawValue: UInt64

    public static let zero = LSN(0)
    public static let max = LSN(.max)

    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Reads `X/Y`, one to eight hexadecimal digits on each side. Anything else is nil.
    public init?(_ description: String) {
        let halves = description.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let high = Self.half(halves[0]), let low = Self.half(halves[1]) else {
            return nil
        }
        self.init(UInt64(high) << 32 | UInt64(low))
    }

    private static func half(_ text: Substring) -> UInt32? {
        guard (1...8).contains(text.utf8.count), text.utf8.allSatisfy(\.isHexDigit) else { return nil }
        return UInt32(text, radix: 16)
    }

    public var description: String {
        String(rawValue >> 32, radix: 16, uppercase: true) + "/"
            + String(rawValue & 0xFFFF_FFFF, radix: 16, uppercase: true)
    }

    public static func < (left: LSN, right: LSN) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Whether a server can have come that far. Nobody writes 8 EiB of WAL: a server that tells such a
    /// position is forged, and what is computed from others does not overflow.
    public var isPlausible: Bool { rawValue < 1 << 63 }

    /// The position `bytes` further on; stops at the largest position instead of wrapping.
    public func advanced(by bytes: UInt64) -> LSN {
        let (sum, overflow) = rawValue.addingReportingOverflow(bytes)
        return overflow ? .max : LSN(sum)
    }

    /// The bytes from `earlier` to here; zero when `earlier` is not earlier.
    public func distance(from earlier: LSN) -> UInt64 {
        rawValue > earlier.rawValue ? rawValue - earlier.rawValue : 0
    }
}

extension LSN: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = LSN(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an LSN: \(text)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
