import Platform
import TestKit
import Testing

@testable import Capture

/// Files of incremental backups that PostgreSQL did not write.
struct HostileIncrementalTests {
    private static func file(
        _ scratch: ScratchDirectory, magic: UInt32 = 0xD3AE_1F0D, count: UInt32, length: UInt32,
        blocks: [UInt32], pages: Int
    ) throws -> IncrementalFile {
        var bytes: [UInt8] = []
        for number in [magic, count, length] + blocks {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        if !blocks.isEmpty { bytes += [UInt8](repeating: 0, count: 8192 - bytes.count % 8192) }
        bytes += (0..<pages * 8192).map { UInt8($0 / 8192 + 1) }
        let path = scratch.file("base/INCREMENTAL.1")
        try DurableFiles.makeDirectories(scratch.file("base"))
        try DurableFiles.write(bytes, to: path, durable: false)
        return try IncrementalFile(FoundRange(OpenFile(reading: path)))
    }

    @Test(.timeLimit(.minutes(5)))
    func `a header that says what no file has is refused`() throws {
        let scratch = try ScratchDirectory("hostileincremental")
        let whole = try Self.file(scratch, count: 2, length: 3, blocks: [0, 2], pages: 2)
        #expect(whole.blocks == [0, 2] && whole.begin == 8192)
        let wrong: [(magic: UInt32, count: UInt32, length: UInt32, blocks: [UInt32], pages: Int)] = [
            (0xD3AE_1F0E, 1, 1, [0], 1), (0xD3AE_1F0D, .max, 1, [0], 1), (0xD3AE_1F0D, 1, 131_073, [0], 1),
            (0xD3AE_1F0D, 1, 1, [131_072], 1), (0xD3AE_1F0D, 1, 1, [.max], 1),
            (0xD3AE_1F0D, 2, 1, [0, 1], 1),
            (0xD3AE_1F0D, 5000, 1, [], 0), (0xD3AE_1F0D, 0, 1, [], 1),
        ]
        for (magic, count, length, blocks, pages) in wrong {
            let problem = #expect(throws: Problem.self) {
                try Self.file(
                    scratch, magic: magic, count: count, length: length, blocks: blocks, pages: pages)
            }
            #expect(problem?.code == .backupDamaged, "\(count) \(length) \(blocks)")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a file is put together from the newest of each block, and links are not followed`() throws {
        let scratch = try ScratchDirectory("combined")
        let newest = try Self.file(scratch, count: 2, length: 4, blocks: [1, 5], pages: 2)
        try DurableFiles.makeDirectories(scratch.file("full/base"))
        try DurableFiles.write(
            [UInt8](repeating: 9, count: 3 * 8192), to: scratch.file("full/base/1"), durable: false)
        let combined = try CombinedFile(newest, "base/1", in: [FoundTree(scratch.file("full"))])
        var bytes: [UInt8] = []
        try combined.forEachChunk { bytes.append(contentsOf: $0) }
        #expect(combined.damage == nil)
        #expect(stride(from: 0, to: bytes.count, by: 8192).map { bytes[$0] } == [9, 1, 9, 0, 0, 2])
        try SystemCommands().runChecked(
            Command(
                "bash", ["-c", "mv full/base far; ln -s ../far full/base"], workingDirectory: scratch.path))
        let linked = try CombinedFile(newest, "base/1", in: [FoundTree(scratch.file("full"))])
        #expect(linked.damage?.hasPrefix("is missing in") == true)
        let names = [
            "base/5/INCREMENTAL.1", "global/INCREMENTAL.1_vm", "INCREMENTAL.x", "base/5/INCREMENTAL.",
        ]
        #expect(names.map(IncrementalFile.wholePath) == ["base/5/1", "global/1_vm", nil, nil])
    }
}
