import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import WALEvents

/// An index is believed only when it is whole and of the very segment that is stored.
@Suite(.enabled(if: RecordedWAL.isAvailable), .serialized)
struct StoredIndexTests {
    private static let script = """
        CREATE TABLE t (x int, y text);
        INSERT INTO t SELECT g, repeat('x', 500) FROM generate_series(1, 9000) g;
        DELETE FROM t WHERE x < 700;
        """

    private func segment(_ load: ArchivedWorkload, _ place: Int) throws -> (ArchivedSegment, ArchivedSegment)
    {
        let segments = try load.archive.segments()
        #expect(segments.count > 4)
        return (segments[place - 1], segments[place])
    }

    @Test func `tells what is intact, missing, stale and damaged`() throws {
        let load = try ArchivedWorkload(Self.script)
        let (before, segment) = try segment(load, 3)
        let path = load.layout.indexPath(of: segment.name)
        let whole = try DurableFiles.read(path)
        func stored() throws -> StoredIndex {
            try load.archive.storedIndex(of: segment, after: before, extent: .detail)
        }
        #expect(try stored().index != nil)
        #expect(try stored().storedBytes == UInt64(whole.count))

        try DurableFiles.removeFile(path)
        guard case .missing = try stored() else { throw Problem(.system, "not missing") }

        for place in [0, 5, 20, 45, 70, 130, whole.count / 2, whole.count - 1] {
            var damaged = whole
            damaged[place] ^= 0x41
            try DurableFiles.write(damaged, to: path, durable: false)
            guard case .damaged = try stored() else { throw Problem(.system, "byte \(place) is believed") }
        }
        for length in [0, 1, 127, 128, whole.count / 3, whole.count - 1] {
            try DurableFiles.write(Array(whole[..<length]), to: path, durable: false)
            guard case .damaged = try stored() else { throw Problem(.system, "\(length) bytes are believed") }
        }
        try DurableFiles.write(whole + [0], to: path, durable: false)
        guard case .damaged = try stored() else { throw Problem(.system, "a byte too many is believed") }

        // Another segment's, then one made without the segment ahead.
        try DurableFiles.write(
            DurableFiles.read(load.layout.indexPath(of: before.name)), to: path, durable: false)
        guard case .stale = try stored() else { throw Problem(.system, "another segment's is believed") }
        try load.archive.rebuildIndex(of: segment, after: nil)
        guard case .stale = try stored() else { throw Problem(.system, "one without its past is believed") }
    }

    @Test func `an index of an older format is not read but made anew`() throws {
        let load = try ArchivedWorkload(Self.script)
        let (before, segment) = try segment(load, 3)
        let path = load.layout.indexPath(of: segment.name)
        let index = try load.archive.index(of: segment, after: before, extent: .detail)
        var bytes = try DurableFiles.read(path)
        #expect(bytes[4] == 3)
        bytes[4] = 1
        bytes.replaceSubrange(124..<128, with: Self.little(CRC32C.checksum(Array(bytes[..<124]))))
        try DurableFiles.write(bytes, to: path, durable: false)
        let stored = try load.archive.storedIndex(of: segment, after: before)
        guard case .damaged(let damage, _) = stored else { throw Problem(.system, "it is believed") }
        #expect(damage.description == "it has format 1")
        #expect(try load.archive.index(of: segment, after: before, extent: .detail) == index)
    }

