import Capture
import Foundation
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

/// The path with FICLONE needs a file system that clones: a loop-mounted btrfs image, which only root can
/// mount. Elsewhere these tests are reported as skipped.
@Suite(.serialized, .enabled(if: ReflinkImage.isPossible, "needs root, mkfs.btrfs and loop devices"))
struct ReflinkTests {
    @Test func `files are cloned, and the backup passes pg_verifybackup and starts`() throws {
        let image = try ReflinkImage()
        let server = try image.server()
        try server.postgres.psql(
            "CREATE TABLE kept AS SELECT i, md5(i::text) FROM generate_series(1, 50000) i; CHECKPOINT")
        let backup = try server.capture.run(name: "first", source: .automatic)
        #expect(backup.storage == .plain)
        #expect(try DurableFiles.list(BackupFiles.data(server.layout.backup("first"))).contains("PG_VERSION"))
        try server.handOver()

        let copy = image.file("copy")
        _ = try BackupFiles.layOut(
            backup, in: server.layout, into: copy, controlFileTo: copy + "/global/pg_control")
        for segment in backup.requiredSegments {
            try WALArchive(layout: server.layout).extract(
                .segment(segment), to: copy + "/pg_wal/" + segment.fileName)
        }
        try DurableFiles.write(
            DurableFiles.read(BackupFiles.manifestFile(server.layout.backup("first"))),
            to: copy + "/backup_manifest")
        try RunAs.handOver(copy)
        try server.postgres.tool("pg_verifybackup", ["--exit-on-error", copy])
        #expect(try BaseBackupTests.recovered(copy, server, "SELECT count(*) FROM kept") == "50000")
    }

    @Test func `a damaged file is found although it is cloned`() throws {
        let image = try ReflinkImage()
        let server = try image.server()
        let backup = try server.capture.run(name: "first", source: .automatic)
        let file = BackupFiles.data(server.layout.backup("first")) + "/base/1/1259"
        try Damage.flip(file, at: 9000)
        let problem = #expect(throws: Problem.self) {
            try BackupFiles.layOut(
                backup, in: server.layout, into: image.file("copy"), controlFileTo: image.file("control"))
        }
        #expect(problem?.code == .backupDamaged)
        #expect(problem?.message.contains("base/1/1259") == true)
    }

    @Test func `a damaged page of the source fails the backup here, too`() throws {
        let image = try ReflinkImage()
        let server = try image.server()
        try server.postgres.psql("CREATE TABLE t AS SELECT generate_series(1, 5000) AS i; CHECKPOINT")
        let path = try server.postgres.psql("SELECT pg_relation_filepath('t')")
        try Damage.flip(server.postgres.dataDirectory + "/" + path, at: 2 * 8192 + 77)
        let problem = #expect(throws: Problem.self) {
            try server.capture.run(name: "b", source: .automatic)
        }
        #expect(problem?.message.contains("block 2") == true)
    }
}

/// A small btrfs in a file, mounted while this lives.
final class ReflinkImage {
    private let scratch: ScratchDirectory
    private var mount: String { scratch.file("mount") }

    static let isPossible = (try? ReflinkImage()) != nil

    init() throws {
        guard getuid() == 0 else { throw Problem(.operationNotSupported, "only root mounts images") }
        scratch = try ScratchDirectory("btrfs")
        let image = scratch.file("image")
        let system = SystemCommands()
        try system.runChecked(Command("truncate", ["-s", "600M", image]))
        try system.runChecked(Command("mkfs.btrfs", ["-q", image]))
        try DurableFiles.makeDirectory(scratch.file("mount"))
        try system.runChecked(Command("mount", ["-o", "loop", image, scratch.file("mount")]))
        try system.runChecked(Command("chown", ["postgres:postgres", scratch.file("mount")]))
    }

    func file(_ name: String) -> String { mount + "/" + name }

    /// A server whose data directory and repository are both on the image.
    func server() throws -> ArchivingServer {
        try ArchivingServer(repository: file("repository")) { postgres in
            try postgres.stop()
            try SystemCommands().runChecked(
                Command("cp", ["-a", postgres.dataDirectory, self.file("data")]))
            try DurableFiles.removeTree(postgres.dataDirectory)
            try SystemCommands().runChecked(Command("ln", ["-s", self.file("data"), postgres.dataDirectory]))
            try postgres.start()
        }
    }

    deinit {
        _ = try? SystemCommands().run(Command("umount", ["-l", mount]))
    }
}
