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
}
