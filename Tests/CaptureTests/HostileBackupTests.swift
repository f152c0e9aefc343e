import Platform
import PostgresClient
import PostgresFormat
import Repository
import TestKit
import Testing

@testable import Capture

/// A source that sends what no PostgreSQL would.
struct HostileBackupTests {
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ForgedTar.member("../escaped", content: [1]), ForgedTar.member("/etc/escaped", content: [1]),
            ForgedTar.member("base/../../escaped", content: [1]), ForgedTar.member("base//1", content: [1]),
            ForgedTar.member("."), ForgedTar.member("base/a\nb", content: [1]),
            ForgedTar.member("base/1/1", type: "1", link: "/etc/passwd"),
            ForgedTar.member("base/1/1", type: "2", link: "/etc/passwd"),
            ForgedTar.member("pg_tblspc/../x", type: "2", link: "/"),
            ForgedTar.member("pg_wal", type: "2", link: "/elsewhere"),
            ForgedTar.member("base/1/1", type: "3"), ForgedTar.member("base/1/1", type: "4"),
            ForgedTar.member("base/1/1", type: "6"), ForgedTar.member("base/1/1", type: "L", content: [65]),
            ForgedTar.member("base/1/1", type: "x", content: [65]),
            ForgedTar.member("base/1/1", size: "77777777777z"), ForgedTar.member("./", content: [1]),
            ForgedTar.member("", type: "5"), ForgedTar.member("././", type: "5"),
            ForgedTar.member("base/1/1", size: "-0000000001"),
            Array(ForgedTar.member("base/1/1", content: [1]).prefix(700)),
            [UInt8](repeating: 65, count: 512),
            ForgedTar.end + ForgedTar.member("base/1/1", content: [1]),
        ])
    func `an archive that leaves the data directory or is no archive is refused`(_ bytes: [UInt8]) throws {
        let scratch = try ScratchDirectory("forged")
        let target = scratch.file("in/data")
        try DurableFiles.makeDirectories(target)
        let reception = try BackupReception(
            target: target, try RepositoryLayout(root: target).encoder(), .v15,
            progress: SilentProgress())
        let problem = #expect(throws: Problem.self) {
            try reception.take(.started(LSN(1 << 24), TimelineID(1)))
            try reception.take(.archive(name: "base.tar", location: ""))
            try bytes.withUnsafeBytes { raw in try reception.take(.content(raw)) }
            try reception.take(.manifest)
        }
        #expect(problem?.code == .backupDamaged)
        #expect(try DurableFiles.list(scratch.file("in")) == ["data"])
        #expect(try DurableFiles.list(scratch.path) == ["in"])
    }

    @Test(.timeLimit(.minutes(5)))
    func `an archive is read the same in pieces of any length`() throws {
        let content = (0..<1500).map { UInt8(truncatingIfNeeded: $0) }
        let bytes =
            ForgedTar.member("./", type: "5") + ForgedTar.member("./base/1/PG_VERSION", content: content)
            + ForgedTar.member("pg_wal/", type: "5") + ForgedTar.member("empty")
            + ForgedTar.member("pg_tblspc/16400", type: "2", link: "/far") + ForgedTar.end
        for length in [1, 7, 511, 512, 513, 4096] {
            var tar = TarStream()
            var told: [String] = []
            var got: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: length) {
                try bytes[start..<min(start + length, bytes.count)].withUnsafeBytes { raw in
                    try tar.feed(raw) { piece in
                        switch piece {
                        case .member(let member): told.append("\(member.path) \(member.kind)")
                        case .content(let piece): got += Array(piece)
                        case .memberEnd: told.append("end")
                        }
                    }
                }
            }
            try tar.finish()
            #expect(got == content)
            #expect(
                told == [
                    "base/1/PG_VERSION file", "end", "pg_wal directory", "end", "empty file", "end",
                    "pg_tblspc/16400 tablespaceLink", "end",
                ])
        }
    }

    /// What a whole small backup is made of; `change` makes it another one.
    private func receive(
        files: [(String, [UInt8])], manifest: [(String, [UInt8])], label: String? = nil,
        stop: LSN = LSN(0x200_0100)
    ) throws -> BackupReception.Received {
        let scratch = try ScratchDirectory("forged")
        let target = scratch.file("data")
        try DurableFiles.makeDirectories(target)
        let reception = try BackupReception(
            target: target, try RepositoryLayout(root: target).encoder(), .v15,
            progress: SilentProgress())
        try reception.take(.started(LSN(0x200_0028), TimelineID(1)))
        try reception.take(.archive(name: "base.tar", location: ""))
        for (name, content) in files {
            try ForgedTar.member(name, content: content).withUnsafeBytes { raw in
                try reception.take(.content(raw))
            }
        }
        try reception.take(.manifest)
        let printed = BackupManifest(
            files: manifest.map { name, content in
                BackupManifest.File(
                    path: name, size: UInt64(content.count),
                    lastModified: PostgresTimestamp(unixMicroseconds: 0),
                    checksum: BackupManifest.Checksum(crc32c: CRC32C.checksum(content)))
            },
            walRanges: [
                BackupManifest.WALRange(
                    timeline: TimelineID(1), start: LSN(0x200_0028), end: LSN(0x200_0100))
            ]
        ).printed { SHA256.hash($0) }
        try printed.withUnsafeBytes { raw in try reception.take(.content(raw)) }
        try reception.take(.ended(stop, TimelineID(1)))
        return try reception.finish()
    }

    private static let label = Array(
        """
        START WAL LOCATION: 0/2000028 (file 000000010000000000000002)
        CHECKPOINT LOCATION: 0/2000060
        BACKUP METHOD: streamed
        BACKUP FROM: primary
        START TIME: 2024-01-01 00:00:00 UTC
        LABEL: b
        START TIMELINE: 1

        """.utf8)

    private static let whole: [(String, [UInt8])] = [
        ("backup_label", label), ("PG_VERSION", Array("15\n".utf8)), ("base/1/1259", [1, 2, 3]),
        ("global/pg_control", [4, 5]),
    ]

    @Test(.timeLimit(.minutes(5)))
    func `what is not as the manifest says is refused, and the source's own files stay out`() throws {
        let own: [(String, [UInt8])] = [
            ("pg_hba.conf", [1]), ("postgresql.auto.conf", [2]), ("server.key", [3]),
            ("certs/client.key", [4]), ("tablespace_map", [5]), ("standby.signal", []),
        ]
        let received = try receive(files: own + Self.whole, manifest: own + Self.whole)
        #expect(Set(received.files.map(\.path)) == Set(Self.whole.map(\.0)))
        #expect(received.leftOut.contains { $0.hasPrefix("\"server.key\"") })
        #expect(received.leftOut.contains { $0.hasPrefix("\"certs\"") })

        var changed = Self.whole
        changed[2].1 = [1, 2, 4]
        #expect(throws: Problem.self) { try receive(files: changed, manifest: Self.whole) }
        let less = Array(Self.whole.dropFirst(2))
        #expect(throws: Problem.self) { try receive(files: less, manifest: Self.whole) }
        #expect(throws: Problem.self) { try receive(files: Self.whole, manifest: less) }
        #expect(throws: Problem.self) { try receive(files: Self.whole + Self.whole, manifest: Self.whole) }
        let headless = Array(Self.whole.dropLast())
        #expect(throws: Problem.self) { try receive(files: headless, manifest: headless) }
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [LSN(0x200_0027), LSN(0x200_0028 + (1 << 44) + 1), LSN(1 << 63), LSN.max])
    func `a backup that ends where none can is refused`(_ stop: LSN) {
        let problem = #expect(throws: Problem.self) {
            try receive(files: Self.whole, manifest: Self.whole, stop: stop)
        }
        #expect(problem?.code == .backupDamaged)
        #expect(problem?.detail?.hasPrefix("it begins at 0/2000028") == true)
    }
}
