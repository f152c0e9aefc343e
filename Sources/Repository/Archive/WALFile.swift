import Planning
public import Platform
public import PostgresFormat

/// A WAL segment in a file of its own, as PostgreSQL keeps it or as an archive stores it.
public enum WALFile {
    /// Visits the records that lie wholly in the file, in order, until `visit` answers false.
    ///
    /// - Returns: why the WAL ends in the file; nil if it goes on behind it. A record that goes on in the
    ///   next file is not visited.
    /// Throws `.usage` when the file is no WAL of a known version.
    public static func records(
        path: String, _ visit: (borrowing WALRecord) throws(Problem) -> Bool
    ) throws(Problem) -> WALEnd? {
        let file = try OpenFile(reading: path)
        var decoder: WALDecoder?
        var end: WALEnd?
        try chunks(of: file) { (bytes) throws(Problem) in
            if decoder == nil { decoder = try Self.decoder(path, bytes) }
            end = try decoder?.feed(bytes) { (record) throws(Problem) in try visit(record) }
            return end == nil
        }
        guard decoder != nil else { throw notWAL(path, "it is empty") }
        if case .switched = end { return nil }
        if case .stopped = end { return nil }
        return end
    }

    /// The file's content in whole pages, unpacked if need be.
    private static func chunks(
        of file: OpenFile, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool
    ) throws(Problem) {
        let buffer = RawBuffer(count: FrameFormat.contentBytes)
        var count = try file.read(into: buffer.bytes, at: 0)
        let isPacked = count >= 4 && buffer[prefix: 4].loadUnaligned(as: UInt32.self).isZstdMagic
        if isPacked {
            let start = buffer.skippableFrameSize(count)
            let head = start == SummaryFrame.size && count >= start ? Array(buffer[prefix: start]) : []
            return try unpack(file, from: start, try? SummaryFrame.decode(head).get().summary, body)
        }
        var offset: UInt64 = 0
        while count > 0, try body(buffer[prefix: count]) {
            offset += UInt64(count)
            count = try file.read(into: buffer.bytes, at: offset)
        }
    }

    /// - Parameter summary: what an archive says of the content.
    private static func unpack(
        _ file: OpenFile, from start: Int, _ summary: SegmentSummary?,
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool
    ) throws(Problem) {
        var reader = try reader(file, from: UInt64(start))
        var crc = CRC32C()
        var goesOn = true
        // Where no checksum tells that what was handed over is right, the rest is read for the sake of one.
        while goesOn || !reader.isChecked {
            let step = try reader.next { (bytes) throws(Problem) in
                crc.update(bytes)
                if goesOn { goesOn = try body(bytes) }
            }
            switch step {
            case .success(true): continue
            case .success(false):
                guard let summary, summary.rawCRC32C != crc.value else { return }
                throw Problem(
                    .walDamaged, "\(file.path) is damaged", detail: "it unpacks to other bytes than it had")
            case .failure(let damage):
                throw Problem(.walDamaged, "\(file.path) cannot be unpacked", detail: "\(damage)")
            }
        }
    }

    /// A decoder for the segment that begins with these pages.
    private static func decoder(
        _ path: String, _ pages: UnsafeRawBufferPointer
    ) throws(Problem) -> WALDecoder {
        guard let header = WALPageHeader(pages), header.version != nil, let first = header.segment,
            let size = WALSegmentSize(bytes: UInt64(first.segmentSize)),
            header.address.rawValue % size.bytes == 0
        else {
            let versions = WALVersion.supportedWords
            throw notWAL(path, "it does not begin with a segment's header of PostgreSQL \(versions)")
        }
        return WALDecoder(start: header.address, segmentSize: size)
    }

    private static func notWAL(_ path: String, _ reason: String) -> Problem {
        Problem(.usage, "\(path) is not a WAL segment", detail: reason)
    }
}

extension UInt32 {
    /// Whether these are the first four bytes of a zstd frame or of one to be skipped.
    fileprivate var isZstdMagic: Bool {
        let value = UInt32(littleEndian: self)
        return value == 0xFD2F_B528 || value & 0xFFFF_FFF0 == 0x184D_2A50
    }
}

extension RawBuffer {
    /// The length of the skippable frame that the first `count` bytes begin with; zero if with none.
    fileprivate borrowing func skippableFrameSize(_ count: Int) -> Int {
        guard count >= 8 else { return 0 }
        let magic = UInt32(littleEndian: self[prefix: count].loadUnaligned(as: UInt32.self))
        guard magic & 0xFFFF_FFF0 == 0x184D_2A50 else { return 0 }
        let length = self[prefix: count].loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        return 8 + Int(UInt32(littleEndian: length))
    }
}
