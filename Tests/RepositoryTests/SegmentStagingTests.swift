import Platform
import PostgresFormat
import TestKit
import Testing

@testable import Repository

/// What is stored before it has a name is in the end what a push stores.
@Suite(.enabled(if: RecordedWAL.isAvailable), .serialized)
struct SegmentStagingTests {
    /// A segment in which catalogs move, transactions that cross segments, and long records.
    private static let script = """
        CREATE TABLE t (x int, y text);
        BEGIN; INSERT INTO t SELECT g, repeat('x', 500) FROM generate_series(1, 6000) g; COMMIT;
        VACUUM FULL pg_class; VACUUM FULL pg_attribute;
        CREATE TABLE u AS SELECT * FROM t; DELETE FROM t WHERE x < 700; DROP TABLE u;
        """

    private struct Target {
        let layout: RepositoryLayout
        let staging: SegmentStaging
        let encoder: FrameEncoder

        init(_ scratch: ScratchDirectory, of load: ArchivedWorkload) throws {
            layout = RepositoryLayout(root: scratch.file("repository"))
            try layout.create(try load.layout.identity())
            staging = try SegmentStaging(layout.backups + "/scratch", of: layout)
            encoder = try staging.encoder()
        }

        func stage(_ segment: (name: SegmentName, bytes: [UInt8])) throws -> StagedSegment {
            try segment.bytes.withUnsafeBytes { bytes in
                try staging.store(bytes, staging.read(bytes, of: segment.name), encoder)
            }
        }
    }

    /// - Parameter order: in which segments are staged; of each the one that was staged last counts.
    private static func compare(
        _ load: ArchivedWorkload, staged order: [Int], partial: Bool = false
    ) throws {
        let scratch = try ScratchDirectory("staging")
        let target = try Target(scratch, of: load)
        var staged: [Int: StagedSegment] = [:]
        for place in order { staged[place] = try target.stage(load.segments[place]) }
        let archive = WALArchive(layout: target.layout)
        for (place, segment) in load.segments.enumerated() {
            let isPartial = partial && place == load.segments.count - 1
            try archive.publish(
                #require(staged[place]), as: isPartial ? .partial(segment.name) : .segment(segment.name))
        }
        for (place, segment) in load.segments.enumerated() {
            let isPartial = partial && place == load.segments.count - 1
            let index = target.layout.indexPath(of: segment.name)
            if isPartial {
                #expect(try archive.segment(segment.name, isPartial: true)?.summary != nil)
                #expect(!DurableFiles.exists(index))
                continue
            }
            let name = ArchivedFileName.segment(segment.name)
            #expect(
                try DurableFiles.read(target.layout.path(of: name))
                    == DurableFiles.read(load.layout.path(of: name)), "\(order): \(segment.name)")
            #expect(
                try DurableFiles.read(index) == DurableFiles.read(load.layout.indexPath(of: segment.name)),
                "\(order): index of \(segment.name)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `what is staged in any order and then named is what pushes store`() throws {
        let load = try ArchivedWorkload(Self.script)
        let all = Array(load.segments.indices)
        #expect(all.count > 5)
        try Self.compare(load, staged: all)
        try Self.compare(load, staged: all, partial: true)
        // A copy from elsewhere that is looked at first; everything in the wrong order.
        try Self.compare(load, staged: [2] + all)
        try Self.compare(load, staged: all.reversed())
        try Self.compare(load, staged: all + [0])
    }

    /// - Parameter isTold: whether the frame says how long its content is.
    private static func pack(
        _ bytes: [UInt8], isTold: Bool, _ scratch: ScratchDirectory
    ) throws -> [UInt8] {
        try DurableFiles.write(bytes, to: scratch.file("segment"), durable: false)
        let input = isTold ? scratch.file("segment") : "< \(scratch.file("segment"))"
        let steps = "zstd -q -f -3 -c \(input) > \(scratch.file("packed"))"
        try SystemCommands().runChecked(Command("bash", ["-c", steps], timeoutSeconds: 60))
        return try DurableFiles.read(scratch.file("packed"))
    }

    @Test(.timeLimit(.minutes(2)), arguments: [true, false])
    func `a segment that is kept as it was packed is any other to its readers`(isTold: Bool) throws {
        let load = try ArchivedWorkload(Self.script)
        let scratch = try ScratchDirectory("staging")
        let target = try Target(scratch, of: load)
        let archive = WALArchive(layout: target.layout)
        for segment in load.segments {
            let frame = try Self.pack(segment.bytes, isTold: isTold, scratch)
            let packed = try #require(try frame.withUnsafeBytes { try target.staging.keep($0) })
            let (copy, start) = try packed.open()
            #expect(try copy.size() == start + UInt64(frame.count))
            let staged = try segment.bytes.withUnsafeBytes { bytes in
                try target.staging.store(
                    bytes, target.staging.read(bytes, of: segment.name), target.encoder, packed: packed)
            }
            try archive.publish(staged, as: .segment(segment.name))
            let stored = try DurableFiles.read(target.layout.path(of: .segment(segment.name)))
            #expect(stored.dropFirst(Int(start)) == frame[...])
        }
        for segment in load.segments {
            let name = ArchivedFileName.segment(segment.name)
            #expect(try archive.verify(name) == nil)
            let copy = scratch.file(segment.name.fileName)
            try archive.extract(name, to: copy)
            #expect(try DurableFiles.read(copy) == segment.bytes)
            let index = target.layout.indexPath(of: segment.name)
            #expect(
                try DurableFiles.read(index) == DurableFiles.read(load.layout.indexPath(of: segment.name)),
                "index of \(segment.name)")
        }
        let damaged = target.layout.path(of: .segment(load.segments[1].name))
        let size = try OpenFile(reading: damaged).size()
        for place in stride(from: UInt64(1024), to: size, by: Int(size) / 40) {
            var bytes = try DurableFiles.read(damaged)
            let good = bytes
            bytes[Int(place)] ^= 0xFF
            try OpenFile(updating: damaged).write(bytes, at: 0)
            #expect(try archive.verify(.segment(load.segments[1].name)) != nil, "\(place)")
            try OpenFile(updating: damaged).write(good, at: 0)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a name that is taken, or is that of another segment or server, is refused`() throws {
        let load = try ArchivedWorkload("CREATE TABLE t (x int)")
        let scratch = try ScratchDirectory("staging")
        let target = try Target(scratch, of: load)
        let archive = WALArchive(layout: target.layout)
        let first = load.segments[0]
        try archive.publish(try target.stage(first), as: .segment(first.name))
        #expect(throws: Problem.self) {
            try archive.publish(try target.stage(first), as: .segment(first.name))
        }
        #expect(throws: Problem.self) {
            try archive.publish(try target.stage(first), as: .segment(first.name.next))
        }
        let own = try load.layout.identity()
        let elsewhere = RepositoryLayout(root: scratch.file("elsewhere"))
        try elsewhere.create(
            RepositoryIdentity(
                serverID: "t", systemIdentifier: own.systemIdentifier + 1, postgresMajor: own.postgresMajor,
                segmentSize: own.segmentSize))
        #expect(throws: Problem.self) {
            try WALArchive(layout: elsewhere).publish(try target.stage(first), as: .segment(first.name))
        }
        #expect(try WALArchive(layout: elsewhere).segments().isEmpty)
    }
}
