import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

@testable import Capture

/// Files that have the name of a segment: whether they are looked at or stored, the same is told of them.
struct FoundSegmentTests {
    private static let size = WALSegmentSize.smallest

    private static func name(_ number: UInt64) -> SegmentName {
        SegmentName(timeline: TimelineID(1), number: number, size: size)
    }

    /// A first page without records, and zeros.
    private static func segment(_ number: UInt64, bytes: Int = Int(size.bytes)) -> [UInt8] {
        func little(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let page =
            little(0xD110, 2) + little(2, 2) + little(1, 4) + little(name(number).start.rawValue, 8)
            + little(0, 8) + little(77, 8) + little(size.bytes, 4) + little(8192, 4)
        return page + [UInt8](repeating: 0, count: bytes - page.count)
    }

    private static func look(_ folder: String, storedIn place: String?) throws -> FoundWAL {
        let store = try place.map { place in
            let staging = try SegmentStaging(place, of: RepositoryLayout(root: place))
            return try #require(SegmentIntake.Store(staging, size))
        }
        var wal = FoundWAL()
        try wal.add(folder: folder, storing: store, SilentProgress(), CancellationFlag())
        return wal
    }

    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `a file that is longer than a segment is none, and is told as what it is`(isStored: Bool) throws {
        let scratch = try ScratchDirectory("segments")
        try scratch.directory("wal")
        func put(_ number: UInt64, _ bytes: Int, _ suffix: String = "") throws {
            try DurableFiles.write(
                Self.segment(number, bytes: bytes),
                to: scratch.file("wal/\(Self.name(number).fileName)\(suffix)"), durable: false)
        }
        let whole = Int(Self.size.bytes)
        try put(3, whole)
        try put(4, whole + 1)
        try put(5, 3 * whole, "-" + String(repeating: "0", count: 40))
        try put(6, whole)
        try put(7, whole + 1)
        // The padding, which zstd passes over, makes the file longer than a segment can be packed.
        let steps = """
            for number in 6 7; do zstd -q --rm *$number; done
            printf '\\x50\\x2A\\x4D\\x18\\x00\\x00\\x20\\x00' >> *6.zst; head -c 2097152 /dev/zero >> *6.zst
            """
        try SystemCommands().runChecked(
            Command("bash", ["-c", steps], workingDirectory: scratch.file("wal"), timeoutSeconds: 60))
        let wal = try Self.look(
            scratch.file("wal"), storedIn: isStored ? scratch.file("stored") : nil)
        #expect(wal.segments.compactMap { $0.segment?.number }.sorted() == [3, 6])
        #expect(wal.segments.allSatisfy { ($0.staged != nil) == isStored })
        let reason = "it is longer than a segment of 1.0 MiB"
        #expect(wal.refused.map(\.reason) == [reason, reason, reason])
    }

    /// What is too much may be in the same frame or in one of its own.
    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func `a packed segment that unpacks to more than one is refused, and nothing of it is left`(
        isStored: Bool
    ) throws {
        let scratch = try ScratchDirectory("segments")
        try scratch.directory("wal")
        func put(_ number: UInt64, _ frames: [[UInt8]]) throws {
            let path = scratch.file("wal/\(Self.name(number).fileName).zst")
            for frame in frames {
                try DurableFiles.write(frame, to: scratch.file("frame"), durable: false)
                let step = "zstd -q < \(scratch.file("frame")) >> \(path)"
                try SystemCommands().runChecked(Command("bash", ["-c", step], timeoutSeconds: 60))
            }
        }
        let whole = Int(Self.size.bytes)
        try put(3, [Self.segment(3)])
        try put(4, [Self.segment(4), []])
        try put(5, [Self.segment(5, bytes: whole + 1)])
        try put(6, [Self.segment(6, bytes: 32 * whole)])
        try put(7, [Self.segment(7), [0]])
        try put(8, [Self.segment(8), Self.segment(9)])
        let wal = try Self.look(scratch.file("wal"), storedIn: isStored ? scratch.file("stored") : nil)
        #expect(wal.segments.compactMap { $0.segment?.number }.sorted() == [3, 4])
        #expect(wal.segments.allSatisfy { $0.isPacked && ($0.staged != nil) == isStored })
        let reason = "it is longer than a segment of 1.0 MiB"
        #expect(wal.refused.map(\.reason) == [reason, reason, reason, reason])
        guard isStored else { return }
        let stored = try DurableFiles.list(scratch.file("stored")).filter { !$0.hasSuffix(".index") }
        #expect(stored.count == 2, "\(stored)")
    }

    @Test(.timeLimit(.minutes(5)))
    func `what is packed as it can be kept is kept, up to the most that a segment takes`() throws {
        let scratch = try ScratchDirectory("segments")
        try scratch.directory("wal")
        // What zstd cannot make smaller.
        var state: UInt64 = 7
        let noise = (0..<Int(Self.size.bytes) - 8192).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let path = scratch.file("wal/\(Self.name(3).fileName)")
        try DurableFiles.write(Self.segment(3, bytes: 8192) + noise, to: path, durable: false)
        try SystemCommands().runChecked(
            Command("bash", ["-c", "zstd -q < \(path) > \(path).zst; rm \(path)"], timeoutSeconds: 60))
        let packed = try DurableFiles.read(path + ".zst")
        #expect(packed.count > noise.count)
        let wal = try Self.look(scratch.file("wal"), storedIn: scratch.file("stored"))
        #expect(wal.segments.count == 1 && wal.segments.first?.staged != nil)
        let stored = try DurableFiles.list(scratch.file("stored")).filter { !$0.hasSuffix(".index") }
        #expect(stored.count == 1)
        let kept = try DurableFiles.read(scratch.file("stored/\(stored[0])"))
        #expect(kept.suffix(packed.count) == packed[...])
    }

    @Test func `segments of a size that hardly any server has are not stored, nor those of none`() throws {
        let scratch = try ScratchDirectory("segments")
        let staging = try SegmentStaging(scratch.file("stored"), of: RepositoryLayout(root: scratch.path))
        #expect(SegmentIntake.Store(staging, nil) == nil)
        #expect(SegmentIntake.Store(staging, WALSegmentSize(bytes: 1 << 27)) == nil)
        #expect(SegmentIntake.Store(staging, WALSegmentSize(bytes: 1 << 26))?.bytes == 1 << 26)
    }
}
