import Platform
import Planning
import PostgresFormat
import TestKit
import Testing
import WALEvents

@testable import Repository

/// What a process that stays tells of a repository is what is there, whatever it has read of it before.
@Suite(.timeLimit(.minutes(5)))
struct RepositoryMemoryTests {
    private let scratch: ScratchDirectory
    /// As if every file had been changed long ago; each is looked at each time.
    private let layout: RepositoryLayout

    init() throws {
        scratch = try ScratchDirectory("memory")
        layout = RepositoryLayout(root: scratch.file("r"), memory: RepositoryMemory(tick: -10, patience: 0))
        try layout.create(RepositoryIdentity(serverID: "r", systemIdentifier: 1, postgresMajor: 15))
    }

    private var repository: BackupRepository { BackupRepository(layout: layout) }

    private func descriptor(_ name: String, _ label: String) -> BackupDescriptor {
        let time = PostgresTimestamp(microseconds: 0)
        return BackupDescriptor(
            name: name, source: .automatic, label: label, timeline: TimelineID(1), startLSN: LSN(16 << 20),
            stopLSN: LSN(17 << 20), checkpointLSN: LSN(16 << 20), startTime: time, stopTime: time,
            storage: .plain, totalBytes: 1, storedBytes: 1, fileCount: 1, systemIdentifier: 1,
            postgresVersion: 150_000, segmentSize: .standard,
            settings: WALParameters(
                maxConnections: 100, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 0,
                maxLocksPerTransaction: 64, walLevel: .replica), manifestCRC32C: 7, directories: [])
    }

    private func write(_ name: String, _ label: String) throws {
        try DurableFiles.makeDirectories(layout.backup(name))
        try DurableFiles.write(
            descriptor(name, label).encoded, to: BackupFiles.descriptor(layout.backup(name)), durable: false)
    }

    private var labels: [String?] {
        get throws { try repository.list().map { $0.descriptor?.label } }
    }

    @Test func `a backup that was changed, damaged, deleted or came is told as it is`() throws {
        try write("a", "one")
        try write("b", "two")
        #expect(try labels == ["one", "two"])
        try write("b", "six")
        #expect(try labels == ["one", "six"])

        // In place, and as large as it was.
        let path = BackupFiles.descriptor(layout.backup("b"))
        try FileClock.awaitTick(in: scratch)
        let size = try DurableFiles.read(path).count
        try OpenFile(updating: path).write([0x20, 0x20], at: UInt64(size / 2))
        #expect(try labels == ["one", nil])
        #expect(throws: Problem.self) { try repository.find("b") }
        try DurableFiles.removeFile(path)
        #expect(try labels == ["one", nil])

        try write("b", "two")
        #expect(try labels == ["one", "two"])
        try repository.delete("a")
        #expect(try labels == ["two"])
        try write("c", "new")
        #expect(try labels == ["two", "new"])
        try DurableFiles.rename(layout.backup("c"), to: layout.backup("c.deleting"))
        #expect(try labels == ["two"])
        // A folder under another's name.
        try DurableFiles.rename(layout.backup("b"), to: layout.backup("d"))
        #expect(try labels == [nil])
    }

    @Test func `the note of a check is the last one, and of this very backup`() throws {
        try write("a", "one")
        let checks = BackupChecks(layout: layout)
        let backup = descriptor("a", "one")
        func outcome() throws -> BackupCheck.Outcome? { try repository.list().first?.lastCheck?.outcome }
        #expect(try outcome() == nil)
        var check = BackupCheck(
            time: PostgresTimestamp(microseconds: 0), outcome: .sound, finding: nil, files: 1, bytes: 1,
            segments: 1)
        try checks.note(check, of: backup)
        #expect(try outcome() == .sound)
        check.outcome = .damagedFiles
        try checks.note(check, of: backup)
        #expect(try outcome() == .damagedFiles)
        var other = backup
        other.manifestCRC32C = 8
        #expect(checks.last(of: other) == nil)
        try checks.forget("a")
        #expect(try outcome() == nil)
    }
}

