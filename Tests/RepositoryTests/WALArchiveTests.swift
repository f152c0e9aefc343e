import Planning
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

@Suite struct WALArchiveTests {
    private static let name = "000000010000000000000005"

    @Test func `what is pushed comes back byte for byte, also when it does not decode`() throws {
        let fixture = try WALFixture()
        let bytes = WALFixture.segment(1)
        #expect(try fixture.push(Self.name, bytes) == .stored)
        let target = fixture.scratch.file("back")
        try fixture.archive.extract(#require(ArchivedFileName(fileName: Self.name)), to: target)
        #expect(try DurableFiles.read(target) == bytes)
        // The tail of zeros takes no space.
        #expect(try #require(DurableFiles.status(target)).allocatedBytes < 5 << 20)

        let segment = try #require(fixture.archive.segments().first)
        #expect(segment.name.fileName == Self.name)
        let summary = try #require(segment.summary)
        #expect(summary.rawBytes == 16 << 20)
        #expect(summary.rawCRC32C == CRC32C.checksum(bytes))
        #expect(!summary.isComplete)
        #expect(try DurableFiles.list(fixture.layout.incoming).isEmpty)
    }

    @Test func `stock zstd accepts an archived file`() throws {
        let fixture = try WALFixture()
        let bytes = WALFixture.segment(2)
        try fixture.push(Self.name, bytes)
        let stored = try fixture.stored(Self.name)
        try SystemCommands().runChecked(Command("zstd", ["-tq", stored]))
        let target = fixture.scratch.file("unpacked")
        try SystemCommands().runChecked(Command("zstd", ["-dq", stored, "-o", target]))
        #expect(try DurableFiles.read(target) == bytes)
    }

    @Test func `a repeated push succeeds, other bytes are refused with both checksums`() throws {
        let fixture = try WALFixture()
        let bytes = WALFixture.segment(3)
        let other = WALFixture.segment(4)
        try fixture.push(Self.name, bytes)
        #expect(try fixture.push(Self.name, bytes) == .alreadyStored)
        let problem = #expect(throws: Problem.self) { try fixture.push(Self.name, other) }
        #expect(problem?.code == .archiveConflict)
        for content in [bytes, other] {
            let crc = TimelineID(CRC32C.checksum(content)).fileName
            #expect(problem?.detail?.contains(crc) == true)
        }
        #expect(try fixture.push(Self.name, bytes) == .alreadyStored)
    }

    @Test(arguments: [
        "00000002.history", "000000010000000000000005.partial", "000000010000000000000005.00000028.backup",
    ])
    func `other files of PostgreSQL are kept, too`(name: String) throws {
        let fixture = try WALFixture()
        let bytes =
            name.hasSuffix("partial") ? WALFixture.segment(5) : Array("1\t0/5000000\tno reason\n".utf8)
        #expect(try fixture.push(name, bytes) == .stored)
        #expect(try fixture.push(name, bytes) == .alreadyStored)
        let parsed = try #require(ArchivedFileName(fileName: name))
        #expect(try fixture.archive.read(parsed) == bytes)
        #expect(try fixture.archive.names() == [parsed])
        #expect(try fixture.archive.segments().allSatisfy(\.isPartial))
        #expect(try fixture.archive.histories() == (name.hasSuffix("history") ? [TimelineID(2)] : []))
        #expect(try fixture.archive.strangers().isEmpty)
        try fixture.archive.remove([parsed])
        #expect(try fixture.archive.names().isEmpty)
    }

    @Test func `an empty file is archived and comes back empty`() throws {
        let fixture = try WALFixture()
        try fixture.push("00000002.history", [])
        #expect(try fixture.archive.history(TimelineID(2))?.isEmpty == true)
        try SystemCommands().runChecked(Command("zstd", ["-tq", fixture.stored("00000002.history")]))
    }

    @Test(arguments: [
        "", "x", "000000010000000000000005.zst", "00000000.history", "../0000000100000000000000FF",
    ])
    func `refuses a name that PostgreSQL never archives`(name: String) throws {
        let fixture = try WALFixture()
        let problem = #expect(throws: Problem.self) { try fixture.push(name, [1, 2, 3]) }
        #expect(problem?.code == .usage)
    }

    @Test func `refuses a segment of the wrong size`() throws {
        let fixture = try WALFixture()
        let problem = #expect(throws: Problem.self) { try fixture.push(Self.name, [1, 2, 3]) }
        #expect(problem?.code == .walDamaged)
        #expect(try fixture.archive.names().isEmpty)
    }

    @Test func `the first segment of a new timeline makes its directory`() throws {
        let fixture = try WALFixture()
        try fixture.push("00000007" + "0000000000000009", WALFixture.segment(6))
        #expect(DurableFiles.status(fixture.layout.timeline(TimelineID(7)))?.kind == .directory)
    }

    @Test func `what a killed push left is removed by the next, a living one's file is not`() throws {
        let fixture = try WALFixture()
        let dead = fixture.layout.incoming + "/dead.tmp"
        let living = fixture.layout.incoming + "/living.tmp"
        try DurableFiles.write([1], to: dead)
        let holder = try DirectoryLock.attempt(living)
        #expect(holder != nil)
        try fixture.push(Self.name, WALFixture.segment(7))
        #expect(try DurableFiles.list(fixture.layout.incoming) == ["living.tmp"])
    }

    @Test func `two pushes of one segment at once both succeed`() throws {
        let fixture = try WALFixture()
        let path = fixture.scratch.file("source")
        try DurableFiles.write(WALFixture.segment(8), to: path, durable: false)
        let archive = fixture.archive
        try Workers.run(4) { (_) throws(Problem) in _ = try archive.push(path: path, name: Self.name) }
        #expect(try archive.segments().count == 1)
        #expect(try DurableFiles.list(fixture.layout.incoming).isEmpty)
    }

    @Test func `a folder of a newer format is refused`() throws {
        let fixture = try WALFixture()
        let file = fixture.layout.identityFile
        let text = String(decoding: try DurableFiles.read(file), as: UTF8.self)
        let newer = text.split(separator: "\"format\": 1").joined(separator: "\"format\": 2")
        try DurableFiles.write(Array(newer.utf8), to: file)
        let problem = #expect(throws: Problem.self) { try fixture.push(Self.name, WALFixture.segment(9)) }
        #expect(problem?.code == .formatTooNew)
    }

    @Test func `the readme tells a restore_command for both kinds of file`() throws {
        let fixture = try WALFixture()
        let text = String(decoding: try DurableFiles.read(fixture.layout.readme), as: UTF8.self)
        #expect(text.contains("restore_command = '"))
        #expect(!text.contains("\\("))
    }
}
