import Platform
import TestKit
import Testing

@testable import Capture

/// A file of which each backup has two super blocks of two blocks, that takes them in turns.
struct BlockLimitsTests {
    private static let backups = 6
    private static let page = 8192

    private static func label(_ backup: Int) -> String {
        "20261130-071500F_20261130-08150\(backup)I"
    }

    /// Tells the block of that number in a backup from every other one.
    private static func block(_ backup: Int, _ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(backup * 4 + number + 1), count: page)
    }

    private static func number(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + number(value >> 7)
    }

    /// What the numbers of super blocks say of a length behind another one.
    private static func difference(_ now: Int, _ before: Int) -> Int {
        guard before != 0 else { return now }
        return now >= before ? (now - before) << 1 : (before - now - 1) << 1 | 1
    }

    private static func packed(_ content: [UInt8], in scratch: ScratchDirectory, _ packing: String) throws
        -> [UInt8]
    {
        guard packing == "zst" else { return content }
        try DurableFiles.write(content, to: scratch.file("plain"), durable: false)
        try SystemCommands().runChecked(
            Command("bash", ["-c", "zstd -c < plain > packed"], workingDirectory: scratch.path))
        return try DurableFiles.read(scratch.file("packed"))
    }

    private static func forge(_ packing: String) throws -> (ForgedBackrest, content: [UInt8]) {
        var forged = try ForgedBackrest()
        forged.packing = packing
        // Its folder, beside which the others are.
        try forged.put([], "backup.manifest")
        var stored: [[[UInt8]]] = []
        for backup in 0..<backups {
            stored.append(
                try [0, 2].map {
                    try packed(block(backup, $0) + block(backup, $0 + 1), in: forged.scratch, packing)
                })
            try forged.put(stored[backup].flatMap { $0 }, "../\(label(backup))/pg_data/base/1/1.pgbi")
        }
        var map: [UInt8] = [0]
        var content: [UInt8] = []
        var before = 0
        for turn in 0..<4 {
            for backup in 0..<backups {
                let isLast = turn == 3 && backup == backups - 1
                let now = stored[backup][turn / 2].count
                if turn % 2 == 0 {
                    // Its super block, of two blocks, of which one comes now.
                    map += number(backup << 3 | (isLast ? 1 : 0))
                    map += number(difference(now, before) << 3 | 7) + number(2 << 1) + number(0)
                } else {
                    // The same super block goes on, and is the last one that is said here.
                    map += number(backup << 3 | 4 | 2 | (isLast ? 1 : 0)) + number(0)
                }
                map += [UInt8](repeating: 0xAB, count: 6)
                before = now
                content += block(backup, turn)
            }
        }
        let labels = (0..<backups).map(label).joined(separator: ",")
        forged.backup = [("backup-reference", "\"\(labels)\"")]
        forged.say(
            "pg_data/base/1/1", content, stored: map.count, "\"bi\":1,\"bic\":6,\"bim\":\(map.count),")
        try forged.put(map, "pg_data/base/1/1.pgbi")
        try forged.write()
        return (forged, content)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["none", "zst"])
    func `what is dropped to stay within the limits is read again`(_ packing: String) throws {
        let (forged, content) = try Self.forge(packing)
        guard case .backrest(let backup) = try forged.base().form, let file = backup.files.first else {
            Issue.record("there is no file")
            return
        }
        let whole = UInt64(2 * Self.page)
        let all = BlockContent.Limits()
        for limits in [
            all, BlockContent.Limits(heldBytes: 2 * whole, programs: 2, openFiles: 2),
            BlockContent.Limits(heldBytes: 1, programs: 1, openFiles: 1),
        ] {
            let blocks = try BlockContent(file, backup, CancellationFlag(), limits: limits)
            var read: [UInt8] = []
            while let piece = try blocks.next() {
                read.append(contentsOf: piece)
                #expect(blocks.heldBytes <= max(whole, limits.heldBytes))
                #expect(blocks.programs <= limits.programs)
            }
            #expect(read == content)
        }
        #expect(try forged.read().contents["base/1/1"] == content)
    }
}
