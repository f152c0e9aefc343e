import Platform
import Repository
import TestKit
import Testing

@testable import Capture

/// Repositories that pgBackRest did not make, or that lost something.
struct HostileBackrestTests {
    private static func packed(_ content: [UInt8], _ program: String, in scratch: ScratchDirectory) throws
        -> [UInt8]
    {
        try DurableFiles.write(content, to: scratch.file("plain"), durable: false)
        try SystemCommands().runChecked(
            Command(
                "bash", ["-c", "\(program) -c < plain > packed"], workingDirectory: scratch.path))
        return try DurableFiles.read(scratch.file("packed"))
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            "pg_data/../escaped", "pg_data//escaped", "/etc/escaped", "elsewhere/escaped", "pg_data/./x",
            "../pg_data/x", "pg_data", "pg_tblspc/../x",
        ])
    func `a manifest that names what leaves the data directory is refused`(_ name: String) throws {
        var forged = try ForgedBackrest()
        forged.say(name, [1])
        try forged.write()
        let problem = #expect(throws: Problem.self) { try forged.base() }
        #expect(problem?.code == .backupDamaged)
        #expect(problem?.detail?.contains(name) == true)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a reference to anything but a backup is refused`() throws {
        for reference in ["../other", "20261130-071500F/..", "latest", ""] {
            var forged = try ForgedBackrest()
            forged.say("pg_data/base/1/1", [1], "\"reference\":\"\(reference)\",")
            try forged.write()
            let problem = #expect(throws: Problem.self) { try forged.base() }
            #expect(problem?.code == .backupDamaged)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a size that no file has is refused, and so many files that no number has their sum are not`() throws
    {
        let most = UInt64(1) << 50
        let lines = [
            "\"size\":\(most + 1)", "\"size\":-1", "\"size\":1,\"repo-size\":\(Int64.max)",
            "\"size\":1,\"bni\":1,\"bno\":\(most + 1)", "\"size\":1,\"repo-size\":\(UInt64.max)",
        ]
        let sum = String(repeating: "0", count: 40)
        func line(_ sizes: String) -> String { "{\"checksum\":\"\(sum)\",\(sizes),\"timestamp\":1796033356}" }
        for sizes in lines {
            var forged = try ForgedBackrest()
            forged.files = [("pg_data/base/1/1", line(sizes))]
            try forged.write()
            let problem = #expect(throws: Problem.self) { try forged.base() }
            #expect(problem?.code == .backupDamaged, "\(sizes)")
            // What is no number that can be read makes its line one that cannot be read.
            let words = problem?.detail ?? ""
            #expect(words.contains("pg_data/base/1/1") || words.contains("its line"), "\(sizes): \(words)")
        }
        var many = try ForgedBackrest()
        many.files = (1...20_000).map { ("pg_data/base/1/\($0)", line("\"size\":\(most)")) }
        try many.write()
        #expect(try many.base().storedBytes() == .max)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["gzip", "zstd", "bzip2", "lz4"])
    func `files of a bundle are read at their places, and damage of one is only its own`(
        _ program: String
    ) throws {
        var forged = try ForgedBackrest()
        forged.packing = ["gzip": "gz", "zstd": "zst", "bzip2": "bz2", "lz4": "lz4"][program] ?? ""
        let contents = (1...4).map { [UInt8](repeating: UInt8($0), count: $0 * 100_000) }
        var bundle: [UInt8] = []
        for (number, content) in contents.enumerated() {
            let packed = try Self.packed(content, program, in: forged.scratch)
            let place = "\"bni\":1,\"bno\":\(bundle.count),"
            // Of the second one the manifest says something else.
            forged.say(
                "pg_data/base/1/\(number)", number == 1 ? content.reversed() + [0] : content,
                size: content.count, stored: packed.count, place)
            bundle += packed
        }
        forged.files.append(("pg_data/base/1/empty", "{\"size\":0,\"timestamp\":1796033356}"))
        try forged.put(bundle, "bundle/1")
        try forged.write()
        let (read, damages) = try forged.read()
        #expect(damages == ["'base/1/1' does not have the SHA-1 of its manifest"])
        for (number, content) in contents.enumerated() {
            #expect(read["base/1/\(number)"] == content, "\(number)")
        }
        #expect(read["base/1/empty"] == [])
        try forged.put(Array(bundle.dropLast(20)), "bundle/1")
        let cut = try forged.read().damages
        #expect(cut.count == 2 && cut.last?.hasPrefix("'base/1/3' ") == true, "\(cut)")
    }

    @Test(.timeLimit(.minutes(5)))
    func `a bomb is read no further than its manifest says, and links are not followed`() throws {
        var forged = try ForgedBackrest()
        forged.packing = "gz"
        let bomb = try Self.packed([UInt8](repeating: 7, count: 30_000_000), "gzip", in: forged.scratch)
        try forged.put(bomb, "pg_data/base/1/1.gz")
        forged.say("pg_data/base/1/1", [7, 7, 7])
        forged.say("pg_data/base/1/2", [1])
        try forged.put([1, 2, 3, 4, 5, 6, 7], "pg_data/base/1/3.gz")
        forged.say("pg_data/base/1/3", [1])
        try DurableFiles.makeDirectories(forged.scratch.file("outside"))
        try forged.put([1], "../../../../outside/5.gz")
        for (target, link) in [("outside", "pg_data/base/4"), ("outside/5.gz", "pg_data/base/1/5.gz")] {
            try SystemCommands().runChecked(
                Command("ln", ["-s", forged.scratch.file(target), forged.folder + "/" + link]))
        }
        forged.say("pg_data/base/1/5", [1])
        forged.say("pg_data/base/4/5", [1])
        try forged.write()
        let (read, damages) = try forged.read()
        #expect(read["base/1/1"] == [7, 7, 7])
        let expected = [
            "'base/1/1' has more bytes than its manifest says", "'base/1/2' is missing",
            "'base/1/3' cannot be read: '\(ForgedBackrest.label)/pg_data/base/1/3.gz' is not packed with gzip",
            "'base/1/5' is missing", "'base/4/5' is missing",
        ]
        #expect(damages.count == expected.count)
        for (damage, words) in zip(damages, expected) { #expect(damage.hasPrefix(words), "\(damage)") }
    }

    @Test(.timeLimit(.minutes(5)))
    func `what cannot be read is refused for what it is`() throws {
        var blocks = try ForgedBackrest()
        blocks.say("pg_data/base/1/1", [1], "\"bi\":0,\"bim\":8,")
        var raw = try ForgedBackrest()
        raw.packing = "gz"
        raw.backup = [("backup-bundle-raw", "true")]
        raw.say("pg_data/base/1/1", [1], size: 1 << 27, "\"bni\":1,")
        var old = try ForgedBackrest()
        old.server[2].value = "\"13\""
        var other = try ForgedBackrest()
        other.server[1].value = "8"
        var offline = try ForgedBackrest()
        offline.isOnline = false
        var later = try ForgedBackrest()
        later.format = "6"
        let cases: [(ForgedBackrest, ProblemCode, String)] = [
            (blocks, .backupDamaged, "cannot be trusted"), (raw, .operationNotSupported, "zlib's format"),
            (old, .operationNotSupported, "PostgreSQL 13"), (other, .backupDamaged, "stanza main"),
            (offline, .operationNotSupported, "--no-online"), (later, .operationNotSupported, "is of a form"),
        ]
        for (forged, code, words) in cases {
            try forged.write()
            let problem = #expect(throws: Problem.self) { try forged.base() }
            #expect(problem?.code == code && problem?.message.contains(words) == true, "\(words)")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `its own texts are read from their copies, and encrypted ones refused`() throws {
        var forged = try ForgedBackrest()
        // A name may have what ends a key.
        forged.say("pg_data/base/1/a=b", [1])
        try forged.put([1], "pg_data/base/1/a=b")
        try forged.write()
        #expect(try forged.read().contents["base/1/a=b"] == [1])
        var changed = forged.manifest
        changed[30] ^= 1
        try forged.put(changed, "backup.manifest")
        let damaged = #expect(throws: Problem.self) { try forged.base() }
        #expect(damaged?.code == .backupDamaged)
        try forged.put(forged.manifest, "backup.manifest.copy")
        #expect(try forged.read().damages == [])
        try forged.put(Array("Salted__12345678".utf8), "../backup.info")
        let encrypted = #expect(throws: Problem.self) { try forged.base() }
        #expect(encrypted?.code == .operationNotSupported)
        #expect(encrypted?.message.contains("is encrypted") == true)
        let stanza = #expect(throws: Problem.self) {
            try BackrestRepository(at: forged.scratch.file("repo"), stanza: "../main")
        }
        #expect(stanza?.detail == "it has main")
        let none = #expect(throws: Problem.self) {
            try BackrestRepository(at: forged.scratch.path, stanza: nil)
        }
        #expect(none?.message.contains("is no repository of pgBackRest") == true)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a small text neither fills memory nor takes long before its checksum is known`() {
        let long = 1 << 22
        let section = Array("[backup]\n".utf8)
        let lines: [[UInt8]] = [
            [UInt8](repeating: UInt8(ascii: "="), count: long),
            Array(String(repeating: "={", count: long / 2).utf8),
            Array(String(repeating: "=1", count: long / 2).utf8),
            [UInt8](repeating: UInt8(ascii: "a"), count: long + 1),
        ]
        for line in lines {
            #expect(throws: BackrestInfo.Failure.malformed(line: 2)) {
                try BackrestInfo(parsing: section + line)
            }
        }
        #expect(throws: BackrestInfo.Failure.noChecksum) {
            try BackrestInfo(parsing: [UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20))
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `lists in the line of a file are passed over, and count for the checksum`() throws {
        var forged = try ForgedBackrest()
        forged.say("pg_data/base/1/1=1={", [1], "\"checksum-page\":false,\"checksum-page-error\":[1,[3,5]],")
        try forged.put([1], "pg_data/base/1/1=1={")
        try forged.write()
        #expect(try forged.read().contents["base/1/1=1={"] == [1])
        let remark = try forged.base().remarks.last
        #expect(remark?.contains("'base/1/1=1={'") == true)
    }

    @Test(.timeLimit(.minutes(5)))
    func `WAL of the backup's server is looked for under each number that the server had`() throws {
        let forged = try ForgedBackrest()
        let server = "{\"db-system-id\":7,\"db-version\":\"15\"}"
        let other = "{\"db-system-id\":8,\"db-version\":\"15\"}"
        let info = ForgedBackrest.text([
            ("backup:current", [(ForgedBackrest.label, "{\"backup-timestamp-stop\":1796033361}")]),
            ("db:history", [("1", server), ("2", other), ("3", server), ("../15-2", server)]),
        ])
        try forged.write()
        try forged.put(info, "../backup.info")
        let none = try forged.base()
        #expect(none.folders.isEmpty)
        let archive = forged.scratch.file("repo/archive/main")
        #expect(none.remarks.first?.hasSuffix("no folder '\(archive)/15-1', '\(archive)/15-3'") == true)
        for name in ["15-1", "15-2", "15-3"] { try DurableFiles.makeDirectories("\(archive)/\(name)") }
        let base = try forged.base()
        #expect(base.folders == ["\(archive)/15-1", "\(archive)/15-3"])
        #expect(base.remarks.isEmpty)
    }

    @Test(.timeLimit(.minutes(5)))
    func `WAL that does not have the SHA-1 of its name is passed over`() throws {
        let scratch = try ScratchDirectory("backrestwal")
        let text = Array("1\t0/5000000\tno target\n".utf8)
        let name = "00000001000000000000000"
        let sum = String(repeating: "0", count: 40)
        #expect(FoundWAL.name("\(name)2-\(sum).zst")?.bare == name + "2")
        #expect(FoundWAL.name("\(name)2.partial-\(sum)")?.bare == name + "2.partial")
        #expect(FoundWAL.name("\(name)2-\(sum)0") == nil)
        try DurableFiles.write(text, to: scratch.file("\(name)2-\(sum)"), durable: false)
        try DurableFiles.write(text, to: scratch.file("\(name)1"), durable: false)
        try DurableFiles.write(text, to: scratch.file("00000002.history"), durable: false)
        var wal = FoundWAL()
        try wal.add(folder: scratch.path, from: name + "2", SilentProgress(), CancellationFlag())
        #expect(wal.refused.map(\.reason) == ["it does not have the SHA-1 that its name says"])
        #expect(wal.histories.count == 1)
        // Room is needed for what is looked at: of what is packed, or has no segment's length, as much as
        // lies there.
        let (all, half) = (UInt64(text.count), UInt64(text.count / 2))
        #expect(try FoundWAL.keptBytes(below: scratch.path, from: name + "2") == all + half)
        #expect(try FoundWAL.keptBytes(below: scratch.path) == 2 * all + half)
        try DurableFiles.write(text, to: scratch.file("\(name)3.gz"), durable: false)
        #expect(try FoundWAL.keptBytes(below: scratch.path) == 3 * all + half)
        try OpenFile(creating: scratch.file("\(name)4")).truncate(to: 1 << 20)
        #expect(try FoundWAL.keptBytes(below: scratch.path) == 3 * all + half + 1 << 19)
    }
}
