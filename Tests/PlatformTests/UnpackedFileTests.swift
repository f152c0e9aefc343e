import TestKit
import Testing

@testable import Platform

/// What is told of a file whose unpacking fails: its damage, or what failed without it.
@Suite(.timeLimit(.minutes(5)))
struct UnpackedFileTests {
    private let scratch: ScratchDirectory
    private let path: String

    init() throws {
        scratch = try ScratchDirectory("unpacked")
        path = scratch.file("file.gz")
        // Of gzip it has the beginning, which is all that is looked at here.
        try DurableFiles.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0], to: path, durable: false)
    }

    /// A program with this name that does what `script` says.
    private func program(_ name: String, _ script: String) throws -> String {
        let place = scratch.file(name)
        try DurableFiles.write(Array("#!/bin/sh\n\(script)\n".utf8), to: place, durable: false)
        try SystemCommands().runChecked(Command("chmod", ["755", place]))
        return place
    }

    private func failure(_ unpacker: Unpacker) throws -> Problem {
        let problem = #expect(throws: Problem.self) {
            try UnpackedFile(
                OpenFile(reading: path), from: nil, by: { _ in unpacker }, cancellation: CancellationFlag()
            ).forEachChunk { _ in true }
        }
        return try #require(problem)
    }

    @Test func `of what the helper tells only one status is damage`() throws {
        let helper = try program("pitr-wal", "echo 'pitr-wal: incorrect data check' >&2; exit 65")
        let damage = try failure(Unpacker(helper: helper))
        #expect(damage.code == .backupDamaged)
        #expect(damage.message == "'\(path)' cannot be unpacked")
        #expect(damage.detail == "pitr-wal says: pitr-wal: incorrect data check")
    }

    @Test(arguments: [
        ("echo 'usage: pitr-wal push' >&2; exit 2", "exit status 2 and said: usage: pitr-wal push"),
        ("printf '\\nit\\n\\tfails\\n' >&2; exit 74", "exit status 74 and said: it fails"),
        ("exit 1", "exit status 1"), ("kill -KILL $$", "exit status 137"),
    ])
    func `a helper that fails otherwise is what failed, by its name and words`(
        _ script: String, _ words: String
    ) throws {
        let helper = try program("pitr-wal", script)
        let problem = try failure(Unpacker(helper: helper))
        #expect(problem.code == .system)
        #expect(problem.message == "\(helper) failed, which was to unpack '\(path)'")
        #expect(problem.detail?.contains(words) == true, "\(problem)")
        #expect(problem.hint?.contains("need not be damaged") == true)
    }

    @Test func `a helper that has gone is what failed`() throws {
        let helper = try failure(Unpacker(helper: scratch.file("pitr-wal")))
        #expect(helper.code == .system && helper.message.contains(scratch.file("pitr-wal")))
        #expect(helper.detail == "No such file or directory")
    }

    @Test func `what a packer says of a file it refuses is told, and a signal is no damage`() throws {
        let refused = try failure(Unpacker(.gzip))
        #expect(refused.code == .backupDamaged)
        #expect(refused.detail?.hasPrefix("gzip says: gzip: stdin: ") == true, "\(refused)")
        let killed = Unpacker(.gzip).problem(137, "", of: path)
        #expect(killed.code == .system && killed.message.hasPrefix("gzip failed"))
    }

    /// More than a pipe takes: nobody reads it while the content is read.
    @Test func `a helper that says much is not held up by it`() throws {
        let helper = try program(
            "pitr-wal", "head -c 3000000 /dev/zero | tr '\\0' x >&2; printf content; exit 65")
        let problem = try failure(Unpacker(helper: helper))
        #expect(problem.code == .backupDamaged)
        #expect(problem.detail?.count ?? 0 < 500)
    }

    @Test func `what comes from a helper that ends well is the content`() throws {
        let helper = try program("pitr-wal", "echo 'a warning' >&2; printf content")
        var read: [UInt8] = []
        try UnpackedFile(
            OpenFile(reading: path), from: nil, by: { _ in Unpacker(helper: helper) },
            cancellation: CancellationFlag()
        ).forEachChunk { bytes in
            read.append(contentsOf: bytes)
            return true
        }
        #expect(read == Array("content".utf8))
    }
}
