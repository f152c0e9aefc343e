import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

/// What the check of a whole archive finds where one thing is wrong; the WAL is made by hand.
struct ArchiveReportTests {
    private static let size = WALCraft.smallSegment
    private static let timeline = TimelineID(1)

    /// Segments 3 to 13, with a record across each border.
    private static func craft() -> WALCraft {
        var craft = WALCraft.small()
        for number in 0..<10 {
            craft.fill(leaving: 504, ofSegment: true)
            craft.record(.logicalMessage, info: 0, mainData: [UInt8](repeating: UInt8(number), count: 4000))
        }
        craft.commit(9, at: PostgresTimestamp(microseconds: 1))
        return craft
    }

    /// An archive with these segments, each as it is pushed.
    private final class Made {
        let scratch: ScratchDirectory
        let layout: RepositoryLayout

        init(_ craft: WALCraft, changing: (SegmentName, inout [UInt8]) -> Bool = { _, _ in true }) throws {
            scratch = try ScratchDirectory("report")
            layout = RepositoryLayout(root: scratch.file("repository"))
            try layout.create(Self.identity(craft.systemIdentifier))
            for (name, bytes) in craft.segments {
                var bytes = bytes
                if changing(name, &bytes) { try push(name.fileName, bytes) }
            }
        }

        static func identity(_ system: UInt64) -> RepositoryIdentity {
            RepositoryIdentity(
                serverID: "s", systemIdentifier: system, postgresMajor: 15, segmentSize: size)
        }

        func push(_ name: String, _ bytes: [UInt8]) throws {
            try DurableFiles.write(bytes, to: scratch.file("pushed"), durable: false)
            _ = try WALArchive(layout: layout).push(path: scratch.file("pushed"), name: name)
        }

        func report(workers: Int = 2) throws -> ArchiveReport {
            try WALArchive(layout: layout).report(workers: workers)
        }

        /// Damages by the segments' numbers.
        func damages() throws -> [UInt64: String] {
            let report = try report()
            let damaged = report.segments.filter { $0.damage != nil }
            #expect(report.isSound == damaged.isEmpty)
            return Dictionary(uniqueKeysWithValues: damaged.map { ($0.name.number, $0.damage ?? "") })
        }
    }

    @Test(arguments: [1, 2, 3])
    func `a whole archive is sound, and every record is counted once`(_ workers: Int) throws {
        let craft = Self.craft()
        let report = try Made(craft).report(workers: workers)
        #expect(report.isSound && report.gaps.isEmpty && report.strangers.isEmpty)
        #expect(report.segments.map(\.name) == craft.segments.map(\.name) && report.segments.count == 11)
        #expect(report.segments.reduce(0) { $0 + $1.records } == UInt64(craft.records.count))
        #expect(report.segments.allSatisfy { $0.version == .v15 && $0.rawBytes == Self.size.bytes })
        // Its WAL may end there, and nowhere else.
        #expect(report.segments.filter { $0.end != nil }.map(\.name.number) == [13])
        #expect(report.timelines.map(\.segments) == [11])
    }

    @Test func `segments that are missing between others are gaps`() throws {
        let report = try Made(Self.craft()) { name, _ in ![5, 6, 9].contains(name.number) }.report()
        #expect(report.gaps.map { [$0.first.number, $0.last.number, $0.count] } == [[5, 6, 2], [9, 9, 1]])
        #expect(!report.isSound)
    }

    @Test func `another cluster's WAL is damage everywhere`() throws {
        let made = try Made(Self.craft())
        let other = RepositoryLayout(root: made.scratch.file("other"))
        try other.create(Made.identity(5))
        try DurableFiles.write(try DurableFiles.read(other.identityFile), to: made.layout.identityFile)
        let damages = try made.damages()
        #expect(damages.count == 11)
        #expect(damages.values.allSatisfy { $0.hasPrefix("it belongs to another cluster, system 7") })
    }

    @Test func `a file that changed in the archive is damage, and of that file alone`() throws {
        let made = try Made(Self.craft())
        let path = made.layout.path(
            of: .segment(SegmentName(timeline: Self.timeline, number: 7, size: Self.size)))
        let size = try #require(DurableFiles.status(path)).size
        try OpenFile(updating: path).write([0xAA, 0x55, 0xAA, 0x55], at: size / 2)
        #expect(try made.damages().keys.sorted() == [7])
    }

    @Test(arguments: [6, 11] as [UInt64])
    func `the rest of a record is checked, also where another thread reads it`(_ number: UInt64) throws {
        let made = try Made(Self.craft()) { name, bytes in
            if name.number == number { bytes[100] ^= 0x10 }
            return true
        }
        // Eight segments are read in one go: in the middle of those the WAL ends in the segment itself.
        let damages = try made.damages()
        #expect(damages.keys.sorted() == [number == 11 ? 10 : 6], "\(damages)")
        let words = number == 11 ? " and goes on in 00000001000000000000000B: " : "its WAL ends at "
        #expect(damages.values.allSatisfy { $0.contains(words) }, "\(damages)")
        #expect(damages.values.allSatisfy { $0.hasSuffix("a record's checksum is wrong") }, "\(damages)")
    }

    @Test func `WAL that ends before the last segment is damage, a torn end is so in the last one`() throws {
        let early = try Made(Self.craft()) { name, bytes in
            if name.number == 6 {
                bytes.replaceSubrange(81_920..., with: [UInt8](repeating: 0, count: bytes.count - 81_920))
            }
            return true
        }
        let damages = try early.damages()
        #expect(damages.keys.sorted() == [6] && damages[6]?.hasPrefix("its WAL ends at 0/614") == true)
        let craft = Self.craft()
        let last = try #require(craft.records.last)
        let torn = try Made(craft) { name, bytes in
            if name.number == 13 { bytes[Int(last.start.distance(from: name.start)) + 26] ^= 0x10 }
            return true
        }
        let end = try torn.damages()
        #expect(end.keys.sorted() == [13] && end[13]?.hasSuffix("checksum is wrong") == true, "\(end)")
    }

    @Test func `a timeline needs its history, and files that do not belong there are named`() throws {
        let made = try Made(Self.craft())
        var later = WALCraft.small(number: 20, timeline: 2)
        later.commit(9, at: PostgresTimestamp(microseconds: 1))
        for (name, bytes) in later.segments { try made.push(name.fileName, bytes) }
        let without = try made.report()
        #expect(!without.isSound && without.segments.allSatisfy { $0.damage == nil })
        #expect(without.timelines.map(\.damage) == [nil, "its history file is missing"])
        try made.push("00000002.history", Array("1\t0/D00100\tbefore\n".utf8))
        try DurableFiles.write(Array("words".utf8), to: made.layout.wal + "/00000001/notes.txt")
        let with = try made.report()
        #expect(with.isSound)
        #expect(with.timelines.last?.parent?.end == LSN(0xD0_0100))
        #expect(with.strangers.count == 1 && with.strangers.first?.hasSuffix("notes.txt") == true)
    }
}
