import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import TestValues

/// Whatever happens to a stored segment, it never comes back as if nothing had.
@Suite struct WALDamageTests {
    private static let first = "000000010000000000000005"
    private static let second = "000000010000000000000006"

    @Test(arguments: [0, 9, 12, 40, 1019, 1023, 1024, 1030, 5000, -1, -5])
    func `finds a flipped byte`(offset: Int) throws {
        let fixture = try Self.twoSegments()
        let path = try fixture.stored(Self.first)
        var bytes = try DurableFiles.read(path)
        bytes[offset >= 0 ? offset : bytes.count + offset] ^= 0x40
        try DurableFiles.write(bytes, to: path)
        try Self.expectDamage(fixture, Self.first)
    }

    @Test func `finds a flipped byte anywhere`() throws {
        let fixture = try Self.twoSegments()
        let path = try fixture.stored(Self.first)
        let intact = try DurableFiles.read(path)
        var random = SeededRandom()
        for _ in 0..<40 {
            var bytes = intact
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try DurableFiles.write(bytes, to: path, durable: false)
            let name = try #require(ArchivedFileName(fileName: Self.first))
            #expect(try fixture.archive.verify(name) != nil, "byte \(place)")
        }
    }

    @Test(arguments: [0, 1, 1023, 1024, 1025, 20000, -1, -4])
    func `finds a file that was cut off`(size: Int) throws {
        let fixture = try Self.twoSegments()
        let path = try fixture.stored(Self.first)
        let bytes = try DurableFiles.read(path)
        try DurableFiles.write(Array(bytes.prefix(size >= 0 ? size : bytes.count + size)), to: path)
        try Self.expectDamage(fixture, Self.first)
    }

    @Test func `finds a file that lost its last frame`() throws {
        let fixture = try WALFixture()
        try fixture.push(Self.first, WALFixture.segment(1))
        let path = try fixture.stored(Self.first)
        let bytes = try DurableFiles.read(path)
        // The last frame begins with the last occurrence of zstd's magic number.
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let last = try #require((0..<bytes.count - 4).last { Array(bytes[$0..<$0 + 4]) == magic })
        try DurableFiles.write(Array(bytes[..<last]), to: path)
        try Self.expectDamage(fixture, Self.first)
    }

    @Test func `finds bytes behind the end`() throws {
        let fixture = try Self.twoSegments()
        let path = try fixture.stored(Self.first)
        try DurableFiles.write(try DurableFiles.read(path) + [0], to: path)
        try Self.expectDamage(fixture, Self.first)
    }

    @Test func `finds two segments that were exchanged`() throws {
        let fixture = try Self.twoSegments()
        let paths = [try fixture.stored(Self.first), try fixture.stored(Self.second)]
        try DurableFiles.rename(paths[0], to: paths[0] + ".x")
        try DurableFiles.rename(paths[1], to: paths[0])
        try DurableFiles.rename(paths[0] + ".x", to: paths[1])
        let listed = try fixture.archive.segments()
        #expect(listed.count == 2)
        #expect(listed.allSatisfy { $0.damage != nil })
        try Self.expectDamage(fixture, Self.first)
        try Self.expectDamage(fixture, Self.second)
    }

    @Test func `a segment that is gone is missing, not damaged`() throws {
        let fixture = try Self.twoSegments()
        try DurableFiles.removeFile(fixture.stored(Self.first))
        let problem = #expect(throws: Problem.self) {
            try fixture.archive.extract(
                #require(ArchivedFileName(fileName: Self.first)), to: fixture.scratch.file("out"))
        }
        #expect(problem?.code == .walMissing)
        #expect(try fixture.archive.segments().count == 1)
    }

    @Test func `a repeated push does not take a damaged file for the same bytes`() throws {
        let fixture = try Self.twoSegments()
        let path = try fixture.stored(Self.first)
        var bytes = try DurableFiles.read(path)
        bytes[bytes.count / 2] ^= 0xFF
        try DurableFiles.write(bytes, to: path)
        let problem = #expect(throws: Problem.self) { try fixture.push(Self.first, WALFixture.segment(1)) }
        #expect(problem?.code == .archiveConflict)
    }

    private static func twoSegments() throws -> WALFixture {
        let fixture = try WALFixture()
        try fixture.push(first, WALFixture.segment(1))
        try fixture.push(second, WALFixture.segment(2))
        return fixture
    }

    private static func expectDamage(_ fixture: WALFixture, _ fileName: String) throws {
        let name = try #require(ArchivedFileName(fileName: fileName))
        let target = fixture.scratch.file("out")
        let problem = #expect(throws: Problem.self) { try fixture.archive.extract(name, to: target) }
        #expect(problem?.code == .walDamaged)
        #expect(problem?.message.contains(fileName) == true)
        #expect(DurableFiles.status(target) == nil)
        #expect(try fixture.archive.verify(name) != nil)
    }
}
