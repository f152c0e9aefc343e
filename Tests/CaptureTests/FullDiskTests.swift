import Capture
import Platform
import Repository
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Backups into a repository on a small file system of its own.
@Suite(.serialized, .enabled(if: getuid() == 0, "only root mounts a small file system"))
struct FullDiskTests {
    @Test func `a backup is refused before it begins, and stopped before it takes the reserve`() throws {
        let scratch = try ScratchDirectory("full")
        let mount = scratch.file("small")
        try DurableFiles.makeDirectory(mount, permissions: 0o755)
        try SystemCommands().runChecked(Command("mount", ["-t", "tmpfs", "-o", "size=96m", "none", mount]))
        defer { _ = try? SystemCommands().run(Command("umount", ["-l", mount])) }
        let server = try ArchivingServer(repository: mount + "/r")
        try server.handOver()

        var capture = server.capture
        capture.reservedBytes = 90 << 20
        let segment = try server.postgres.psql("SELECT pg_walfile_name(pg_current_wal_lsn())")
        let refused = #expect(throws: Problem.self) { try capture.run(name: "b", source: .automatic) }
        #expect(refused?.code == .insufficientStorage)
        #expect(refused?.message == "the disk has no room for the backup")
        // The server was not asked for anything: its WAL stands where it stood.
        #expect(try server.postgres.psql("SELECT pg_walfile_name(pg_current_wal_lsn())") == segment)
        #expect(try DurableFiles.list(server.layout.backups).isEmpty)

        capture.reservedBytes = 40 << 20
        let filler = Filler(mount + "/filler", bytes: 60 << 20)
        let stopped = #expect(throws: Problem.self) {
            try capture.run(name: "b", source: .automatic, progress: filler)
        }
        #expect(stopped?.code == .insufficientStorage)
        #expect(stopped?.message == "the backup was stopped before the disk was full")
        #expect(try DurableFiles.list(server.layout.backups).isEmpty)
        #expect(try server.isLeftByBackup())

        try DurableFiles.removeFile(filler.path)
        _ = try capture.run(name: "b", source: .automatic)
        #expect(try DurableFiles.list(server.layout.backups) == ["b"])

        // What it writes next finds its segment there, however full the disk is then.
        let ahead = try server.postgres.psql(
            "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' "
                + "AND name > pg_walfile_name(pg_current_wal_lsn() + 1)")
        #expect(Int(ahead) ?? 0 > 0)
    }
}

/// Fills the disk as soon as the first bytes have been copied.
private struct Filler: ProgressReporter {
    let path: String
    let bytes: Int

    init(_ path: String, bytes: Int) {
        self.path = path
        self.bytes = bytes
    }

    func begin(_ step: String, totalBytes: UInt64?) {}
    func advance(bytes: UInt64) {
        guard DurableFiles.status(path) == nil else { return }
        try? DurableFiles.write([UInt8](repeating: 1, count: self.bytes), to: path, durable: false)
    }
    func note(_ text: String) {}
    func end() {}
}
