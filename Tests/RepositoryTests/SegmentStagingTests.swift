import Planning
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

        /// Stores a segment as it is packed.
        func keep(_ segment: (name: SegmentName, bytes: [UInt8]), as frame: [UInt8]) throws {
            let packed = try #require(try frame.withUnsafeBytes { try staging.keep($0) })
            let (copy, start) = try packed.open()
            #expect(try copy.size() == start + UInt64(frame.count))
            let staged = try segment.bytes.withUnsafeBytes { bytes in
                try staging.store(bytes, staging.read(bytes, of: segment.name), encoder, packed: packed)
            }
            try WALArchive(layout: layout).publish(staged, as: .segment(segment.name))
            let stored = try DurableFiles.read(layout.path(of: .segment(segment.name)))
            #expect(stored.dropFirst(Int(start)) == frame[...])
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
        _ bytes: [UInt8], isTold: Bool, _ scratch: ScratchDirectory, _ options: String = ""
    ) throws -> [UInt8] {
        try DurableFiles.write(bytes, to: scratch.file("segment"), durable: false)
        let input = isTold ? scratch.file("segment") : "< \(scratch.file("segment"))"
        let steps = "zstd -q -f -3 \(options) -c \(input) > \(scratch.file("packed"))"
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
            try target.keep(segment, as: try Self.pack(segment.bytes, isTold: isTold, scratch))
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

    @Test(.timeLimit(.minutes(2)), arguments: [true, false])
    func `a flipped bit is never taken for the end of a segment that has no checksum`(
        isTold: Bool
    ) throws {
        let load = try ArchivedWorkload(Self.script)
        let scratch = try ScratchDirectory("staging")
        let target = try Target(scratch, of: load)
        let archive = WALArchive(layout: target.layout)
        for segment in load.segments {
            try target.keep(segment, as: Self.pack(segment.bytes, isTold: isTold, scratch, "--no-check"))
        }
        let (name, bytes) = load.segments[1]
        let archived = try #require(try archive.segment(name))
        let path = target.layout.path(of: .segment(name))
        let good = try DurableFiles.read(path)
        /// Nil where all is read as if nothing were wrong.
        func damage(_ read: () throws -> Void) throws -> String? {
            do {
                try read()
                return nil
            } catch let problem as Problem {
                #expect(problem.code == .walDamaged)
                return problem.detail ?? ""
            }
        }
        var unseenByZstd = 0
        for place in stride(from: 1024 + 20, to: good.count, by: good.count / 60) {
            var flipped = good
            flipped[place] ^= 0x10
            try DurableFiles.write(flipped, to: path, durable: false)
            var content: [UInt8] = []
            let whole = try damage {
                try archive.withSegmentPages(archived) { (pages) throws(Problem) in
                    content.append(contentsOf: pages)
                    return true
                }
            }
            // What is repeated may be taken from another place.
            guard let whole else {
                #expect(content == bytes)
                continue
            }
            if whole.contains("it unpacks to") { unseenByZstd += 1 }
            // Whoever stops with the first piece, and whoever stops with the record that is damaged.
            #expect(
                try damage { try archive.withSegmentPages(archived) { (_) throws(Problem) in false } } != nil)
            #expect(
                try damage { _ = try archive.records(.segment(name)) { (_) throws(Problem) in true } } != nil)
            #expect(
                try damage { _ = try WALFile.records(path: path) { (_) throws(Problem) in true } } != nil)
            guard unseenByZstd < 3 else { continue }
            let report = try archive.report(workers: 1)
            #expect(report.segments.filter { $0.damage != nil }.map(\.name) == [name], "\(place)")
        }
        #expect(unseenByZstd > 5)
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