/// Segments, their indexes, and the folder they are in.
@Suite(.timeLimit(.minutes(5)))
struct ArchiveMemoryTests {
    private let scratch: ScratchDirectory
    private let archive: WALArchive
    private let segments: [(name: SegmentName, bytes: [UInt8])]

    init() throws {
        scratch = try ScratchDirectory("memory")
        var craft = WALCraft.small()
        for number in 0..<3 {
            craft.commit(UInt32(9 + number), at: PostgresTimestamp(microseconds: 1))
            craft.switchSegment()
        }
        segments = craft.segments
        archive = WALArchive(
            layout: RepositoryLayout(
                root: scratch.file("r"), memory: RepositoryMemory(tick: -10, patience: 0)))
        try archive.layout.create(
            RepositoryIdentity(
                serverID: "r", systemIdentifier: craft.systemIdentifier, postgresMajor: 15,
                segmentSize: WALCraft.smallSegment))
        try push(0)
        try push(1)
    }

    private func push(_ place: Int) throws {
        let path = scratch.file("source")
        try DurableFiles.write(segments[place].bytes, to: path, durable: false)
        _ = try archive.push(path: path, name: segments[place].name.fileName)
    }

    private func segment(_ place: Int) throws -> ArchivedSegment {
        try #require(try archive.segments().first { $0.name == segments[place].name })
    }

    /// Until the file system gives another time.
    private func awaitTick() throws { try FileClock.awaitTick(in: scratch) }

    @Test(arguments: [IndexExtent.summary, .detail])
    func `an index that was damaged or removed is never told from memory`(_ extent: IndexExtent) throws {
        let segment = try segment(1)
        func index() throws -> StoredIndex {
            try archive.storedIndex(of: segment, after: nil, extent: extent)
        }
        let told = try #require(try index().index)
        #expect(try index().index == told)
        #expect((told.detail != nil) == (extent == .detail))

        let path = archive.layout.indexPath(of: segment.name)
        let whole = try DurableFiles.read(path)
        try awaitTick()
        try OpenFile(updating: path).write([whole[130] ^ 0x41], at: 130)
        guard case .damaged = try index() else { throw Problem(.system, "a damaged index is believed") }
        try DurableFiles.write(whole, to: path, durable: false)
        #expect(try index().index == told)
        // That of another segment, in its place.
        try DurableFiles.write(
            DurableFiles.read(archive.layout.indexPath(of: segments[0].name)), to: path, durable: false)
        guard case .stale = try index() else { throw Problem(.system, "another index is believed") }
        try DurableFiles.removeFile(path)
        guard case .missing = try index() else { throw Problem(.system, "an index that is gone is told") }
    }

    @Test func `a segment that came, was damaged or was removed is told as it is`() throws {
        #expect(try archive.names().count == 2)
        #expect(try segment(1).damage == nil)
        try awaitTick()
        try push(2)
        #expect(try archive.names().count == 3)
        #expect(try segment(2).summary?.commits == 1)

        let path = try segment(1).path
        try awaitTick()
        try OpenFile(updating: path).write([DurableFiles.read(path)[20] ^ 0x41], at: 20)
        #expect(try segment(1).damage != nil)
        try archive.remove([.segment(segments[1].name)])
        #expect(try archive.segments().map(\.name) == [segments[0].name, segments[2].name])
        #expect(try archive.segment(segments[1].name) == nil)
    }

    @Test func `what a repository takes on the disk follows what comes and goes`() throws {
        let layout = archive.layout
        let plain = RepositoryLayout(root: layout.root)
        func areEqual() -> Bool {
            layout.walBytes == plain.walBytes && layout.backupBytes == plain.backupBytes
        }
        #expect(areEqual() && layout.walBytes > 0)
        try awaitTick()
        try push(2)
        #expect(areEqual())
        for name in ["a", "b", "c.incomplete"] {
            try DurableFiles.makeDirectories(layout.backup(name) + "/data")
            try DurableFiles.write([1], to: layout.backup(name) + "/data/file", durable: false)
        }
        #expect(areEqual())
        try awaitTick()
        try DurableFiles.write([2], to: layout.backup("c.incomplete") + "/data/other", durable: false)
        try DurableFiles.removeTree(layout.backup("a"))
        #expect(areEqual())
    }

