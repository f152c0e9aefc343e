import Platform
import Repository
import TestKit
import Testing

@testable import Capture

/// Frames that several threads compress and write.
struct FrameQueueTests {
    /// In turn what takes long to compress and what takes no time: later frames are ready before others.
    private static func content(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<count).map { index in
            guard (index / FrameFormat.contentBytes) % 2 == 0 else { return UInt8(seed & 0xff) }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: (state >> 33) & 0x3f)
        }
    }

    /// The content of each of a file's frames.
    private static func frames(_ path: String) throws -> [[UInt8]] {
        let stored = try DurableFiles.read(path)
        let decompressor = try Decompressor()
        let room = RawBuffer(count: FrameFormat.contentBytes)
        var (frames, offset): ([[UInt8]], Int) = ([], 0)
        try stored.withUnsafeBytes { bytes in
            while offset < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                let size = try #require(Decompressor.frameSize(rest))
                let count = try decompressor.content(
                    ofFrame: UnsafeRawBufferPointer(rebasing: rest[..<size]), into: room.bytes)
                frames.append(Array(room[prefix: count]))
                offset += size
            }
        }
        return frames
    }

    @Test(.timeLimit(.minutes(2)))
    func `each file has its own frames, in the order in which they came`() throws {
        let scratch = try ScratchDirectory("frames")
        let queue = try FrameQueue(try RepositoryLayout(root: scratch.path).encoder())
        let whole = FrameFormat.contentBytes
        let sizes = [0, 1, whole - 1, whole, whole + 1, 6 * whole, 7 * whole + 5, 3, 0, 4 * whole]
        var (files, contents): ([CapturedFile], [[UInt8]]) = ([], [])
        for (index, size) in sizes.enumerated() {
            let content = Self.content(size, seed: UInt64(index + 1))
            let file = try StreamedFile("file\(index)", modified: 0, in: scratch.path, queue)
            try content.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: size, by: 100_000) {
                    let end = min(size, start + 100_000)
                    try file.write(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                }
            }
            files.append(try file.finish())
            contents.append(content)
        }
        try queue.finish(&files)
        for (file, content) in zip(files, contents) {
            let path = scratch.file(file.path + RepositoryLayout.compressedSuffix)
            #expect(try Array(Self.frames(path).joined()) == content)
            #expect(DurableFiles.status(path)?.size == file.storedBytes)
        }
    }

    /// So that every file of a backup unpacks, also by zstd itself.
    @Test(.timeLimit(.minutes(2)))
    func `an empty file is one empty frame, and no other file has one`() throws {
        let scratch = try ScratchDirectory("frames")
        let queue = try FrameQueue(try RepositoryLayout(root: scratch.path).encoder())
        let whole = FrameFormat.contentBytes
        // What nothing came of, and what came in a piece without bytes; then what ends with a whole frame.
        let pieces: [[Int]] = [[], [0], [1], [whole], [whole, 0], [whole, whole]]
        var files: [CapturedFile] = []
        for (index, sizes) in pieces.enumerated() {
            let file = try StreamedFile("file\(index)", modified: 0, in: scratch.path, queue)
            for size in sizes {
                try Self.content(size, seed: 7).withUnsafeBytes { try file.write($0) }
            }
            files.append(try file.finish())
        }
        try queue.finish(&files)
        let expected: [[Int]] = [[0], [0], [1], [whole], [whole], [whole, whole]]
        for (file, sizes) in zip(files, expected) {
            let path = scratch.file(file.path + RepositoryLayout.compressedSuffix)
            #expect(try Self.frames(path).map(\.count) == sizes, "\(file.path)")
            #expect(file.storedBytes > 0 && file.size == UInt64(sizes.reduce(0, +)), "\(file.path)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a frame that cannot be written ends all of them, and nobody waits for ever`() throws {
        let scratch = try ScratchDirectory("frames")
        let queue = try FrameQueue(try RepositoryLayout(root: scratch.path).encoder())
        let full = try OpenFile(updating: "/dev/full")
        #expect(throws: Problem.self) {
            // There is room for some, until the failure is seen.
            for number in 0..<1000 {
                queue.store(try queue.block(), count: 5, to: full, path: "full\(number)")
            }
        }
        var files: [CapturedFile] = []
        #expect(throws: Problem.self) { try queue.finish(&files) }
    }
}
