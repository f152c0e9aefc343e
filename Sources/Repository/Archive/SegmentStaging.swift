public import Planning
public import Platform
public import PostgresFormat
import Synchronization
import WALEvents

/// A segment that is stored, and has no name in the archive yet.
public struct StagedSegment: Sendable {
    public let summary: SegmentSummary
    let path: String
    /// Nil where none could be stored.
    let index: String?
    /// What the index was told of the segment before.
    let predecessor: SegmentPredecessor?
}

/// A segment as another tool packed it, copied to where it can be stored: what is unpacked of this copy, and
/// looked at, is what is kept.
public struct PackedSegment: Sendable {
    let path: String

    /// - Returns: the copy, to be read only, and where its content begins.
    public func open() throws(Problem) -> (file: OpenFile, offset: UInt64) {
        (try OpenFile(reading: path), UInt64(SummaryFrame.size))
    }
}

/// Stores segments with their indexes in one pass, in a folder from which the archive takes the right ones
/// when all were looked at. Nothing is flushed.
public final class SegmentStaging: Sendable {
    private struct Before {
        var name: SegmentName
        var told: SegmentPredecessor?
    }

    private let folder: String
    private let layout: RepositoryLayout
    private let before = Mutex<Before?>(nil)
    private let names = Atomic<Int>(0)

    /// - Parameter folder: on the file system of the archive; made, and left to the caller.
    public init(_ folder: String, of layout: RepositoryLayout) throws(Problem) {
        try DurableFiles.makeDirectories(folder, durable: false)
        self.folder = folder
        self.layout = layout
    }

    /// Compresses what is stored; one for each thread.
    public func encoder() throws(Problem) -> FrameEncoder { try layout.encoder() }

    /// What a segment's records tell.
    public struct Reading: Sendable {
        let summary: SegmentSummary
        let index: BuiltIndex
        let predecessor: SegmentPredecessor?
    }

    /// Reads the records of a whole segment. One that follows the one that was read last is told of it, so
    /// that its index is what a push would make: to be called in the order of WAL.
    public func read(_ content: UnsafeRawBufferPointer, of name: SegmentName) -> Reading {
        let told = before.withLock { $0 }.flatMap { before in
            before.name.next == name ? before.told : nil
        }
        let (summary, index) = WALArchive.index(name, after: told, catalogs: []) { body in
            for start in stride(from: 0, to: content.count, by: Self.piece) {
                body(content.part(start, min(Self.piece, content.count - start)))
            }
        }
        before.withLock { $0 = Before(name: name, told: SegmentPredecessor(index.index)) }
        return Reading(summary: summary, index: index, predecessor: told)
    }

    /// Stays in a processor's cache from the checksum to the records.
    private static let piece = 1 << 18

    private func place() -> String {
        "\(folder)/\(names.wrappingAdd(1, ordering: .relaxed).oldValue)"
    }

    /// Copies a packed segment, so that it need not be packed again; by any number of threads.
    ///
    /// - Returns: nil for what the archive cannot keep as it is packed.
    public func keep(_ packed: UnsafeRawBufferPointer) throws(Problem) -> PackedSegment? {
        guard FrameFormat.canKeep(packed) else { return nil }
        let path = place()
        let file = try OpenFile(creating: path)
        // Its summary comes with its name.
        try file.write(packed, at: UInt64(SummaryFrame.size))
        file.startWriteback(at: 0, length: 0)
        return PackedSegment(path: path)
    }

    /// Removes one that is not to be stored.
    public func drop(_ packed: PackedSegment) throws(Problem) {
        try DurableFiles.removeFile(packed.path)
    }

    /// Stores what was read; by any number of threads.
    ///
    /// - Parameter packed: what unpacks to the content; nil has it compressed.
    public func store(
        _ content: UnsafeRawBufferPointer, _ reading: Reading, _ encoder: FrameEncoder,
        packed: PackedSegment? = nil
    ) throws(Problem) -> StagedSegment {
        let path = packed?.path ?? place()
        if packed == nil { try compress(content, encoder, to: path) }
        var index: String? = path + ".index"
        do throws(Problem) {
            let bytes = try IndexFile.encode(reading.index, encoder: encoder)
            try OpenFile(creating: path + ".index").write(bytes, at: 0)
        } catch {
            // As with a push: it is made another time.
            index = nil
        }
        return StagedSegment(
            summary: reading.summary, path: path, index: index, predecessor: reading.predecessor)
    }

    private func compress(
        _ content: UnsafeRawBufferPointer, _ encoder: FrameEncoder, to path: String
    ) throws(Problem) {
        let file = try OpenFile(creating: path)
        // Its summary comes with its name.
        var end = UInt64(SummaryFrame.size)
        for start in stride(from: 0, to: content.count, by: FrameFormat.contentBytes) {
            let frame = try encoder.frame(
                content.part(start, min(FrameFormat.contentBytes, content.count - start)))
            try file.write(frame, at: end)
            end += UInt64(frame.count)
        }
        file.startWriteback(at: 0, length: 0)
    }
}

extension WALArchive {
    /// Gives a staged segment its name, after the one before it. It is on the disk when the caller has
    /// flushed the file system.
    ///
    /// Throws `.archiveConflict` where the name is taken or the segment is of another server.
    public func publish(_ staged: StagedSegment, as name: ArchivedFileName) throws(Problem) {
        let identity = try layout.identity()
        try check(staged.summary, identity, name.fileName)
        guard let segment = name.walSegment, segment == staged.summary.segment,
            segment.size == identity.segmentSize
        else { throw Problem(.usage, "\(name) is no name of what was stored") }
        guard let frame = SummaryFrame.encode(staged.summary, name: name) else {
            throw Problem(.system, "the summary of \(name) is too long")
        }
        try OpenFile(updating: staged.path).write(frame, at: 0)
        let target = layout.path(of: name)
        try DurableFiles.makeDirectories(DurableFiles.parent(of: target), durable: false)
        guard try DurableFiles.renameIfFree(staged.path, to: target) else {
            throw Problem(.archiveConflict, "\(name) is in the archive already")
        }
        guard case .segment = name else { return }
        if let index = staged.index, predecessorAtPush(of: segment) == staged.predecessor {
            try DurableFiles.rename(index, to: layout.indexPath(of: segment))
        } else {
            makeIndexAnew(of: segment)
        }
    }
}
