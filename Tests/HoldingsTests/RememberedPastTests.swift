import Planning
import Platform
import PostgresFormat
import TestKit
import Testing

@testable import Holdings
@testable import Repository

/// What a process that stays tells of a source is what one tells that reads it for the first time.
@Suite(.timeLimit(.minutes(5)))
struct RememberedPastTests {
    private let scratch: ScratchDirectory
    private let segments: [(name: SegmentName, bytes: [UInt8])]
    private let plain: RepositoryLayout
    private let remembered: RepositoryLayout
    private let data: String

    init() throws {
        scratch = try ScratchDirectory("past")
        let craft = Self.craft(at: 100)
        segments = craft.segments
        data = scratch.file("data")
        try DurableFiles.makeDirectories(data + "/pg_wal/archive_status")
        plain = RepositoryLayout(root: scratch.file("r"))
        // As if every file had been changed long ago; each is looked at each time.
        remembered = RepositoryLayout(
            root: scratch.file("r"), memory: RepositoryMemory(tick: -10, patience: 0))
        try plain.create(
            RepositoryIdentity(
                serverID: "r", systemIdentifier: craft.systemIdentifier, postgresMajor: 15,
                segmentSize: WALCraft.smallSegment))
    }

    private static func craft(at time: Int64) -> WALCraft {
        var craft = WALCraft.small()
        for number in 0..<5 {
            for xid in 0..<10 {
                craft.commit(UInt32(10 * number + xid + 700), at: PostgresTimestamp(microseconds: time))
            }
            // Across a border, and some across two.
            let length = 700_000 * (number % 2 + 1)
            craft.append(10, info: 0, xid: 700, body: [UInt8](repeating: 7, count: length))
        }
        craft.commit(900, at: PostgresTimestamp(microseconds: time + 100))
        craft.switchSegment()
        return craft
    }

    private func push(_ bytes: [UInt8], _ name: SegmentName) throws {
        try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
        _ = try WALArchive(layout: plain).push(path: scratch.file("pushed"), name: name.fileName)
    }

    private func push(_ place: Int) throws { try push(segments[place].bytes, segments[place].name) }

    private func backUp(_ name: String, at place: Int) throws {
        let start = segments[place].name.start
        let time = PostgresTimestamp(microseconds: Int64(place))
        let backup = BackupDescriptor(
            name: name, source: .automatic, label: name, timeline: TimelineID(1), startLSN: start,
            stopLSN: start.advanced(by: 100), checkpointLSN: start, startTime: time, stopTime: time,
            storage: .plain, totalBytes: 1, storedBytes: 1, fileCount: 1, systemIdentifier: 1,
            postgresVersion: 150_000, segmentSize: WALCraft.smallSegment,
            settings: WALParameters(
                maxConnections: 100, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 0,
                maxLocksPerTransaction: 64, walLevel: .replica), manifestCRC32C: 7, directories: [])
        try DurableFiles.makeDirectories(plain.backup(name))
        try DurableFiles.write(
            backup.encoded, to: BackupFiles.descriptor(plain.backup(name)), durable: false)
    }

    private struct Told: Equatable {
        var segments: [InventorySegment]
        var damaged: [DamagedSegment]
        var backups: [InventoryBackup]
        var latest: PostgresTimestamp?
        var places: [SegmentName: String]
        var window: [PostgresTimestamp?]
    }

    private func told(_ layout: RepositoryLayout, hasCluster: Bool = false) throws -> Told {
        var source = Source(name: "s", layout: layout)
        if hasCluster {
            source.cluster = SourceCluster(dataDirectory: data) {
                false
            } parameters: { () throws(Problem) in
                throw Problem(.serverIsNotReady, "it does not run")
            }
        }
        let reader = SourceReader(source, clock: StandingClock(), cancellation: CancellationFlag())
        let tail = scratch.file("tail")
        defer { try? DurableFiles.removeTree(tail) }
        let held = try reader.held(for: .latest, tailDirectory: tail)
        let window = reader.window()
        return Told(
            segments: held.inventory.segments, damaged: held.inventory.damaged,
            backups: held.inventory.backups, latest: held.inventory.latest,
            places: held.wal.locations.mapValues { location in
                switch location {
                case .archived(let segment): "archived \(segment.path)"
                case .part(let segment, let limit): "up to \(limit) of \(segment.path)"
                case .file(let path): path
                }
            }, window: [window.earliest, window.latest])
    }

