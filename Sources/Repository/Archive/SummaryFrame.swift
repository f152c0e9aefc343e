import Planning
import PostgresFormat

/// The zstd skippable frame, 1024 bytes in all, at the start of every archived file: its name and summary.
///
/// Stock zstd passes over it. All numbers are little-endian: magic 0x184D2A50, length of the rest (1016),
/// length of the encoded summary (2 bytes), length of the name (2 bytes), summary, name, zeros, and in the
/// last four bytes the CRC-32C of everything before.
enum SummaryFrame {
    static let size = 1024
    private static let magic: UInt32 = 0x184D_2A50
    private static let headerSize = 8
    private static let prefixSize = 12
    private static let checksumOffset = size - 4

    /// Nil when the summary is too long to fit.
    static func encode(_ summary: SegmentSummary, name: ArchivedFileName) -> [UInt8]? {
        let content = summary.encode()
        let name = Array(name.fileName.utf8)
        guard prefixSize + content.count + name.count <= checksumOffset else { return nil }
        var frame: [UInt8] = []
        frame.reserveCapacity(size)
        append(magic, to: &frame)
        append(UInt32(size - headerSize), to: &frame)
        append(UInt16(content.count), to: &frame)
        append(UInt16(name.count), to: &frame)
        frame.append(contentsOf: content)
        frame.append(contentsOf: name)
        frame.append(contentsOf: repeatElement(0, count: checksumOffset - frame.count))
        append(CRC32C.checksum(frame), to: &frame)
        return frame
    }

    /// The summary in a file's first 1024 bytes, or why it cannot be that of `name`.
    static func decode(_ frame: [UInt8], name: ArchivedFileName) -> Result<SegmentSummary, ArchiveDamage> {
        decode(frame).flatMap { found in
            guard found.name == name.fileName else {
                return .failure(ArchiveDamage("its content is that of \(found.name)"))
            }
            return .success(found.summary)
        }
    }

    /// The summary in a file's first 1024 bytes, and whose it is, or why there is none.
    static func decode(_ frame: [UInt8]) -> Result<(name: String, summary: SegmentSummary), ArchiveDamage> {
        guard frame.count == size else { return .failure(ArchiveDamage("it is cut off")) }
        guard number(frame[0..<4]) == magic, number(frame[4..<8]) == UInt32(size - headerSize) else {
            return .failure(ArchiveDamage("it does not begin with a summary"))
        }
        guard number(frame[checksumOffset...]) == CRC32C.checksum(Array(frame[..<checksumOffset])) else {
            return .failure(ArchiveDamage("the checksum of its summary is wrong"))
        }
        let nameStart = prefixSize + Int(number(frame[8..<10]))
        let nameEnd = nameStart + Int(number(frame[10..<12]))
        guard nameEnd <= checksumOffset else {
            return .failure(ArchiveDamage("its summary has an impossible length"))
        }
        let name = String(decoding: frame[nameStart..<nameEnd], as: UTF8.self)
        do {
            return .success((name, try SegmentSummary(decoding: Array(frame[prefixSize..<nameStart]))))
        } catch {
            return .failure(ArchiveDamage("its summary cannot be read: \(error)"))
        }
    }

    private static func append(_ value: some FixedWidthInteger, to frame: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { frame.append(contentsOf: $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Why an archived file cannot be used, in words that go on after its name.
public struct ArchiveDamage: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
