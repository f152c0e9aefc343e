import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import TestValues

/// What several threads count in an archive is what one counts, whatever is in it.
@Suite(.enabled(if: RecordedWAL.isAvailable), .serialized)
struct ArchiveStatisticsTests {
    private static let script = """
        CREATE TABLE t (x int, y text);
        INSERT INTO t SELECT g, repeat(md5(g::text), 16) FROM generate_series(1, 12000) g;
        DELETE FROM t WHERE x < 700;
        """

    /// In pieces of so many segments, and record by record.
    private static func bothWays(
        _ archive: WALArchive, _ selection: WALSelection, pieceLength: UInt64
    ) throws -> (pieces: (WALStatistics, ReadingEnd?), whole: (WALStatistics, ReadingEnd?)) {
        var whole = WALStatistics()
        let end = try archive.records(selection) { record in
            whole.add(record)
            return true
        }
        return (
            try archive.statistics(
                selection, beyond: { (_) throws(Problem) in nil }, pieceLength: pieceLength), (whole, end)
        )
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `pieces of an archive add up to the whole`(length: UInt64) throws {
        let load = try ArchivedWorkload(Self.script)
        let first = try #require(load.segments.first).name
        let last = try #require(load.segments.last).name
        #expect(load.segments.count > 6)
        let middle = LSN((first.start.rawValue + last.start.rawValue) / 2)
        for range in [
            first.start..<last.end, middle..<last.end, first.start..<middle, middle..<LSN.max,
            LSN(middle.rawValue - 5000)..<LSN(middle.rawValue + 5000),
        ] {
            let (pieces, whole) = try Self.bothWays(
                load.archive, .range(first.timeline, range), pieceLength: length)
            #expect(pieces.0 == whole.0 && pieces.1 == whole.1, "\(range)")
            #expect(whole.0.total.count > 5)
        }
    }

    @Test func `the WAL ends at the same place for several threads as for one`() throws {
        let load = try ArchivedWorkload(Self.script)
        let first = try #require(load.segments.first).name
        let all = WALSelection.range(first.timeline, first.start..<LSN.max)
        let path = load.layout.root + ".changed"
        defer { _ = try? DurableFiles.removeFile(path) }
        var random = SeededRandom()
        var ended = 0
        for number in 0..<60 {
            let place = Int.random(in: 0..<load.segments.count, using: &random)
            let (name, intact) = load.segments[place]
            var bytes = intact
            switch number % 3 {
            case 0: bytes[Int.random(in: 40..<bytes.count, using: &random)] ^= 0x10
            case 1:
                let page = Int.random(in: 1..<bytes.count / 8192, using: &random) * 8192
                bytes[page + Int.random(in: 0..<24, using: &random)] ^= 0x01
            // As if another record went on in it.
            default: bytes.replaceSubrange(16..<20, with: [1, 2, 3, 4])
            }
            try load.archive.remove([.segment(name)])
            if number % 5 != 0 {
                try DurableFiles.write(bytes, to: path, durable: false)
                _ = try load.archive.push(path: path, name: name.fileName)
            }
            if load.archive.contains(.segment(first)) {
                let length = UInt64.random(in: 1...3, using: &random)
                let (pieces, whole) = try Self.bothWays(load.archive, all, pieceLength: length)
                #expect(pieces.0 == whole.0 && pieces.1 == whole.1, "seed \(random.seed), number \(number)")
                if let end = whole.1, end.position < load.segments[load.segments.count - 1].name.end {
                    ended += 1
                }
            }
            try load.archive.remove([.segment(name)])
            try DurableFiles.write(intact, to: path, durable: false)
            _ = try load.archive.push(path: path, name: name.fileName)
        }
        #expect(ended > 30)
    }

    @Test func `damage is a failure only where the WAL does not end before`() throws {
        let load = try ArchivedWorkload(Self.script)
        let first = try #require(load.segments.first).name
        let all = WALSelection.range(first.timeline, first.start..<LSN.max)
        let damaged = load.segments[5].name
        let stored = load.layout.path(of: .segment(damaged))
        let size = try #require(DurableFiles.status(stored)).size
        let file = try OpenFile(updating: stored)
        try file.write([0xAA, 0x55, 0xAA, 0x55], at: size / 2)
        let failure = #expect(throws: Problem.self) {
            try load.archive.statistics(all, beyond: { (_) throws(Problem) in nil }, pieceLength: 2)
        }
        #expect(failure?.code == .walDamaged)
        try load.archive.remove([.segment(load.segments[3].name)])
        let (_, end) = try load.archive.statistics(
            all, beyond: { (_) throws(Problem) in nil }, pieceLength: 2)
        guard case .segmentMissing(let name, _)? = end else {
            Issue.record("\(String(describing: end))")
            return
        }
        #expect(name == load.segments[3].name)
    }
}
