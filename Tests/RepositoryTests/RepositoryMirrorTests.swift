import Platform
import PostgresFormat
import TestKit
import Testing

@testable import Repository

struct RepositoryMirrorTests {
    @Test func `damage in one segment keeps nothing else from the second copy, and is said`() throws {
        var craft = WALCraft(SegmentName(timeline: TimelineID(1), number: 3))
        for xid in UInt32(700)...702 {
            for _ in 0..<50 { craft.heap(xid, data: [1, 2, 3]) }
            craft.commit(xid, at: PostgresTimestamp(microseconds: 5))
            craft.switchSegment()
        }
        let scratch = try ScratchDirectory("mirror")
        let source = RepositoryLayout(root: scratch.file("first"))
        try source.create(
            RepositoryIdentity(
                serverID: "s", systemIdentifier: craft.systemIdentifier, postgresMajor: 15))
        let archive = WALArchive(layout: source)
        for (name, bytes) in craft.segments {
            try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
            _ = try archive.push(path: scratch.file("pushed"), name: name.fileName)
        }
        let names = try archive.names().sorted { $0.fileName < $1.fileName }
        try #require(names.count == 3)
        let stored = try #require(try DurableFiles.readIfPresent(source.path(of: names[1])))
        var damaged = stored
        damaged[damaged.count - 20] ^= 0xFF
        try DurableFiles.write(damaged, to: source.path(of: names[1]))

        let mirror = RepositoryMirror(source: source, target: RepositoryLayout(root: scratch.file("second")))
        let problem = #expect(throws: Problem.self) { try mirror.run() }
        #expect(problem?.code == .walDamaged)
        #expect(Set(try WALArchive(layout: mirror.target).names()) == [names[0], names[2]])

        try DurableFiles.write(stored, to: source.path(of: names[1]))
        #expect(try mirror.run().copiedFiles == 1)
        #expect(try mirror.lag().files == 0)
    }
}
