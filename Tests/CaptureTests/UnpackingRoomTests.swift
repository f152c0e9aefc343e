import Platform
import TestKit
import Testing

@testable import Capture

/// Archives that need more room than there is.
struct UnpackingRoomTests {
    @Test(.timeLimit(.minutes(5)))
    func `a copy of a packed archive leaves the reserve alone, and its refusal says what to do`() throws {
        let scratch = try ScratchDirectory("unpacking")
        try DurableFiles.write([1, 2, 3], to: scratch.file("base.tar.gz"), durable: false)
        let file = try OpenFile(reading: scratch.file("base.tar.gz"))
        let full = UnpackingRoom(scratch.file("copies"), reserve: 1 << 60)
        let copied = try ArchiveMembers(of: file, isPacked: true, in: full)
        let problem = #expect(throws: Problem.self) { try Self.feed(copied) }
        #expect(problem?.code == .insufficientStorage)
        #expect(problem?.message.contains(full.folder) == true)
        #expect(problem?.detail?.hasSuffix("are missing") == true)
        #expect(problem?.hint?.contains("TMPDIR") == false)
        // One that is not packed is read where it lies.
        try Self.feed(ArchiveMembers(of: file, isPacked: false, in: full))
        #expect(try DurableFiles.list(full.folder).isEmpty)
    }

    @Test(.timeLimit(.minutes(5)))
    func `where TMPDIR chooses the folder the refusal says so`() throws {
        let room = UnpackingRoom.temporary(reserve: 1 << 60)
        let problem = #expect(throws: Problem.self) { try room.require(1) }
        #expect(problem.map { room.refusal($0, "base.tar.gz").hint?.contains("TMPDIR") == true } == true)
    }

    @Test(.timeLimit(.minutes(5)))
    func `what copies take at once is counted before anything is unpacked`() throws {
        let scratch = try ScratchDirectory("copies")
        func base(_ name: String, _ sizes: [(String, Int)], isPacked: Bool = true) throws -> FoundBase {
            try DurableFiles.makeDirectories(scratch.file(name))
            for (archive, size) in sizes {
                let head: [UInt8] = isPacked ? [0x1F, 0x8B] : [0, 0]
                try DurableFiles.write(
                    head + [UInt8](repeating: 0, count: size - 2), to: scratch.file("\(name)/\(archive)"),
                    durable: false)
            }
            return try FoundBase(at: scratch.file(name))
        }
        var newest = try base("newest", [("base.tar.gz", 100), ("16385.tar.gz", 300)])
        #expect(try newest.copiedBytes() == 0)
        newest.earlier = [
            try base("full", [("base.tar.gz", 1000), ("16385.tar.gz", 2000)]),
            try base("second", [("base.tar", 50_000)], isPacked: false),
        ]
        #expect(try newest.copiedBytes() == 3300)
        let problem = #expect(throws: Problem.self) {
            try UnpackingRoom(scratch.file("room"), reserve: 0).prepare(for: 1 << 60, of: newest.path)
        }
        #expect(problem?.code == .insufficientStorage)
    }

    private static func feed(_ members: ArchiveMembers) throws {
        try [UInt8](repeating: 7, count: 4096).withUnsafeBytes { try members.feed($0) }
    }
}