    @Test func `an index from before it told how files grow is read, and tells no growth`() throws {
        let load = try ArchivedWorkload(Self.script)
        let (before, segment) = try segment(load, 3)
        let path = load.layout.indexPath(of: segment.name)
        let index = try load.archive.index(of: segment, after: before, extent: .detail)
        let told = try load.archive.storedGrowth(of: [(segment, before)])
        #expect(told[0]?.reached.contains { $0.blocks > 20 } == true, "\(told)")
        var bytes = try DurableFiles.read(path)
        bytes.removeLast(
            bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 100, as: UInt32.self)) })
        bytes[4] = 2
        bytes.replaceSubrange(100..<112, with: repeatElement(0, count: 12))
        bytes.replaceSubrange(124..<128, with: Self.little(CRC32C.checksum(Array(bytes[..<124]))))
        try DurableFiles.write(bytes, to: path, durable: false)
        #expect(try load.archive.storedIndex(of: segment, after: before, extent: .detail).index == index)
        #expect(try load.archive.storedGrowth(of: [(segment, before)]) == [nil])
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    @Test func `makes anew what a push would have made, and writes nothing for a reader`() throws {
        let load = try ArchivedWorkload(Self.script)
        let (before, segment) = try segment(load, 3)
        let path = load.layout.indexPath(of: segment.name)
        let pushed = try DurableFiles.read(path)
        let index = try load.archive.index(of: segment, after: before, extent: .detail)

        try DurableFiles.removeFile(path)
        let inMemory = try load.archive.index(of: segment, after: before, extent: .detail)
        #expect(inMemory == index)
        #expect(DurableFiles.status(path) == nil)
        // Also where the segment ahead has none either.
        try DurableFiles.removeFile(load.layout.indexPath(of: before.name))
        #expect(try load.archive.index(of: segment, after: before, extent: .summary).summary == index.summary)
        #expect(DurableFiles.status(path) == nil)
        #expect(DurableFiles.status(load.layout.indexPath(of: before.name)) == nil)

        try load.archive.rebuildIndex(of: segment, after: before)
        #expect(try DurableFiles.read(path) == pushed)
    }

    @Test func `an index is no file of PostgreSQL's and goes with its segment`() throws {
        let load = try ArchivedWorkload(Self.script)
        let (before, segment) = try segment(load, 3)
        let names = try load.archive.names()
        #expect(names.count == load.segments.count)
        #expect(try load.archive.strangers().isEmpty)
        try load.archive.remove([segment.archivedName])
        #expect(DurableFiles.status(load.layout.indexPath(of: segment.name)) == nil)
        #expect(DurableFiles.status(load.layout.indexPath(of: before.name)) != nil)
        #expect(try load.archive.strangers().isEmpty)
    }

    @Test func `a push succeeds where its index cannot be written`() throws {
        let load = try ArchivedWorkload(Self.script)
        let (_, segment) = try segment(load, 3)
        let path = load.layout.indexPath(of: segment.name)
        let bytes = try #require(load.segments.first { $0.name == segment.name }).bytes
        try load.archive.remove([segment.archivedName])
        // A folder in its place.
        try DurableFiles.makeDirectories(path + "/taken")
        let source = load.layout.root + ".source"
        try DurableFiles.write(bytes, to: source, durable: false)
        #expect(try load.archive.push(path: source, name: segment.name.fileName) == .stored)
        #expect(try load.archive.verify(segment.archivedName) == nil)
        #expect(try DurableFiles.list(load.layout.incoming).isEmpty)
    }

    @Test func `what crosses a border is counted once, and only where it ends`() throws {
        let load = try ArchivedWorkload(Self.script)
        let indexes = try load.indexes(.detail)
        var crossings = 0
        for (before, after) in zip(indexes, indexes.dropFirst()) {
            guard let tail = before.fragments?.tail else { continue }
            crossings += 1
            #expect(before.summary.lastRecordEnd.map { $0 <= tail.start } ?? true)
            #expect(after.summary.firstRecord == tail.start)
        }
        #expect(crossings > 2)
        let rows = indexes.flatMap { $0.detail?.changes ?? [] }
            .filter { load.tables(["t"])[$0.relation.number] != nil }
        #expect(rows.reduce(0) { $0 + $1.inserted } == 9000)
        #expect(rows.reduce(0) { $0 + $1.deleted } == 699)
    }

    @Test func `the WAL of every kind of record is indexed as pg_waldump counts it`() throws {
        let wal = try RecordedWAL.shared()
        var predecessor: SegmentPredecessor?
        var ends = 0
        var joined = 0
        for (name, bytes) in wal.segments {
            let index = try RowCountTests.index(name, bytes, after: predecessor)
            predecessor = SegmentPredecessor(index)
            ends += index.detail?.ends.count ?? 0
            if index.summary.isJoined { joined += 1 }
            for kept in index.kept { #expect(kept.withRecord { $0.start } == kept.start) }
        }
        let expected = wal.lines.filter { line in
            line.manager == "Transaction"
                && ["COMMIT", "ABORT", "PREPARE"].contains { line.description.hasPrefix($0) }
        }
        #expect(ends == expected.count)
        #expect(joined == wal.segments.count - 1)
    }
}
