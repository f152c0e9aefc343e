import Platform
import PostgresFormat
import WALEvents

/// The file that holds a segment's index, beside the segment.
///
/// All numbers are little-endian. A header of 128 bytes: magic "PTRI", version (2 bytes), zeros (2), of the
/// segment it was made from the timeline (4), zeros (4), number (8), segment size (8), raw bytes (8), raw
/// CRC-32C (4), which of the following are there (4: system identifier 1, version 2, predecessor 4), system
/// identifier (8), page magic (2), zeros (2), the predecessor's raw CRC-32C (4); then of summary, fragments,
/// detail and growth each the stored length (4), the plain length (4) and the CRC-32C of the stored bytes
/// (4); zeros; the CRC-32C of the header before it (4). Behind it the parts, each as zstd frames.
enum IndexFile {
    static let headerSize = 128
    private static let magic: UInt32 = 0x4952_5450
    /// 2 since changes are parted where their transaction updated a catalog, and `pg_inherits` is kept; 3
    /// with the growth, which 2 lacks: there all its numbers are zero.
    private static let version: UInt16 = 3
    private static let oldestVersion: UInt16 = 2
    /// No part is larger, stored or plain, in bytes.
    static let largestPart = 1 << 28

    enum Part: Int, CaseIterable {
        case summary, fragments, detail, growth
    }

    struct Header {
        var identity: SegmentIndex.Identity
        var parts: [StoredPart]

        /// Indexes of the oldest format do not tell it.
        var tellsGrowth: Bool { parts[Part.growth.rawValue].stored > 0 }

        /// Where a part begins in the file.
        func offset(of part: Part) -> UInt64 {
            parts[..<part.rawValue].reduce(UInt64(headerSize)) { $0 + UInt64($1.stored) }
        }

        /// The size of the whole file.
        var fileSize: UInt64 { parts.reduce(UInt64(headerSize)) { $0 + UInt64($1.stored) } }
    }

    struct StoredPart {
        var stored: UInt32
        var plain: UInt32
        var crc: UInt32
    }

    // MARK: Writing

    static func encode(
        _ built: BuiltIndex, encoder: FrameEncoder
    ) throws(Problem) -> [UInt8] {
        let index = built.index
        let plain = [
            index.summary.encode(), (index.fragments ?? SegmentFragments()).encode(), built.detail,
            built.growth.encode(),
        ]
        var file = [UInt8](repeating: 0, count: headerSize)
        var parts: [StoredPart] = []
        for content in plain {
            let start = file.count
            try encoder.append(content, to: &file)
            guard content.count <= largestPart, file.count - start <= largestPart else {
                throw Problem(.system, "the index of \(index.identity.segment) is too large")
            }
            parts.append(
                StoredPart(
                    stored: UInt32(file.count - start), plain: UInt32(content.count),
                    crc: CRC32C.checksum(Array(file[start...]))))
        }
        file.replaceSubrange(..<headerSize, with: header(index.identity, parts))
        return file
    }

