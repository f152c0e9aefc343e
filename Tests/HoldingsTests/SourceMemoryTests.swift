import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

@testable import Holdings

/// Unarchived WAL that was found whole is looked at again as soon as any of it is another.
@Suite(.timeLimit(.minutes(5)))
struct SourceMemoryTests {
    private let scratch: ScratchDirectory
    private let craft: WALCraft
    private let reader: SourceReader
    private let path: String

    init() throws {
        scratch = try ScratchDirectory("memory")
        var craft = WALCraft.small()
        for number in 0..<10 { craft.commit(UInt32(9 + number), at: PostgresTimestamp(microseconds: 1)) }
        self.craft = craft
        let data = scratch.file("data")
        try DurableFiles.makeDirectories(data + "/pg_wal/archive_status")
        path = data + "/pg_wal/" + craft.first.fileName
        try DurableFiles.write(craft.segments[0].bytes, to: path, durable: false)
        let layout = RepositoryLayout(root: scratch.file("r"))
        try layout.create(
            RepositoryIdentity(
                serverID: "r", systemIdentifier: craft.systemIdentifier, postgresMajor: 15,
                segmentSize: WALCraft.smallSegment))
        let cluster = SourceCluster(dataDirectory: data) {
            false
        } parameters: { () throws(Problem) in
            throw Problem(.serverIsNotReady, "it does not run")
        }
        reader = SourceReader(
            // As if every file had been changed long ago.
            Source(name: "s", layout: layout, cluster: cluster, memory: SourceMemory(tick: -10)),
            clock: SystemWallClock(), cancellation: CancellationFlag())
    }

    private func damage() -> LSN? {
        reader.unarchivedDamage(
            from: craft.first.start, on: craft.timeline, WALCraft.smallSegment)?.position
    }

    /// Until the file system gives another time.
    private func awaitTick() throws { try FileClock.awaitTick(in: scratch) }

    @Test func `damage that comes is seen, and seen no more when it is mended`() throws {
        for _ in 0..<2 { #expect(damage() == nil) }
        let record = craft.records[4]
        let offset = record.start.distance(from: craft.first.start)
        try awaitTick()
        try OpenFile(updating: path).write([0x55, 0x55], at: offset + 28)
        for _ in 0..<2 { #expect(damage() == record.start) }
        try DurableFiles.write(craft.segments[0].bytes, to: path, durable: false)
        #expect(damage() == nil)
    }

    /// A server that had finished a segment which is not there has lost WAL.
    @Test func `what tells of more WAL than there is is seen when it comes`() throws {
        #expect(damage() == nil)
        try awaitTick()
        let status = DurableFiles.parent(of: path) + "/archive_status/"
        try DurableFiles.write([], to: status + craft.first.next.fileName + ".ready", durable: false)
        #expect(damage() != nil)
        try DurableFiles.removeFile(status + craft.first.next.fileName + ".ready")
        #expect(damage() == nil)
    }
}
