import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

@testable import Holdings

/// A source of which there is a repository and nothing else: no server, no catalog.
struct CrossingDamageTests {
    @Test func `what stands before a record that is damaged across two segments is held, and no more`() throws
    {
        var craft = WALCraft(SegmentName(timeline: TimelineID(1), number: 3))
        for _ in 0..<20 { craft.heap(700, data: [1, 2, 3]) }
        let commit = craft.commit(700, at: PostgresTimestamp(microseconds: 5))
        // Of 20 MB: the first segment ends inside.
        let long = craft.append(10, info: 0, xid: 701, body: [UInt8](repeating: 7, count: 20_000_000))
        craft.commit(701, at: PostgresTimestamp(microseconds: 9))
        craft.switchSegment()
        var segments = craft.segments
        segments[1].bytes[5000] ^= 1

        let scratch = try ScratchDirectory("crossing")
        let layout = RepositoryLayout(root: scratch.file("repository"))
        try layout.create(
            RepositoryIdentity(serverID: "s", systemIdentifier: craft.systemIdentifier, postgresMajor: 15))
        let archive = WALArchive(layout: layout)
        for (name, bytes) in segments {
            try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
            _ = try archive.push(path: scratch.file("pushed"), name: name.fileName)
        }
        let reader = SourceReader(
            Source(name: "s", layout: layout), clock: SystemWallClock(), cancellation: CancellationFlag())
        let held = try reader.held(for: .latest, tailDirectory: scratch.file("tail"))
        #expect(held.inventory.damaged.map(\.position) == [long.start])
        #expect(held.inventory.segments.first?.summary.lastRecordStart == commit.start)
        #expect(held.inventory.latest == PostgresTimestamp(microseconds: 4))
        #expect(held.inventory.lastDamage?.begin == long.start)
        let ends = try reader.records(.whole, tailDirectory: scratch.file("tail")) { _ in true }
        #expect(ends.map(\.position) == [long.start])
        guard case .damaged? = ends.first else { throw Problem(.system, "\(ends)") }
    }
}