    private static func header(_ identity: SegmentIndex.Identity, _ parts: [StoredPart]) -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        put(magic)
        put(version)
        put(UInt16(0))
        put(identity.segment.timeline.rawValue)
        put(UInt32(0))
        put(identity.segment.number)
        put(identity.segment.size.bytes)
        put(identity.rawBytes)
        put(identity.rawCRC32C)
        var present: UInt32 = identity.systemIdentifier == nil ? 0 : 1
        if identity.version != nil { present |= 2 }
        if identity.predecessorCRC32C != nil { present |= 4 }
        put(present)
        put(identity.systemIdentifier ?? 0)
        put(identity.version?.pageMagic ?? 0)
        put(UInt16(0))
        put(identity.predecessorCRC32C ?? 0)
        for part in parts {
            put(part.stored)
            put(part.plain)
            put(part.crc)
        }
        bytes += [UInt8](repeating: 0, count: headerSize - 4 - bytes.count)
        put(CRC32C.checksum(bytes))
        return bytes
    }

    // MARK: Reading

    static func header(of bytes: [UInt8]) throws(IndexDamage) -> Header {
        guard bytes.count >= headerSize else { throw IndexDamage("it is cut off") }
        let decoded = bytes.withUnsafeBytes { bytes -> Result<Header, IndexDamage> in
            guard bytes.little(0, as: UInt32.self) == magic else {
                return .failure(IndexDamage("it does not begin as an index"))
            }
            guard (oldestVersion...version).contains(bytes.little(4, as: UInt16.self)) else {
                return .failure(IndexDamage("it has format \(bytes.little(4, as: UInt16.self))"))
            }
            guard
                CRC32C.checksum(bytes.part(0, headerSize - 4))
                    == bytes.little(headerSize - 4, as: UInt32.self),
                let header = Header(bytes)
            else { return .failure(IndexDamage("its header is damaged")) }
            return .success(header)
        }
        return try decoded.get()
    }

    /// A part's content, from its stored bytes.
    static func content(
        _ stored: [UInt8], of part: StoredPart, _ decoder: borrowing FrameDecoder
    ) throws(IndexDamage) -> [UInt8] {
        guard stored.count == Int(part.stored), CRC32C.checksum(stored) == part.crc else {
            throw IndexDamage("its checksum is wrong")
        }
        do throws(CompressionDamage) {
            return try stored.span.bytes.withUnsafeBytes { (bytes) throws(CompressionDamage) in
                try unpack(bytes, to: Int(part.plain), decoder)
            }
        } catch {
            throw IndexDamage("it does not unpack: \(error)")
        }
    }

    private static func unpack(
        _ stored: UnsafeRawBufferPointer, to length: Int, _ decoder: borrowing FrameDecoder
    ) throws(CompressionDamage) -> [UInt8] {
        var content: [UInt8] = []
        // No more than what is stored can unpack to, whatever the header says.
        content.reserveCapacity(min(length, stored.count * 64))
        var offset = 0
        while offset < stored.count {
            let rest = stored.part(offset, stored.count - offset)
            guard let size = FrameDecoder.size(rest), let plain = FrameDecoder.contentSize(rest),
                content.count + plain <= length
            else { throw CompressionDamage("a block is damaged or cut off") }
            let start = content.count
            content.append(contentsOf: repeatElement(0, count: plain))
            var span = content.mutableSpan
            let got = try span.withUnsafeMutableBytes { (target) throws(CompressionDamage) in
                try decoder.content(
                    of: rest.part(0, size),
                    into: UnsafeMutableRawBufferPointer(rebasing: target[start...]))
            }
            guard got == plain else { throw CompressionDamage("a block is shorter than it says") }
            offset += size
        }
        guard content.count == length else { throw CompressionDamage("it is shorter than it says") }
        return content
    }
}

extension IndexFile.Header {
    /// Nil where the numbers cannot be; the bytes are a whole header whose checksum is right.
    fileprivate init?(_ bytes: UnsafeRawBufferPointer) {
        guard let size = WALSegmentSize(bytes: bytes.little(24)) else { return nil }
        let present: UInt32 = bytes.little(44)
        identity = SegmentIndex.Identity(
            segment: SegmentName(
                timeline: TimelineID(bytes.little(8)), number: bytes.little(16), size: size),
            rawBytes: bytes.little(32), rawCRC32C: bytes.little(40),
            systemIdentifier: present & 1 != 0 ? bytes.little(48) : nil,
            version: present & 2 != 0 ? WALVersion(pageMagic: bytes.little(56)) : nil,
            predecessorCRC32C: present & 4 != 0 ? bytes.little(60) : nil)
        parts = IndexFile.Part.allCases.map { part in
            let offset = 64 + 12 * part.rawValue
            return IndexFile.StoredPart(
                stored: bytes.little(offset), plain: bytes.little(offset + 4), crc: bytes.little(offset + 8))
        }
        let largest = UInt32(IndexFile.largestPart)
        guard parts.allSatisfy({ $0.stored <= largest && $0.plain <= largest }) else { return nil }
    }
}
