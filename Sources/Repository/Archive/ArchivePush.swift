import CSupport
import Notation
import Planning
public import Platform
import PostgresFormat

#if canImport(Glibc)
    import Glibc
#endif

extension WALArchive {
    public enum PushOutcome: Hashable, Sendable {
        case stored
        /// The same bytes were there before.
        case alreadyStored
    }

    /// Takes a file from PostgreSQL into the archive. When it returns the file is on the disk, under its
    /// name.
    ///
    /// A segment that does not decode is kept all the same, byte for byte; its summary tells where decoding
    /// ended. Throws `.archiveConflict` when other bytes are stored under the name, `.insufficientStorage` on
    /// a full disk. Nothing is left behind by a failure, and what a killed process left is removed by the
    /// next push.
    ///
    /// - Parameters:
    ///   - path: the file in `pg_wal`.
    ///   - name: the name PostgreSQL gives it (`%f`).
    public func push(path: String, name fileName: String, workers: Int = 2) throws(Problem) -> PushOutcome {
        let identity = try layout.identity()
        guard let name = ArchivedFileName(fileName: fileName, segmentSize: identity.segmentSize) else {
            throw Problem(.usage, "'\(fileName)' is not the name of a WAL file")
        }
        let source = try OpenFile(reading: path)
        let size = try source.size()
        if let segment = name.walSegment, size != segment.size.bytes {
            throw Problem(
                .walDamaged, "'\(path)' is \(size) bytes large, a segment here is \(segment.size.bytes)")
        }
        let target = layout.path(of: name)
        if DurableFiles.status(target) != nil {
            return try confirm(name, source, identity)
        }
        var incoming = try IncomingFile(directory: layout.incoming, name: fileName)
        let (summary, index) = try compress(source, size, name, to: incoming.file, workers)
        if name.walSegment != nil { try check(summary, identity, fileName) }
        guard let frame = SummaryFrame.encode(summary, name: name) else {
            throw Problem(.system, "the summary of \(name) is too long")
        }
        try incoming.file.write(frame, at: 0)
        try incoming.file.sync()
        let directory = DurableFiles.parent(of: target)
        if DurableFiles.status(directory) == nil { try DurableFiles.makeDirectory(directory) }
        guard try incoming.publish(as: target) else { return try confirm(name, source, identity) }
        try DurableFiles.syncDirectory(directory)
        // The segment is safe: what may still fail is only that its index has to be made another time.
        if let index {
            _ = try? store(index)
        } else if case .segment(let segment) = name {
            makeIndexAnew(of: segment)
        }
        return .stored
    }

    /// From the archive, where one pass did not do.
    func makeIndexAnew(of name: SegmentName) {
        let before =
            name.number > 0
            ? SegmentName(timeline: name.timeline, number: name.number - 1, size: name.size) : nil
        guard let segment = try? self.segment(name) else { return }
        _ = try? rebuildIndex(of: segment, after: before.flatMap { try? self.segment($0) })
    }

    private func compress(
        _ source: OpenFile, _ size: UInt64, _ name: ArchivedFileName, to target: OpenFile, _ workers: Int
    ) throws(Problem) -> (SegmentSummary, BuiltIndex?) {
        var indexing: SegmentIndexing?
        if case .segment(let segment) = name {
            indexing = SegmentIndexing(segment, after: predecessorAtPush(of: segment))
        }
        let job = WALCompressionJob(
            source: source, size: size, target: target, summarizer: SegmentSummarizer(name: name.walSegment),
            indexing: indexing)
        let threads = size > UInt64(FrameFormat.contentBytes) ? workers : 1
        try ChunkedJobs.run([job], workers: threads, cancellation: CancellationFlag()) {
            () throws(Problem) in try layout.encoder()
        }
        return job.finish()
    }

    /// A segment of another cluster must not come in under any name.
    func check(_ summary: SegmentSummary, _ identity: RepositoryIdentity, _ name: String)
        throws(Problem)
    {
        guard let found = summary.systemIdentifier, found != identity.systemIdentifier else { return }
        throw Problem(
            .archiveConflict, "segment \(name) is not of this server",
            detail: "its system identifier is \(found), the repository's \(identity.systemIdentifier)",
            hint: "Check the archive_command of the server that sent it.")
    }

    /// PostgreSQL repeats a push whose answer it did not see: the same bytes are fine, and made durable
    /// again.
    private func confirm(
        _ name: ArchivedFileName, _ source: OpenFile, _ identity: RepositoryIdentity
    ) throws(Problem) -> PushOutcome {
        var crc = CRC32C()
        let buffer = RawBuffer(count: FrameFormat.contentBytes)
        var offset: UInt64 = 0
        while true {
            let count = try source.read(into: buffer.bytes, at: offset)
            if count == 0 { break }
            crc.update(buffer[prefix: count])
            offset += UInt64(count)
        }
        let path = layout.path(of: name)
        let stored = try OpenFile(reading: path)
        switch try contentChecksum(stored) {
        case .failure(let damage):
            throw Problem(
                .archiveConflict, "\(name) is in the archive, but damaged: \(damage)",
                detail: "the file offered has CRC-32C \(Self.hex(crc.value))",
                hint: "Move '\(path)' away, and PostgreSQL's next attempt stores the file anew.")
        case .success(let archived):
            guard archived.bytes == offset, archived.crc == crc.value else {
                throw Problem(
                    .archiveConflict, "\(name) is in the archive with other bytes",
                    detail: "archived: CRC-32C \(Self.hex(archived.crc)), \(archived.bytes) bytes; "
                        + "offered: CRC-32C \(Self.hex(crc.value)), \(offset) bytes",
                    hint: "Two servers may be archiving into one repository.")
            }
        }
        try stored.sync()
        try DurableFiles.syncDirectory(DurableFiles.parent(of: path))
        return .alreadyStored
    }

    static func hex(_ crc: UInt32) -> String {
        Hexadecimal.text(crc, digits: 8, .upper)
    }
}

/// A file on its way in: locked while its writer lives, so that anyone can tell and remove what a dead one
/// left.
struct IncomingFile: ~Copyable {
    let file: OpenFile
    private var published = false

    init(directory: String, name: String) throws(Problem) {
        if DurableFiles.status(directory) == nil { try DurableFiles.makeDirectory(directory) }
        try Self.sweep(directory)
        while true {
            let file = try OpenFile(creating: DurableFiles.temporaryPath(beside: directory + "/" + name))
            // Between the two calls a sweeper may have taken it for a dead one's: then it has no name any
            // more.
            if pitr_lock(file.descriptor, 1, 0) == 0, DurableFiles.status(file.path) != nil {
                self.file = file
                return
            }
        }
    }

    deinit {
        if !published { unlink(file.path) }
    }

    mutating func publish(as target: String) throws(Problem) -> Bool {
        published = try DurableFiles.renameIfFree(file.path, to: target)
        return published
    }

    /// Puts the file in place of whatever is there.
    mutating func replace(_ target: String) throws(Problem) {
        try DurableFiles.rename(file.path, to: target)
        published = true
    }

    private static func sweep(_ directory: String) throws(Problem) {
        for name in try DurableFiles.list(directory) {
            let path = directory + "/" + name
            guard let left = try OpenFile(readingIfPresent: path) else { continue }
            if pitr_lock(left.descriptor, 1, 0) == 0 { try DurableFiles.removeFile(path) }
        }
    }
}