    private func expectSame(_ sourceLocation: SourceLocation = #_sourceLocation) throws {
        for hasCluster in [false, true, true] {
            #expect(
                try told(remembered, hasCluster: hasCluster) == told(plain, hasCluster: hasCluster),
                sourceLocation: sourceLocation)
        }
        try FileClock.awaitTick(in: scratch)
    }

    private func path(_ place: Int) -> String { plain.path(of: .segment(segments[place].name)) }

    @Test func `what is archived, backed up, damaged, mended, taken away and deleted is told at once`() throws
    {
        try backUp("a", at: 0)
        for place in 0..<3 { try push(place) }
        try expectSame()
        try push(3)
        try expectSame()
        try backUp("b", at: 2)
        try expectSame()

        let whole = try DurableFiles.read(path(3))
        try OpenFile(updating: path(3)).write([whole[20] ^ 0x41], at: 20)
        #expect(try told(remembered).damaged.map(\.name) == [segments[3].name])
        try expectSame()
        try OpenFile(updating: path(3)).write([whole[20]], at: 20)
        #expect(try told(remembered).damaged.isEmpty)
        try expectSame()

        try DurableFiles.rename(path(1), to: scratch.file("quarantined"))
        #expect(try told(remembered).segments.count == 3)
        try expectSame()
        try DurableFiles.rename(scratch.file("quarantined"), to: path(1))
        try expectSame()

        let check = BackupCheck(
            time: PostgresTimestamp(microseconds: 0), outcome: .damagedFiles, finding: nil, files: 1,
            bytes: 1,
            segments: 1)
        let newest = try #require(try BackupRepository(layout: plain).find("b"))
        try BackupChecks(layout: plain).note(check, of: newest)
        #expect(try told(remembered).backups.last?.damage != nil)
        try expectSame()
        try DurableFiles.makeDirectories(BackupFiles.prepared(plain.backup("a")))
        try DurableFiles.write([], to: BackupFiles.prepared(plain.backup("a")) + "/0000002A", durable: false)
        #expect(try told(remembered).backups.first?.preparedAtStart == [TransactionID(42)])
        try expectSame()
        try BackupRepository(layout: plain).delete("b")
        #expect(try told(remembered).backups.count == 1)
        try expectSame()
    }

    /// Files of the same names and sizes.
    @Test func `a repository that lies where another one was is told as it is`() throws {
        try backUp("a", at: 0)
        for place in 0..<3 { try push(place) }
        try expectSame()
        let before = try told(remembered)
        let (root, away) = (plain.root, scratch.file("away"))
        try DurableFiles.rename(root, to: away)
        #expect(throws: Problem.self) { try told(remembered) }
        let other = Self.craft(at: 300)
        try plain.create(
            RepositoryIdentity(
                serverID: "other", systemIdentifier: other.systemIdentifier, postgresMajor: 15,
                segmentSize: WALCraft.smallSegment))
        try backUp("a", at: 0)
        for segment in other.segments.prefix(3) { try push(segment.bytes, segment.name) }
        try expectSame()
        #expect(try told(remembered).latest == PostgresTimestamp(microseconds: 300))
        try DurableFiles.removeTree(root)
        try DurableFiles.rename(away, to: root)
        try expectSame()
        #expect(try told(remembered) == before)
    }

    /// A segment of a timeline that is not known lies behind: then all is chosen anew, and is the same.
    @Test(arguments: [nil, 1_000, 600_000])
    func `WAL that is not archived is joined to what is, with the records that go on in it`(
        _ damage: Int?
    ) throws {
        try backUp("a", at: 0)
        for place in 0..<2 { try push(place) }
        for place in 2..<segments.count {
            var bytes = segments[place].bytes
            if let damage, place == 2 { bytes[damage] ^= 1 }
            try DurableFiles.write(
                bytes, to: data + "/pg_wal/" + segments[place].name.fileName, durable: false)
        }
        let joined = try told(remembered, hasCluster: true)
        #expect(joined.places.values.contains { $0.hasPrefix(scratch.file("tail")) })
        #expect(joined.damaged.isEmpty == (damage == nil))
        var stray = WALCraft.small(number: 1000, timeline: 9)
        stray.commit(9, at: PostgresTimestamp(microseconds: 1))
        stray.switchSegment()
        try push(stray.segments[0].bytes, stray.segments[0].name)
        #expect(try told(remembered, hasCluster: true) == joined)
        try expectSame()
    }
}

private struct StandingClock: WallClock {
    func now() -> PostgresTimestamp { PostgresTimestamp(microseconds: 1_000) }
}
