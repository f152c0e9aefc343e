import Platform
import Planning

/// The zstd skippable frame, 1024 bytes in all, at the start of every archived file: its summary.
///
/// Stock zstd passes over it. Little-endian magic 0x184D2A50, little-endian length of the rest (1016), the length
/// of the encoded summary (4 bytes, little-endian), the summary, zeros.
enum SummaryFrame {
    static let size = 1024
    private static let magic: UInt32 = 0x184D_2A50
    private static let headerSize = 8
    private static let prefixSize = 12

    static func encode(_ summary: SegmentSummary) throws(Problem) -> [UInt8] {
        let content = summary.encode()
        guard content.count <= size - prefixSize else {
            throw Problem(.system, "a segment's summary takes \(content.count) bytes, more than fit")
        }
        var frame: [UInt8] = []
        frame.reserveCapacity(size)
        for word in [magic, UInt32(size - headerSize), UInt32(content.count)] {
            withUnsafeBytes(of: word.littleEndian) { frame.append(contentsOf: $0) }
        }
        frame.append(contentsOf: content)
        frame.append(contentsOf: repeatElement(0, count: size - frame.count))
        return frame
    }

    /// The summary in a file's first 1024 bytes, or why there is none.
    static func decode(_ frame: [UInt8]) -> Result<SegmentSummary, ArchiveDamage> {
        guard frame.count == size else { return .failure(ArchiveDamage("it is cut off")) }
        guard word(frame, 0) == magic, word(frame, 4) == UInt32(size - headerSize) else {
            return .failure(ArchiveDamage("it does not begin with a summary"))
        }
        let count = Int(word(frame, 8))
        guard count <= size - prefixSize, frame[(prefixSize + count)...].allSatisfy({ $0 == 0 }) else {
            return .failure(ArchiveDamage("its summary has an impossible length"))
        }
        do {
            return .success(try SegmentSummary(decoding: Array(frame[prefixSize..<prefixSize + count])))
        } catch {
            return .failure(ArchiveDamage("its summary is damaged: \(error)"))
        }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
    }
}

/// Why an archived file cannot be used, in words that go on after its name.
public struct ArchiveDamage: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
