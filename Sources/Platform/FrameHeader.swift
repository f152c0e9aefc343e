/// What the beginning of a zstd frame says of it (RFC 8878, 3.1.1.1).
public struct FrameHeader: Hashable, Sendable {
    /// Bytes of content; nil where it does not say.
    public var contentBytes: UInt64?
    /// How much of the content whoever unpacks it piece by piece has to keep, in bytes.
    public var windowBytes: UInt64
    public var needsDictionary: Bool
    /// Whether a checksum of the content ends the frame.
    public var hasChecksum: Bool

    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// Nil for what does not begin with a whole header of a frame with content.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 4, bytes.prefix(4).elementsEqual(Self.magic) else { return nil }
        let descriptor = bytes[4]
        let isReserved = descriptor & 0x08 != 0
        let isSingle = descriptor & 0x20 != 0
        hasChecksum = descriptor & 0x04 != 0
        let dictionaryBytes = [0, 1, 2, 4][Int(descriptor & 0x03)]
        let sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        let windowPlace = 5
        let sizePlace = windowPlace + (isSingle ? 0 : 1) + dictionaryBytes
        guard !isReserved, bytes.count >= sizePlace + sizeBytes else { return nil }
        needsDictionary = bytes[(sizePlace - dictionaryBytes)..<sizePlace].contains { $0 != 0 }
        if sizeBytes > 0 {
            let number = bytes[sizePlace..<sizePlace + sizeBytes].reversed().reduce(UInt64(0)) {
                $0 << 8 | UInt64($1)
            }
            contentBytes = sizeBytes == 2 ? number + 256 : number
        }
        if isSingle {
            windowBytes = contentBytes ?? 0
        } else {
            let window = UInt64(1) << (10 + UInt64(bytes[windowPlace] >> 3))
            windowBytes = window + window / 8 * UInt64(bytes[windowPlace] & 0x07)
        }
    }
}
