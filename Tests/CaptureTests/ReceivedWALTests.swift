import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

@testable import Capture

/// The files that received WAL is written to.
struct ReceivedWALTests {
    private static let size = WALSegmentSize.standard
    private static let name = SegmentName(
        timeline: TimelineID(1), containing: LSN(size.bytes), size: size)

    /// The segment's file after WAL was received, its first page and nothing behind it, from its beginning.
    private func receive(into folder: ReceiverFolder) throws -> String {
        let queue = WALPushQueue(folder, WALArchive(layout: RepositoryLayout(root: folder.path)))
        let sink = ReceivedWAL(
            queue, Self.size, TimelineID(1), cancellation: CancellationFlag(), goesOn: { _ in true })
        let page = [UInt8](repeating: 7, count: 8192)
        let nothing = [UInt8](repeating: 0, count: 1 << 20)
        var position = Self.name.start
        for bytes in [page] + (1..<15).map({ _ in nothing }) {
            try bytes.withUnsafeBytes { raw in try sink.write(raw, at: position) }
            position = position.advanced(by: UInt64(bytes.count))
        }
        try sink.flush()
        let path = folder.wal + "/" + Self.name.fileName
        let content = try DurableFiles.read(path)
        #expect(content.count == Int(Self.size.bytes))
        #expect(content.prefix(page.count) == page[...])
        #expect(content.dropFirst(page.count).prefix(14 << 20).allSatisfy { $0 == 0 })
        return path
    }

    @Test(.timeLimit(.minutes(2)))
    func `what a switch leaves empty is given to no disk`() throws {
        let scratch = try ScratchDirectory("received")
        let folder = ReceiverFolder(path: scratch.path)
        try DurableFiles.makeDirectories(folder.wal)
        let path = try receive(into: folder)
        #expect(try #require(DurableFiles.status(path)).allocatedBytes < 1 << 20)
    }

    @Test(.timeLimit(.minutes(2)))
    func `a segment that is empty behind a switch replaces whatever its file held`() throws {
        let scratch = try ScratchDirectory("received")
        let folder = ReceiverFolder(path: scratch.path)
        try DurableFiles.makeDirectories(folder.wal)
        try DurableFiles.write(
            [UInt8](repeating: 9, count: Int(Self.size.bytes)), to: folder.wal + "/" + Self.name.fileName,
            durable: false)
        _ = try receive(into: folder)
    }

    @Test(.timeLimit(.minutes(2)))
    func `a segment's file is new to whoever made it, and to nobody later`() throws {
        let scratch = try ScratchDirectory("received")
        let folder = ReceiverFolder(path: scratch.path)
        try DurableFiles.makeDirectories(folder.wal)
        #expect(try folder.openSegment(Self.name).isNew)
        #expect(try !folder.openSegment(Self.name).isNew)
        // As a receiver leaves it that is killed before the file has its size.
        try DurableFiles.write([], to: folder.wal + "/" + Self.name.next.fileName, durable: false)
        let short = try folder.openSegment(Self.name.next)
        #expect(!short.isNew)
        #expect(try short.file.size() == Self.size.bytes)
    }

    /// Of both segments the first page is full, and nothing behind it; the stream ends within the second one.
    @Test(.timeLimit(.minutes(2)), arguments: [false, true])
    func `behind a border a file is taken for empty only where it was made there`(isThere: Bool) throws {
        let scratch = try ScratchDirectory("received")
        let folder = ReceiverFolder(path: scratch.path)
        try DurableFiles.makeDirectories(folder.wal)
        let whole = Int(Self.size.bytes)
        let paths = [Self.name, Self.name.next].map { folder.wal + "/" + $0.fileName }
        if isThere {
            try DurableFiles.write([UInt8](repeating: 9, count: whole), to: paths[1], durable: false)
        }
        let page = [UInt8](repeating: 7, count: 8192)
        let stream = page + [UInt8](repeating: 0, count: whole - page.count)
        let half = Array(stream.prefix(whole / 2))
        let queue = WALPushQueue(folder, WALArchive(layout: RepositoryLayout(root: folder.path)))
        let sink = ReceivedWAL(
            queue, Self.size, TimelineID(1), cancellation: CancellationFlag(), goesOn: { _ in true })
        // One of these pieces lies on both sides of the border.
        let piece = 3 << 17
        let all = stream + half
        for start in stride(from: 0, to: all.count, by: piece) {
            try all[start..<min(start + piece, all.count)].withUnsafeBytes { bytes in
                try sink.write(bytes, at: Self.name.start.advanced(by: UInt64(start)))
            }
        }
        try sink.flush()
        #expect(try DurableFiles.read(paths[0]) == stream)
        let rest = [UInt8](repeating: isThere ? 9 : 0, count: whole - half.count)
        #expect(try DurableFiles.read(paths[1]) == half + rest)
        let allocated = try paths.map { path in try #require(DurableFiles.status(path)).allocatedBytes }
        #expect(allocated[0] < 1 << 20)
        #expect(isThere || allocated[1] < 1 << 20)
    }
}