    /// However long ago the files in it were looked at.
    @Test func `what comes, goes and takes another's place in a folder is told at once`() throws {
        let layout = RepositoryLayout(
            root: archive.layout.root, memory: RepositoryMemory(tick: -10, patience: 1e9))
        let archive = WALArchive(layout: layout)
        func told() throws -> [(SegmentName, Bool)] {
            let told = try archive.segments().map { ($0.name, $0.damage == nil) }
            #expect(try archive.names().count == told.count)
            return told
        }
        func expect(_ wanted: [(Int, Bool)], _ location: SourceLocation = #_sourceLocation) throws {
            for _ in 0..<2 {
                let told = try told()
                #expect(told.map(\.0) == wanted.map { segments[$0.0].name }, sourceLocation: location)
                #expect(told.map(\.1) == wanted.map(\.1), sourceLocation: location)
            }
            try awaitTick()
        }
        try expect([(0, true), (1, true)])
        try push(2)
        try expect([(0, true), (1, true), (2, true)])
        let path = layout.path(of: .segment(segments[1].name))
        let whole = try DurableFiles.read(path)
        try DurableFiles.write([1, 2, 3], to: path, durable: false)
        try expect([(0, true), (1, false), (2, true)])
        try DurableFiles.write(whole, to: path, durable: false)
        try expect([(0, true), (1, true), (2, true)])
        try archive.remove([.segment(segments[0].name)])
        try expect([(1, true), (2, true)])
        let folder = layout.timeline(TimelineID(1))
        try DurableFiles.rename(folder, to: scratch.file("away"))
        try expect([])
        try DurableFiles.rename(scratch.file("away"), to: folder)
        try expect([(1, true), (2, true)])
    }

    @Test func `an archive is one value while it holds the same, also when an index is made anew`() throws {
        let first = try archive.listing()
        var concluded = 0
        func conclude(_ key: Int) throws -> Int {
            try archive.listing().conclusion("number", for: key) {
                concluded += 1
                return key
            }
        }
        #expect(try conclude(1) == 1 && conclude(1) == 1)
        #expect(concluded == 1)
        try awaitTick()
        try archive.rebuildIndex(of: segment(1), after: segment(0))
        #expect(try archive.listing() === first)
        #expect(try conclude(1) == 1 && concluded == 1)
        #expect(try conclude(2) == 2 && concluded == 2)
        try awaitTick()
        try push(2)
        #expect(try archive.listing() !== first)
        #expect(try conclude(2) == 2 && concluded == 3)
    }

    /// As many as a busy server makes in weeks; what takes more than half of the memory may have all of it.
    @Test func `an archive of sixteen thousand segments is one value, and told as it is`() throws {
        let size = WALCraft.smallSegment
        let layout = RepositoryLayout(
            root: archive.layout.root, memory: RepositoryMemory(tick: -10, patience: 1e9))
        let archive = WALArchive(layout: layout)
        var frame: [UInt8] = []
        func write(_ number: UInt64) throws {
            let name = SegmentName(timeline: TimelineID(1), number: number, size: size)
            let summary = SegmentSummary(segment: name, rawBytes: size.bytes, rawCRC32C: 1)
            frame = try #require(SummaryFrame.encode(summary, name: .segment(name)))
            try DurableFiles.write(frame, to: layout.path(of: .segment(name)), durable: false)
        }
        let own = try archive.segments().count
        for number in 0..<16_000 { try write(UInt64(100_000 + number)) }
        try awaitTick()
        let listing = try archive.listing()
        #expect(listing.segments.count == own + 16_000)
        #expect(try archive.listing() === listing)
        try write(200_000)
        try awaitTick()
        #expect(try archive.segments().count == own + 16_001)
        try archive.remove([.segment(SegmentName(timeline: TimelineID(1), number: 100_007, size: size))])
        #expect(try archive.segments().count == own + 16_000)
        let damaged = SegmentName(timeline: TimelineID(1), number: 115_000, size: size)
        let path = layout.path(of: .segment(damaged))
        try DurableFiles.write([1], to: path, durable: false)
        #expect(try archive.segments().filter { $0.damage != nil }.map(\.path) == [path])
    }
}
