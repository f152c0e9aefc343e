import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import WALEvents

@testable import Holdings

/// Indexes put records together up to 64 MiB; what a longer one did is not made up.
struct LongRecordTests {
    @Test(arguments: [(3_000_000, false), (6_000_000, true)])
    func `a commit too long for the indexes becomes a note, and what follows it is told`(
        _ messages: Int, _ isTooLong: Bool
    ) throws {
        let first = SegmentName(timeline: TimelineID(1), number: 3)
        var craft = WALCraft(first)
        for _ in 0..<150 { craft.heap(700, data: [1, 2, 3]) }
        // Of 46 and of 92 MiB, through segments of 16.
        let long = craft.commit(700, at: PostgresTimestamp(microseconds: 5), extra: messages)
        for _ in 0..<120 { craft.heap(701, data: [1, 2, 3]) }
        craft.commit(701, at: PostgresTimestamp(microseconds: 6))
        craft.switchSegment()

        let scratch = try ScratchDirectory("long")
        let archive = try Self.archive(of: craft, in: scratch)
        let held = try archive.segments()
        let backup = InventoryBackup(
            name: "base", timeline: first.timeline, startLSN: first.start, stopLSN: first.start,
            startTime: PostgresTimestamp(microseconds: 1), stopTime: PostgresTimestamp(microseconds: 2),
            dataBytes: 0,
            minima: ParameterMinima(
                maxConnections: 1, maxWorkerProcesses: 1, maxWalSenders: 1, maxPreparedTransactions: 0,
                maxLocksPerTransaction: 1))
        let inventory = Inventory(
            serverName: "s", segmentSize: .standard, backups: [backup],
            segments: held.compactMap { segment in
                segment.summary.map { InventorySegment(name: segment.name, summary: $0) }
            }, damaged: [], latest: nil)
        let wal = HeldWAL(
            archive: archive,
            locations: Dictionary(uniqueKeysWithValues: held.map { ($0.name, .archived($0)) }))
        var reader = EventReader(
            inventory: inventory, wal: wal, interest: RowInterest(minimumRows: 100),
            cancellation: CancellationFlag()
        ) { _ in CatalogState(version: .v15) }
        var told: [String] = []
        try reader.read(path: held.map(\.name), from: nil, to: nil) { events in
            told += events.map(\.description)
        }

        let last = try #require(held.last?.name)
        #expect(last.start < long.end && long.end <= last.end && held.count == (isTooLong ? 6 : 3))
        if isTooLong {
            #expect(told == ["INSERT 16384 in database 5, 120 rows"])
            #expect(
                reader.notes == [
                    "A record that ends in \(last) is too long for its index: a transaction may be missing."
                ])
        } else {
            #expect(told == ["INSERT 16384 in database 5, 150 rows", "INSERT 16384 in database 5, 120 rows"])
            #expect(reader.notes == [])
        }
        #expect(reader.segmentsRead == 0 && reader.segments == held.count)
    }

    /// A repository that has what was crafted in its archive.
    private static func archive(of craft: WALCraft, in scratch: ScratchDirectory) throws -> WALArchive {
        let layout = RepositoryLayout(root: scratch.file("repository"))
        try layout.create(
            RepositoryIdentity(
                serverID: "s", systemIdentifier: craft.systemIdentifier, postgresMajor: 15))
        let archive = WALArchive(layout: layout)
        for (name, bytes) in craft.segments {
            try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
            _ = try archive.push(path: scratch.file("pushed"), name: name.fileName)
        }
        return archive
    }
}
