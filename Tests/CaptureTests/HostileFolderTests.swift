import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

@testable import Capture

/// Folders and archives that no PostgreSQL made.
struct HostileFolderTests {
    private static func put(_ bytes: [UInt8], _ path: String) throws {
        try DurableFiles.makeDirectories(DurableFiles.parent(of: path))
        try DurableFiles.write(bytes, to: path, durable: false)
    }

    private static let version = ForgedTar.member("PG_VERSION", content: Array("15\n".utf8))

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ForgedTar.member("../escaped", content: [1]), ForgedTar.member("/etc/escaped", content: [1]),
            ForgedTar.member("base/1/1", type: "1", link: "/etc/passwd"),
            ForgedTar.member("base/1/1", type: "2", link: "/etc/passwd"),
            ForgedTar.member("pg_wal", type: "2", link: "/elsewhere"),
            ForgedTar.member("base/1/1", type: "3"), ForgedTar.member("base/1/1", type: "S"),
            ForgedTar.member("base/1/1", type: "x", content: [65]),
            ForgedTar.member("base/1/1", size: "77777777777z"),
            ForgedTar.member("base/1/1", content: [1]) + ForgedTar.member("base/1/1", content: [2]),
            Array(ForgedTar.member("base/1/1", content: [1]).prefix(700)),
            ForgedTar.member("tablespace_map", content: [UInt8](repeating: 65, count: 2 << 20)),
        ])
    func `an archive that leaves the folder, or has a member twice, is refused and nothing is kept`(
        _ bytes: [UInt8]
    ) throws {
        let scratch = try ScratchDirectory("forgedfolder")
        try Self.put(Self.version + bytes + ForgedTar.end, scratch.file("from/base.tar"))
        let layout = RepositoryLayout(root: scratch.file("to"))
        try DurableFiles.makeDirectories(layout.backups)
        let base = try FoundBase(at: scratch.file("from"))
        let problem = #expect(throws: Problem.self) {
            try OpenedBackup(
                FoundBackupExamination(base, wal: []), into: layout, staging: scratch.file("staging"),
                serverID: "s"
            ).bring("b")
        }
        #expect(problem?.code == .backupDamaged)
        // For what it is, and not for what else is missing there.
        #expect(problem?.message.hasPrefix("what lies there") == false)
        #expect(try DurableFiles.list(layout.backups) == [])
        #expect(try DurableFiles.list(scratch.path).sorted() == ["from", "to"])
        #expect(throws: Problem.self) { try FoundBackupExamination(base, wal: []).look() }
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            (ForgedTar.member("base/1/1", content: [1]), "is cut off"),
            (
                ForgedTar.member("pg_tblspc/16400", type: "2", link: "/elsewhere") + ForgedTar.end,
                "without the archive of tablespace 16400"
            ),
            (
                ForgedTar.member("base/1/1", content: [1]) + ForgedTar.member("base/1/1/2", content: [1])
                    + ForgedTar.end, "as a file and as a directory"
            ),
        ])
    func `an archive that lost its end, its tablespace's, or a path's kind is refused`(
        _ bytes: [UInt8], _ words: String
    ) throws {
        let scratch = try ScratchDirectory("lostend")
        try Self.put(Self.version + bytes, scratch.file("from/base.tar"))
        let base = try FoundBase(at: scratch.file("from"))
        let problem = #expect(throws: Problem.self) { try FoundBackupExamination(base, wal: []).look() }
        #expect(problem?.code == .backupDamaged)
        #expect(problem?.message.contains(words) == true)
    }

    @Test func `directories of tablespaces are refused where the base backup is in archives`() throws {
        let scratch = try ScratchDirectory("archives")
        try Self.put(Self.version + ForgedTar.end, scratch.file("from/base.tar"))
        let problem = #expect(throws: Problem.self) {
            try FoundBase.find(at: scratch.file("from"), tablespaces: [16_400: [scratch.path]])
        }
        #expect(problem?.code == .invalidParameterValue)
        #expect(try FoundBase.find(at: scratch.file("from")).form != .folder)
    }

    @Test(.timeLimit(.minutes(5)))
    func `links are not followed, whatever they are called`() throws {
        let scratch = try ScratchDirectory("links")
        let base = scratch.file("base")
        try Self.put(Array("15\n".utf8), base + "/PG_VERSION")
        try DurableFiles.makeDirectories(base + "/pg_tblspc")
        try SystemCommands().runChecked(Command("ln", ["-s", "/etc", base + "/pg_tblspc/16400"]))
        let tablespace = #expect(throws: Problem.self) {
            try FoundBackupExamination(FoundBase(at: base), wal: []).look()
        }
        #expect(tablespace?.hint?.contains("--tablespace 16400=") == true)
        try DurableFiles.removeTree(base + "/pg_tblspc")
        try DurableFiles.makeDirectories(base + "/base/1")
        try SystemCommands().runChecked(Command("ln", ["-s", "/etc/passwd", base + "/base/1/1259"]))
        let file = #expect(throws: Problem.self) {
            try FoundBackupExamination(FoundBase(at: base), wal: []).look()
        }
        #expect(file?.code == .backupDamaged)
        #expect(file?.message.contains("'base/1/1259'") == true)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a manifest that is not its own, or names what lies elsewhere, is told`() throws {
        let scratch = try ScratchDirectory("manifest")
        let base = scratch.file("base")
        try Self.put(Array("15\n".utf8), base + "/PG_VERSION")
        let files = ["PG_VERSION", "../../etc/passwd"].map {
            BackupManifest.File(
                path: $0, size: 3, lastModified: PostgresTimestamp(unixMicroseconds: 0), checksum: nil)
        }
        let range = BackupManifest.WALRange(timeline: TimelineID(1), start: LSN(1 << 24), end: LSN(2 << 24))
        let text = BackupManifest(files: files, walRanges: [range]).printed { SHA256.hash($0) }
        for (bytes, words) in [
            (text, "leaves the data directory"), (text.dropLast(4) + [48, 48, 34, 125], "checksum"),
        ] {
            try Self.put(bytes, base + "/backup_manifest")
            let reception = FoundBaseReception(target: nil, staging: nil)
            try reception.takeManifest(at: base + "/backup_manifest")
            #expect(reception.damages.count == 1 && reception.damages[0].contains(words))
        }
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [("gzip", ["-c"]), ("zstd", ["-c", "-q"]), ("bzip2", ["-c"]), ("xz", ["-c"])])
    func `a packed file is read as it was, and one that is cut is damaged`(
        _ program: String, _ options: [String]
    ) throws {
        let scratch = try ScratchDirectory("packed")
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try Self.put(content, scratch.file("plain"))
        let packing = try SystemCommands().run(
            Command(
                "bash",
                [
                    "-c",
                    "\(program) \(options.joined(separator: " ")) < plain > packed; "
                        + "head -c $(($(stat -c %s packed) / 2)) packed > cut; test -s packed",
                ],
                workingDirectory: scratch.path))
        // A machine need not have every packer.
        guard packing.succeeded else { return }
        var read: [UInt8] = []
        let file = try UnpackedFile(
            OpenFile(reading: scratch.file("packed")), cancellation: CancellationFlag())
        #expect(file.packing?.rawValue == program)
        try file.forEachChunk { bytes in
            read.append(contentsOf: bytes)
            return true
        }
        #expect(read == content)
        let cut = try UnpackedFile(OpenFile(reading: scratch.file("cut")), cancellation: CancellationFlag())
        let problem = #expect(throws: Problem.self) { try cut.forEachChunk { _ in true } }
        #expect(problem?.code == .backupDamaged)
    }

    @Test
    func `of a base backup that nobody sorted nothing is kept that a server makes anew or has for itself`() {
        for path in [
            "PG_VERSION", "backup_label", "base/1/1259", "global/pg_control", "pg_twophase/00000001",
        ] {
            #expect(SourceFiles.isKept(path), "\(path)")
        }
        for path in [
            "pg_replslot/standby/state", "pg_wal/x", "base/1/t3_16384", "base/pgsql_tmp/pgsql_tmp1.0",
            "postmaster.pid", "postgresql.auto.conf", "server.key", "standby.signal", "tablespace_map",
        ] {
            #expect(!SourceFiles.isKept(path), "\(path)")
        }
    }

    @Test func `names of WAL are told from all others`() {
        #expect(FoundWAL.bareName("000000010000000000000002.gz") == "000000010000000000000002")
        #expect(
            FoundWAL.bareName("000000010000000000000002.partial.lz4") == "000000010000000000000002.partial")
        #expect(FoundWAL.bareName("00000002.history") == "00000002.history")
        #expect(FoundWAL.bareName("000000010000000000000002.00000028.backup") != nil)
        for name in [
            "000000010000000000000002.done", "00000002", "xlog.db", "00000001000000000000000G", "a/b",
        ] {
            #expect(FoundWAL.bareName(name) == nil, "\(name)")
        }
    }

    @Test func `of texts beside WAL no more is held than a server writes, and none that differ are taken`() {
        var wal = FoundWAL()
        wal.add(.text("1\t0/5000000\tno target\n"), "00000002.history", "a/00000002.history")
        wal.add(.text("1\t0/5000000\tno target\n"), "00000002.history", "b/00000002.history")
        #expect(wal.differing.isEmpty)
        wal.add(.text("1\t0/6000000\tno target\n"), "00000002.history", "c/00000002.history")
        #expect(wal.differing.count == 1)
        wal.add(.text("nothing"), "00000003.history", "a/00000003.history")
        #expect(wal.histories.count == 1)
        #expect(wal.refused.map(\.place) == ["a/00000003.history"])
        // Of segments of 1 MiB.
        wal.add(.text("x"), "000000010000000000000FFF.00000028.backup", "a/x.backup")
        #expect(wal.backups.keys.map(\.fileName) == ["000000010000000000000FFF.00000028.backup"])
        let signs = [UInt8](repeating: UInt8(ascii: "#"), count: FoundWAL.mostTextBytes)
        let long = String(decoding: signs, as: UTF8.self)
        wal.add(.text(long), "00000004.history", "a/00000004.history")
        #expect(wal.histories.count == 1)
    }

    @Test func `a label tells when it began where its zone is known, whatever the file's own time`() {
        let said = FoundBackupJudge.time("2026-11-30 07:53:14 UTC")
        #expect(said?.description.hasPrefix("2026-11-30T07:53:14") == true)
        #expect(FoundBackupJudge.time("2026-11-30 07:53:14 GMT") == said)
        #expect(FoundBackupJudge.time("2026-11-30 08:53:14 CET") == nil)
    }
}
