import Planning
import PostgresFormat
import TestKit
import Testing

/// Whether a server could come back as it is, without asking for a certain time.
struct WholeWALTests {
    /// A backup that begins in segment 3, and WAL as far as segment 6.
    private func based() -> CraftedWAL {
        var wal = CraftedWAL()
        wal.backup("base", at: 100)
        for number in 0..<3 {
            wal.switchSegment()
            wal.commit(UInt32(7 + number), at: Int64(110 + number))
        }
        return wal
    }

    @Test func `WAL is whole from the newest base backup on, or it is not`() throws {
        var wal = based()
        let numbers = wal.held().segments.map(\.name.number).sorted()
        try #require(numbers.count >= 4)
        #expect(wal.held().inventory.isWholeFromNewestBackup)
        for number in numbers.dropLast() {
            #expect(!wal.held(missing: [number]).inventory.isWholeFromNewestBackup, "\(number)")
            #expect(!wal.held(damaged: [number]).inventory.isWholeFromNewestBackup, "\(number)")
        }
        // A newer base backup begins anew.
        wal.switchSegment()
        wal.backup("newer", at: 200)
        #expect(wal.held(missing: [numbers[1]]).inventory.isWholeFromNewestBackup)
    }

    @Test func `without a sound base backup nothing is whole`() {
        var held = based().held()
        held.backups = held.backups.map { backup in
            var damaged = backup
            damaged.damage = "a file is missing"
            return damaged
        }
        #expect(!held.inventory.isWholeFromNewestBackup)
        held.backups = []
        #expect(!held.inventory.isWholeFromNewestBackup)
    }
}
