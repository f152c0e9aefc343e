import Planning
public import Platform
public import PostgresFormat

#if canImport(Glibc)
    import Glibc
#endif

extension WALArchive {
    /// Unpacks a stored file to `path`, which appears as a whole or not at all; verified, not flushed.
    ///
    /// Zeros at a segment's end take no space. Throws `.walMissing` when it is not stored, `.walDamaged` when
    /// it is not what PostgreSQL handed over.
    public func extract(_ name: ArchivedFileName, to path: String) throws(Problem) {
        let temporary = DurableFiles.temporaryPath(beside: path)
        do throws(Problem) {
            let target = try OpenFile(creating: temporary)
            var offset: UInt64 = 0
            try withContent(of: name) { (chunk) throws(Problem) in
                try target.write(Self.withoutZeroTail(chunk), at: offset)
                offset += UInt64(chunk.count)
                return true
            }
            try target.truncate(to: offset)
            try DurableFiles.rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    public func extract(_ segment: ArchivedSegment, to path: String) throws(Problem) {
        try extract(segment.archivedName, to: path)
    }

    public func extractHistory(_ timeline: TimelineID, to path: String) throws(Problem) {
        try extract(.timelineHistory(timeline), to: path)
    }

    /// Hands the segment's pages to `body`, in order, whole pages at a time, until it answers false.
    ///
    /// Where nothing is thrown, all that was handed over is what was archived: each frame has a checksum, and
    /// of a segment that another tool packed the rest is read as well, for the checksum of the whole.
    public func withSegmentPages(
        _ segment: ArchivedSegment, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool
    ) throws(Problem) {
        try withContent(of: segment.archivedName, body)
    }

    /// Reads a stored file wholly and compares it with its summary; the answer is what is wrong with it, if
    /// so.
    public func verify(_ name: ArchivedFileName) throws(Problem) -> ArchiveDamage? {
        guard let file = try OpenFile(readingIfPresent: layout.path(of: name)) else {
            return ArchiveDamage("it is missing")
        }
        if case .failure(let damage) = try content(of: file, name, { (_) throws(Problem) in true }) {
            return damage
        }
        return nil
    }

    /// Hands a stored file's content to `body`, all of it unless it is damaged; the answer is what is wrong
    /// with the file, if so.
    func reading(
        _ name: ArchivedFileName, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void
    ) throws(Problem) -> ArchiveDamage? {
        guard let file = try OpenFile(readingIfPresent: layout.path(of: name)) else {
            return ArchiveDamage("it is missing")
        }
        let read = try content(of: file, name) { (chunk) throws(Problem) in
            try body(chunk)
            return true
        }
        if case .failure(let damage) = read { return damage }
        return nil
    }

    func withContent(
        of name: ArchivedFileName, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool
    ) throws(Problem) {
        let path = layout.path(of: name)
        guard let file = try OpenFile(readingIfPresent: path) else {
            throw Problem(.walMissing, "\(name) is not in the archive", detail: "'\(path)' does not exist")
        }
        if case .failure(let damage) = try content(of: file, name, body) {
            throw Problem(.walDamaged, "\(name) is damaged in the archive", detail: "'\(path)': \(damage)")
        }
    }

    private func content(
        of file: OpenFile, _ name: ArchivedFileName,
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool
    ) throws(Problem) -> Result<Void, ArchiveDamage> {
        let summary: SegmentSummary
        switch try Self.readSummary(file, name) {
        case .failure(let damage): return .failure(damage)
        case .success(let found): summary = found
        }
        switch try measure(file, body) {
        case .failure(let damage): return .failure(damage)
        case .success(nil): return .success(())
        case .success(let found?):
            guard found.bytes == summary.rawBytes, found.crc == summary.rawCRC32C else {
                return .failure(
                    ArchiveDamage(
                        "it unpacks to \(found.bytes) bytes with CRC-32C \(Self.hex(found.crc)), "
                            + "archived were \(summary.rawBytes) bytes with \(Self.hex(summary.rawCRC32C))"))
            }
            return .success(())
        }
    }

    struct Measured {
        var bytes: UInt64 = 0
        var crc: UInt32 = 0
    }

    /// Size and checksum of what a stored file unpacks to.
    func contentChecksum(_ file: OpenFile) throws(Problem) -> Result<Measured, ArchiveDamage> {
        try measure(file) { (_) throws(Problem) in true }.map { $0 ?? Measured() }
    }

    /// Hands over the content until `body` answers false; the answer is nil where the rest was not read.
    ///
    /// It is read where nothing tells yet that what was handed over is right: a reader would take a flipped
    /// bit for the end of the WAL.
    private func measure(
        _ file: OpenFile, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Bool
    ) throws(Problem) -> Result<Measured?, ArchiveDamage> {
        var reader = try layout.reader(file, from: UInt64(SummaryFrame.size))
        var crc = CRC32C()
        var bytes: UInt64 = 0
        var isWanted = true
        while isWanted || !reader.isChecked {
            let step = try reader.next { (chunk) throws(Problem) in
                crc.update(chunk)
                bytes += UInt64(chunk.count)
                if isWanted { isWanted = try body(chunk) }
            }
            switch step {
            case .failure(let damage): return .failure(damage)
            case .success(true): continue
            case .success(false): return .success(Measured(bytes: bytes, crc: crc.value))
            }
        }
        return .success(nil)
    }

    /// The chunk up to its last byte that is not zero.
    private static func withoutZeroTail(_ chunk: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var words = chunk.count / 8
        while words > 0, chunk.loadUnaligned(fromByteOffset: (words - 1) * 8, as: UInt64.self) == 0 {
            words -= 1
        }
        if words == chunk.count / 8 { return chunk }
        return UnsafeRawBufferPointer(rebasing: chunk[..<(words * 8)])
    }
}
