import Platform
import TestKit
import Testing

@testable import Capture

/// Maps of blocks as pgBackRest writes them, and as it does not.
struct BlockMapTests {
    private static func sums(_ count: Int) -> [UInt8] { [UInt8](repeating: 0xAB, count: 6 * count) }

    /// Two super blocks of the first backup, of which the second backup replaced a block of the first one.
    ///
    /// The full backup has blocks 0 to 3 in 100 packed bytes and blocks 4 and 5 in 80; the other one has
    /// block 1 in bundle 7, from 1000 on, in 30.
    private static let bytes: [UInt8] =
        // Reference 0: a super block of 100 bytes and 4 blocks, of which one comes now.
        [0, 0] + [0xA7, 0x06, 8, 0] + sums(1)
        // Reference 1 in bundle 7 from 1000 on: 30 bytes, 70 fewer; one block.
        + [8 | 4 | 2, 7, 0xE8, 0x07] + [0xD9, 0x08] + sums(1)
        // Reference 0 goes on with blocks 2 and 3, then 80 bytes, 20 fewer than its last, and 2 blocks.
        + [2 | 1, 1 << 1 | 1, 1] + sums(2) + [0xBB, 0x02, 4] + sums(2)

    private static func map(_ bytes: [UInt8], count: UInt64 = 6) throws(BlockMap.Malformed) -> BlockMap {
        try BlockMap(bytes, blockBytes: 8192, checksumBytes: 6, count: count)
    }

    @Test func `a map tells where each block lies, in several backups`() throws {
        let map = try Self.map(Self.bytes)
        let full = map.superBlocks.filter { $0.reference == 0 }
        #expect(full.map(\.offset) == [0, 100] && full.map(\.storedBytes) == [100, 80])
        #expect(full.map(\.bytes) == [4 * 8192, 2 * 8192])
        #expect(
            map.superBlocks[1]
                == BlockMap.SuperBlock(
                    reference: 1, bundle: 7, offset: 1000, storedBytes: 30, bytes: 8192))
        #expect(map.blocks.map(\.place) == [0, 1, 0, 0, 2, 2])
        #expect(map.blocks.map(\.number) == [0, 0, 2, 3, 0, 1])
    }

    @Test(.timeLimit(.minutes(5)))
    func `a map that is cut off, goes on, or was changed anywhere is refused or stays in its bounds`() throws
    {
        for count in Self.bytes.indices {
            #expect(throws: BlockMap.Malformed.self) { try Self.map(Array(Self.bytes[..<count])) }
        }
        #expect(throws: BlockMap.Malformed.self) { try Self.map(Self.bytes + [0]) }
        for count: UInt64 in [0, 5, 7, 1 << 40] {
            #expect(throws: BlockMap.Malformed.self) { try Self.map(Self.bytes, count: count) }
        }
        for place in Self.bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = Self.bytes
                changed[place] = value
                guard let map = try? Self.map(changed) else { continue }
                let isInBounds =
                    map.blocks.count == 6
                    && map.blocks.allSatisfy { block in
                        let whole = map.superBlocks[block.place]
                        return whole.bytes <= BlockMap.mostSuperBlockBytes
                            && block.number * 8192 < whole.bytes
                    }
                #expect(isInBounds, "\(value) at \(place): \(map)")
            }
        }
    }

    private static func number(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }

    @Test func `a super block that is longer packed than its content can be is refused`() throws {
        let most: UInt64 = 8192 + 1024 + 65_536
        func map(stored: UInt64) -> [UInt8] { [0, 1] + Self.number(stored << 3 | 1) + Self.sums(1) }
        #expect(try Self.map(map(stored: most), count: 1).superBlocks.first?.storedBytes == most)
        for stored in [most + 1, 1 << 40, 1 << 46] {
            #expect(throws: BlockMap.Malformed.self) { try Self.map(map(stored: stored), count: 1) }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a file in a bundle that is longer packed than its content can be is damaged`() throws {
        var forged = try ForgedBackrest()
        forged.packing = "gz"
        forged.backup = [("backup-bundle-raw", "true")]
        forged.say("pg_data/base/1/1", [1, 2], stored: 1 << 40, "\"bni\":1,\"bno\":0,")
        try forged.put([1], "bundle/1")
        try forged.write()
        let damages = try forged.read().damages
        #expect(damages.count == 1 && damages.first?.contains("longer in its bundle") == true)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a map that is longer than its blocks need, or is of too many, is refused by the manifest`() throws {
        let cases: [(size: Int, map: Int, code: ProblemCode?)] = [
            (3 * 8192, 3 * (1 + 32) + 64, nil), (3 * 8192, 3 * (1 + 32) + 65, .backupDamaged),
            (2 * 8192 + 1, 3 * (1 + 32) + 64, nil), (8192, 1 << 28, .backupDamaged),
            (8192 << 22, 1 << 20, nil), ((8192 << 22) + 1, 1 << 20, .operationNotSupported),
        ]
        for (size, map, code) in cases {
            var forged = try ForgedBackrest()
            forged.say(
                "pg_data/base/1/1", [1], size: size, stored: map, "\"bi\":1,\"bic\":1,\"bim\":\(map),")
            try forged.write()
            guard let code else {
                _ = try forged.base()
                continue
            }
            let problem = #expect(throws: Problem.self) { try forged.base() }
            #expect(problem?.code == code, "\(size) \(map)")
        }
    }
}
