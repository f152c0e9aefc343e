import PostgresFormat

/// Why bytes are not a summary.
public enum SegmentSummaryError: Error, Hashable, Sendable {
    /// They do not begin with a summary's magic.
    case notASummary
    /// A later version of the format.
    case formatTooNew(UInt16)
    /// Cut short, a wrong checksum, or content that no encoder writes.
    case damaged
}

extension SegmentSummary {
    private static let magic: UInt32 = 0x5352_5450  // "PTRS" in the file
    /// 2 has the checksums of fragments at its end.
    private static let version: UInt16 = 2
    private static let prefixSize = 8
    /// No summary is longer, in bytes.
    public static let maximumSize = 900

    /// The summary as bytes: magic, version, length, fields, and the CRC-32C of all before it; little-endian.
    public func encode() -> [UInt8] {
        var writer = SummaryWriter()
        writer.put(Self.magic)
        writer.put(Self.version)
        writer.put(UInt16(0))
        writer.optional(segment) { writer, name in
            writer.put(name.timeline.rawValue)
            writer.put(name.number)
            writer.put(name.size.bytes)
        }
        writer.put(rawBytes)
        writer.put(rawCRC32C)
        writer.optional(systemIdentifier) { $0.put($1) }
        writer.optional(pageMagic) { $0.put($1) }
        writer.optional(pageTimeline) { $0.put($1.rawValue) }
        writer.put(outcome)
        writer.put(UInt8(endsWithSwitch ? 1 : 0))
        for lsn in [firstRecord, lastRecordStart, lastRecordEnd] {
            writer.optional(lsn) { $0.put($1.rawValue) }
        }
        for count in [commits, aborts, prepares] { writer.put(count) }
        for ended in [firstEnd, lastEnd, lastStop] {
            writer.optional(ended) { $0.put($1) }
        }
        for time in [minStopTime, maxStopTime, maxTime] {
            writer.optional(time) { $0.put($1.microseconds) }
        }
        writer.put(hazards.rawValue)
        writer.optional(lastParameters) { $0.put($1) }
        for fragment in [head, tail] {
            writer.optional(fragment) { $0.put($1) }
        }
        for checksum in [headChecksum, tailChecksum] {
            writer.optional(checksum) { $0.put($1) }
        }
        return writer.sealed()
    }

    /// Reads what `encode` wrote; zeros may follow, as padding.
    public init(decoding bytes: [UInt8]) throws(SegmentSummaryError) {
        let (content, version) = try Self.content(of: bytes)
        let decoded = content.withUnsafeBytes { bytes in
            var reader = SummaryReader(bytes)
            return Self.fields(&reader, version)
        }
        guard let decoded else { throw .damaged }
        self = decoded
    }

    /// The fields' bytes, after magic, version, length and checksum were checked.
    private static func content(of bytes: [UInt8]) throws(SegmentSummaryError) -> ([UInt8], UInt16) {
        let prefix = bytes.withUnsafeBytes { bytes -> (UInt32, UInt16, Int)? in
            guard bytes.count >= prefixSize else { return nil }
            return (bytes.little(0), bytes.little(4), Int(bytes.little(6, as: UInt16.self)))
        }
        guard let (found, version, length) = prefix, found == magic else { throw .notASummary }
        guard version <= Self.version else { throw .formatTooNew(version) }
        guard version >= 1, (prefixSize + 4...maximumSize).contains(length), bytes.count >= length,
            bytes[length...].allSatisfy({ $0 == 0 }),
            CRC32C.checksum(Array(bytes[..<(length - 4)]))
                == bytes.withUnsafeBytes({ $0.little(length - 4, as: UInt32.self) })
        else { throw .damaged }
        return (Array(bytes[prefixSize..<(length - 4)]), version)
    }

    private static func fields(_ reader: inout SummaryReader, _ version: UInt16) -> SegmentSummary? {
        let name = reader.optional { reader in
            SegmentName(
                timeline: TimelineID(reader.next()), number: reader.next(), size: reader.segmentSize())
        }
        var summary = SegmentSummary(segment: name, rawBytes: reader.next(), rawCRC32C: reader.next())
        summary.systemIdentifier = reader.optional { $0.next() }
        summary.pageMagic = reader.optional { $0.next() }
        summary.pageTimeline = reader.optional { TimelineID($0.next()) }
        summary.outcome = reader.outcome()
        summary.endsWithSwitch = reader.bool()
        summary.firstRecord = reader.optional { LSN($0.next()) }
        summary.lastRecordStart = reader.optional { LSN($0.next()) }
        summary.lastRecordEnd = reader.optional { LSN($0.next()) }
        summary.commits = reader.next()
        summary.aborts = reader.next()
        summary.prepares = reader.next()
        summary.firstEnd = reader.optional { $0.transactionEnd() }
        summary.lastEnd = reader.optional { $0.transactionEnd() }
        summary.lastStop = reader.optional { $0.transactionEnd() }
        summary.minStopTime = reader.optional { PostgresTimestamp(microseconds: $0.next()) }
        summary.maxStopTime = reader.optional { PostgresTimestamp(microseconds: $0.next()) }
        summary.maxTime = reader.optional { PostgresTimestamp(microseconds: $0.next()) }
        summary.hazards = SegmentHazards(rawValue: reader.next())
        summary.lastParameters = reader.optional { $0.parameters() }
        summary.head = reader.optional { $0.fragment() }
        summary.tail = reader.optional { $0.fragment() }
        if version > 1 {
            summary.headChecksum = reader.optional { $0.next() }
            summary.tailChecksum = reader.optional { $0.next() }
        }
        return reader.isWhole ? summary : nil
    }
}
